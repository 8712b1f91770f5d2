import { expect, test } from "vitest";
import { ValueError } from "../errors.ts";
import type { BackendName } from "./backend.ts";
import { defaultBackend, getBackend, init } from "./index.ts";

test("there is one backend of each name, and init chooses the default", async () => {
  expect(getBackend("reference")).toBe(getBackend("reference"));
  expect(await init({ backend: "reference" })).toBe(getBackend("reference"));
  expect(defaultBackend().name).toBe("reference");
  expect((await init()).name).toBe("wasm");
  expect(defaultBackend()).toBe(getBackend("wasm"));
});

test("init starts the variant it is asked for", async () => {
  expect((await init({ variant: "simd" })).variant).toBe("simd");
  expect(defaultBackend().variant).toBe("simd");
});

test("a variant of another backend, and a backend this version lacks, are refused with the way out", async () => {
  await expect(init({ backend: "reference", variant: "simd" })).rejects.toThrow(ValueError);
  await expect(init({ backend: "reference", variant: "simd" })).rejects.toThrow(/variant "simd".*ask for backend "wasm"/);
  expect(() => getBackend("webgpu" as BackendName)).toThrow(/Cannot start backend "webgpu"/);
});

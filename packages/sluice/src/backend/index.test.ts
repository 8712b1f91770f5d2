import { expect, test, vi } from "vitest";
import { ValueError } from "../errors.ts";
import type { BackendName } from "./backend.ts";
import { defaultBackend, getBackend, init, shutdown } from "./index.ts";
import type { WasmBackend } from "./wasm/wasm-backend.ts";

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

test("init sets the number of threads; the backend it replaces goes on alone", async () => {
  const first = (await init({ threads: 2 })) as WasmBackend;
  expect(first.report()).toMatchObject({ threads: 2, threadsReason: "asked for" });
  const second = (await init({ threads: 1 })) as WasmBackend;
  expect(second.report()).toMatchObject({ threads: 1, threadsRunning: 1 });
  expect(first.report().threads).toBe(1);
  expect(await init()).toBe(second);
  shutdown();
});

test("turbo gives kernels that passed their trial, and tells what it set and what it refused", async () => {
  const backend = (await init({ turbo: true, threads: 1 })) as WasmBackend;
  const { variant, variantReason, rejected } = backend.report();
  expect(variantReason).toContain("turbo");
  if (variant === "wide") expect(variantReason).toContain("re-vectorised");
  else expect(rejected).toContainEqual({ variant: "wide", reason: expect.any(String) });
  expect(backend.memory()).toMatchObject({ peakStepBytes: 0, stepBytes: 0 });
});

test("the reference is told how to be loaded where nobody has, and once loaded it stands beside the default", async () => {
  vi.resetModules();
  const fresh = await import("./index.ts");
  expect(() => fresh.getBackend("reference")).toThrow(/await init\(\{ backend: "reference" \}\).*await loadReference\(\)/);
  const reference = await fresh.loadReference();
  expect(await fresh.loadReference()).toBe(reference);
  expect(fresh.getBackend("reference")).toBe(reference);
  expect(fresh.defaultBackend().name).toBe("wasm");
});

test("a variant of another backend, and a backend this version lacks, are refused with the way out", async () => {
  await expect(init({ backend: "reference", variant: "simd" })).rejects.toThrow(ValueError);
  await expect(init({ backend: "reference", variant: "simd" })).rejects.toThrow(/variant "simd".*ask for backend "wasm"/);
  expect(() => getBackend("webgpu" as BackendName)).toThrow(/Cannot start backend "webgpu"/);
});

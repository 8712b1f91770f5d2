import { expect, test, vi } from "vitest";
import { createReferenceBackend } from "../reference/index.ts";
import { WasmMemory } from "./memory.ts";
import { PROBES, selfTest } from "./self-test.ts";
import { createWasmBackend } from "./wasm-backend.ts";

/** "relaxed" becomes the simd build with every addition of four floats turned into a subtraction: it runs, and computes wrongly. */
vi.mock("./kernels-relaxed.generated.ts", async () => {
  const simd = await import("./kernels-simd.generated.ts");
  const bytes = Buffer.from(simd.bytes, "base64");
  const [add, subtract] = [Buffer.from([0xfd, 0xe4, 0x01]), Buffer.from([0xfd, 0xe5, 0x01])];
  for (let at = bytes.indexOf(add); at >= 0; at = bytes.indexOf(add, at)) subtract.copy(bytes, at);
  return { bytes: bytes.toString("base64"), memoryFlagsAt: simd.memoryFlagsAt };
});

test("the values it looks for are those that the reference gives today", async () => {
  const reference = createReferenceBackend();
  const lines = PROBES.map(([name, run]) => {
    const values = Array.from(run(reference), (value) => Number(value.toFixed(6)));
    return `  ${JSON.stringify(name)}: [${values.join(", ")}],`;
  });
  const text = [
    "// Written by self-test.test.ts from the reference backend: npx vitest run packages/sluice/src/backend/wasm/self-test.test.ts -u",
    "",
    "/** What each probe of the self-test gives, in its order, to six places. */",
    "// biome-ignore format: a table of numbers",
    `export const EXPECTED: Readonly<Record<string, readonly number[]>> = {`,
    ...lines,
    "};",
    "",
  ].join("\n");
  await expect(text).toMatchFileSnapshot("./self-test-values.ts");
});

test("the reference passes, and so do the kernels", () => {
  expect(selfTest(createReferenceBackend(), PROBES)).toBeNull();
  const backend = createWasmBackend({ variant: "simd" });
  expect(backend.trial((fresh) => selfTest(fresh, PROBES))).toBeNull();
});

test.each(PROBES.map(([name]) => name))("one wrong number of %s is told, with what it should be", (name) => {
  const backend = createReferenceBackend();
  const spoilt = PROBES.map(([each, run]) => {
    if (each !== name) return [each, run] as const;
    const wrong = (fresh: typeof backend): Float64Array =>
      Float64Array.from(run(fresh), (value, i) => (i === 7 ? value + 2e-5 : value));
    return [each, wrong] as const;
  });
  expect(selfTest(backend, spoilt)).toMatch(new RegExp(`its self-test of ${name} gives \\S+ where the reference gives \\S+`));
});

test("a build that computes wrongly is refused, with its numbers, and the next one runs", async () => {
  vi.resetModules(); // the setup file has loaded the true kernels
  const { compileKernels } = await import("./module.ts");
  const { createWasmBackend } = await import("./wasm-backend.ts");
  expect(compileKernels("relaxed", false)).not.toBeNull();
  const backend = createWasmBackend({ threads: 1 });
  expect(backend.report()).toMatchObject({
    variant: "simd",
    rejected: [
      { variant: "relaxed", reason: expect.stringMatching(/^its self-test of .+ gives \S+ where the reference gives \S+$/) },
    ],
  });
  expect(() => createWasmBackend({ variant: "relaxed" })).toThrow(/Cannot start the wasm backend: "relaxed": its self-test/);
});

test("a trial gives back what it took", () => {
  const memory = new WasmMemory();
  const before = memory.report();
  const kept = memory.allocatePersistent(8);
  const lost = memory.trial(() => memory.allocatePersistent(100_000));
  expect(memory.report()).toEqual({ ...before, persistentBytes: 32, reservedBytes: memory.report().reservedBytes });
  expect(memory.readSync(kept)).toEqual(new Float32Array(8));
  expect(() => memory.readSync(lost)).toThrow(/has ended/);
});

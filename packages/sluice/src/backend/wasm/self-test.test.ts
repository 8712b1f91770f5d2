import { expect, test, vi } from "vitest";
import type { Backend } from "../backend.ts";
import { createReferenceBackend } from "../reference/index.ts";
import { WasmMemory } from "./memory.ts";
import { firstWrong, KERNEL_PROBES, type Probe, STEP_PROBES, selfTest } from "./self-test.ts";
import { EXPECTED, EXPECTED_STEPS } from "./self-test-values.ts";
import { allowRelaxedSimd } from "./testing/relaxed-simd.ts";
import { createWasmBackend } from "./wasm-backend.ts";

/** "relaxed" becomes the simd build with every addition of four floats turned into a subtraction: it runs, and computes wrongly. */
vi.mock("./kernels-relaxed.generated.ts", async () => {
  const simd = await import("./kernels-simd.generated.ts");
  const bytes = Buffer.from(simd.bytes, "base64");
  const [add, subtract] = [Buffer.from([0xfd, 0xe4, 0x01]), Buffer.from([0xfd, 0xe5, 0x01])];
  for (let at = bytes.indexOf(add); at >= 0; at = bytes.indexOf(add, at)) subtract.copy(bytes, at);
  return { bytes: bytes.toString("base64"), memoryFlagsAt: simd.memoryFlagsAt };
});

/** One table of numbers as it is written into the file. */
function table(name: string, comment: string, probes: readonly Probe<Backend>[]): string {
  const reference = createReferenceBackend();
  const lines = probes.map(([each, run]) => {
    const values = Array.from(run(reference), (value) => Number(value.toFixed(6)));
    return `  ${JSON.stringify(each)}: [${values.join(", ")}],\n`;
  });
  const type = "Readonly<Record<string, readonly number[]>>";
  return `/** ${comment} */\n// biome-ignore format: a table of numbers\nexport const ${name}: ${type} = {\n${lines.join("")}};\n`;
}

test("the values it looks for are those that the reference gives today", async () => {
  const text = [
    "// Written by self-test.test.ts from the reference backend: npx vitest run packages/sluice/src/backend/wasm/self-test.test.ts -u\n",
    table("EXPECTED", "What each probe of `KERNEL_PROBES` gives, to six places.", KERNEL_PROBES),
    table("EXPECTED_STEPS", "The same for `STEP_PROBES`.", STEP_PROBES),
  ].join("\n");
  await expect(text).toMatchFileSnapshot("./self-test-values.ts");
});

test("the reference passes, and so do the kernels", () => {
  expect(selfTest(createReferenceBackend())).toBeNull();
  expect(createWasmBackend({ variant: "simd" }).trial(selfTest)).toBeNull();
});

const everything: readonly Probe<Backend>[] = [...KERNEL_PROBES, ...STEP_PROBES];

test.each(everything)("one wrong number of %s is told, with what it should be", (name, run) => {
  const wrong: Probe<Backend> = [name, (fresh) => Float64Array.from(run(fresh), (value, i) => (i === 7 ? value + 2e-5 : value))];
  const told = new RegExp(`its self-test of ${name} gives \\S+ where the reference gives \\S+`);
  expect(firstWrong(createReferenceBackend(), [wrong], { ...EXPECTED, ...EXPECTED_STEPS })).toMatch(told);
});

test("a build that computes wrongly is refused, with its numbers, and the next one runs", async () => {
  vi.resetModules(); // the setup file has loaded the true kernels
  await allowRelaxedSimd();
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

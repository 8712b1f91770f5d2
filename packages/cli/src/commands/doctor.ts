import { availableParallelism, totalmem } from "node:os";
import type { WasmBackend } from "sluice";
import { type CommandSpec, defineCommand } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";

/** A small training step: 32 windows of 24 steps with 8 columns, 64 units. */
const STEP = { batch: 32, time: 24, inputs: 8, units: 64 };
const TIMED_STEPS = 20;
/** float32 beside float64 over a window of 24 steps; a wrong instruction is off by far more. */
const TOLERANCE = 1e-4;

export const doctor: CommandSpec = defineCommand({
  name: "doctor",
  summary: "Report what this machine runs: backend, kernels, self-test, memory, speed",
  computes: true,
  examples: ["doctor", "doctor --json"],
  args: {},
  async run(_, { output }) {
    const { getBackend } = await import("sluice");
    const wasm = getBackend("wasm") as WasmBackend;
    await wasm.ready();
    const difference = await selfTest();
    const stepMs = await timeStep();
    const facts = {
      schema: "sluice.doctor/1",
      node: process.versions.node,
      v8: process.versions.v8,
      platform: `${process.platform} ${process.arch}`,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      backend: wasm.name,
      ...wasm.report(),
      selfTest: { passed: difference <= TOLERANCE, largestDifference: difference, tolerance: TOLERANCE },
      step: { ...STEP, milliseconds: stepMs, windowsPerSecond: Math.round((1000 * STEP.batch) / stepMs) },
      library: wasm.memory(),
    };
    output.out(facts, (found) =>
      [
        `Node       ${found.node} (V8 ${found.v8}), ${found.platform}`,
        `machine    ${found.cores} cores, ${gigabytes(found.memoryBytes)}`,
        `backend    ${found.backend}, kernels "${found.variant}"`,
        ...found.rejected.map(({ variant, reason }) => `           "${variant}" is not used: ${reason}`),
        `           ${found.variantReason}`,
        `threads    ${found.threads}: ${found.threadsReason}` +
          (found.forkJoinUs === null ? "" : `; handing work over and back takes ${found.forkJoinUs.toFixed(1)} µs`),
        `self-test  ${found.selfTest.passed ? "passed" : "FAILED"}: a prediction differs from the float64 reference by at most ${difference.toExponential(1)}`,
        `speed      ${stepMs.toFixed(1)} ms for a training step of ${STEP.batch} windows of ${STEP.time} × ${STEP.inputs}, ${STEP.units} units: ` +
          `${found.step.windowsPerSecond.toLocaleString("en-US")} windows/s`,
        `memory     ${gigabytes(found.library.reservedBytes)} reserved, largest step ${gigabytes(found.library.peakStepBytes)}`,
      ].join("\n"),
    );
    if (!facts.selfTest.passed)
      output.log("Do not trust results from this machine: the kernels compute wrong numbers here.", output.warn);
    return facts.selfTest.passed ? EXIT.ok : EXIT.failed;
  },
});

/** Numbers of both signs that repeat nowhere. */
function wave(shape: readonly number[]): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const length = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i + 0.3)) };
}

async function network(backend: "wasm" | "reference") {
  const { dense, lstm, sequential } = await import("sluice");
  const layers = [lstm({ units: STEP.units, inputShape: [null, STEP.inputs] }), dense({ units: 1 })];
  return sequential(layers, { seed: 7, backend });
}

/** The largest difference between the backends' predictions of one network. */
async function selfTest(): Promise<number> {
  const x = wave([4, STEP.time, STEP.inputs]);
  const { loadReference } = await import("sluice");
  await loadReference();
  const [fast, exact] = await Promise.all(
    ["wasm" as const, "reference" as const].map(async (name) => (await network(name)).predict(x)),
  );
  return Math.max(...Array.from(exact?.data ?? [], (value, i) => Math.abs(value - (fast?.data[i] ?? Number.NaN))));
}

/** The median of a few training steps in ms, after two to warm up. */
async function timeStep(): Promise<number> {
  const model = (await network("wasm")).compile({ optimizer: "adam", loss: "meanSquaredError" });
  const [x, y] = [wave([STEP.batch, STEP.time, STEP.inputs]), wave([STEP.batch, 1])];
  const times: number[] = [];
  for (let i = 0; i < TIMED_STEPS + 2; i++) {
    const start = performance.now();
    await model.trainOnBatch(x, y);
    if (i >= 2) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[TIMED_STEPS / 2] ?? Number.NaN;
}

function gigabytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import { add, multiply, tanh } from "../autograd/ops/elementwise.ts";
import { matmul } from "../autograd/ops/matmul.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend, init } from "../backend/index.ts";
import { createWasmBackend } from "../backend/wasm/wasm-backend.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { type ScanOptions, scan } from "./scan.ts";
import { maskFor } from "./testing/recurrent-samples.ts";

await init({ backend: "wasm" });

type Pair = { readonly a: Tensor; readonly b: Tensor };

const samples = fc.record({
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 11 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  recompute: fc.constantFrom(true, 1, 2, 3, 20),
  masked: fc.boolean(),
  goBackwards: fc.boolean(),
  returnSequences: fc.boolean(),
});

describe.each([
  ["reference", 1e-12],
  ["wasm", 1e-5],
] as const)("a scan that is recomputed, on %s", (name, rtol) => {
  const backend = getBackend(name);
  const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend }, std: 0.7 });

  test("gives the same bits, and gradients of all that the step reads", () => {
    const check = ({ B, T, seed, recompute, masked, ...options }: typeof samples extends fc.Arbitrary<infer S> ? S : never) => {
      const [xs, a, b] = [random([B, T, 2], seed), random([B, 2], seed + 1), random([B, 2], seed + 2)];
      const [W, scale] = [random([2, 2], seed + 3), random([2], seed + 4)];
      const mask = masked ? maskFor({ B, T, I: 2, seed, options: { units: 2 } }, backend) : null;
      const pass = (more: Partial<ScanOptions<Pair>>) => {
        const run = () => {
          const made = multiply(W, 1.5); // made of a weight before the scan, and read inside it
          const step = (x: Tensor, state: Pair, t: number): Pair => ({
            a: tanh(add(matmul(state.a, made), multiply(x, t % 3 === 0 ? scale : 0.5))), // read at some steps alone
            b: add(multiply(state.b, 0.9), multiply(a, state.a)), // the initial state read as a weight
          });
          return scan(step, { a, b }, xs, { output: ({ b: shown }) => multiply(shown, scale), mask, ...options, ...more });
        };
        const loss = (): Tensor => {
          const { output, state } = run();
          return [output, state.a, state.b].map((y, k) => sum(multiply(y, multiply(y, k + 0.3)))).reduce((p, q) => add(p, q));
        };
        const { output, state } = run();
        return { values: [output, state.a, state.b], ...valueAndGradients(loss, [xs, a, b, W, scale]) };
      };
      const [plain, again] = [pass({}), pass({ recompute })];
      expect(again.values.map((y) => y.dataSync())).toEqual(plain.values.map((y) => y.dataSync()));
      for (const [k, gradient] of plain.gradients.entries()) {
        const size = Math.max(1, ...gradient.dataSync().map(Math.abs));
        expectClose((again.gradients[k] as Tensor).dataSync(), gradient.dataSync(), { atol: rtol * size }, `gradient ${k}`);
      }
    };
    fc.assert(fc.property(samples, check), { numRuns: 60, seed: 9 });
  });

  test("may stand within another one", () => {
    const [xs, w] = [random([2, 6, 3], 1), random([3], 2)];
    const pass = (recompute: boolean) =>
      valueAndGradients(() => {
        const inner = (x: Tensor, { s }: { s: Tensor }) => ({ s: tanh(add(multiply(s, w), x)) });
        const outer = (x: Tensor, { s }: { s: Tensor }) => {
          const run = scan(inner, { s }, tensorOf(x), { output: (state) => state.s, recompute });
          return { s: run.state.s };
        };
        const tensorOf = (x: Tensor) => multiply(xs, sum(x));
        return sum(scan(outer, { s: zeros([2, 3], { backend }) }, xs, { output: (state) => state.s, recompute }).output);
      }, [xs, w]);
    const [plain, again] = [pass(false), pass(true)];
    for (const [k, gradient] of plain.gradients.entries()) {
      const size = Math.max(1, ...gradient.dataSync().map(Math.abs));
      expectClose((again.gradients[k] as Tensor).dataSync(), gradient.dataSync(), { atol: rtol * size }, `gradient ${k}`);
    }
  });
});

test("memory grows as √T: 16 times the steps, about 4 times the memory beyond the sequence itself", () => {
  const peak = (T: number, recompute: boolean): number => {
    const backend = createWasmBackend();
    const [xs, W] = [
      randomTensor([4, T, 1], { seed: 1, like: { backend } }),
      randomTensor([16, 16], { seed: 2, like: { backend } }),
    ];
    const step = (x: Tensor, { h }: { h: Tensor }) => ({ h: tanh(add(matmul(h, W), x)) });
    valueAndGradients(
      () =>
        sum(
          scan(step, { h: zeros([4, 16], { backend }) }, xs, { output: ({ h }) => h, returnSequences: false, recompute }).output,
        ),
      [W],
    );
    return backend.memory().peakStepBytes - 4 * xs.size;
  };
  const [short, long] = [peak(64, true), peak(1024, true)];
  expect(long / short).toBeGreaterThan(3);
  expect(long / short).toBeLessThan(4.6);
  expect(peak(1024, false) / long).toBeGreaterThan(8);
});

test("a segment is a whole number of steps", () => {
  const backend = getBackend("reference");
  const xs = tensor([1, 2], [1, 2, 1], { backend });
  const run = (recompute: number) =>
    scan((x) => ({ x }), { x: zeros([1, 1], { backend }) }, xs, { output: ({ x }) => x, recompute });
  for (const bad of [0, -1, 1.5, Number.NaN]) expect(() => run(bad)).toThrow(/give a whole number from 1 up/);
  expect([...run(1).output.dataSync()]).toEqual([1, 2]);
});

import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import { multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { createReferenceBackend } from "../backend/reference/index.ts";
import { createWasmBackend } from "../backend/wasm/wasm-backend.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { simpleRnn } from "./simple-rnn.ts";
import { type LawOptions, maskFor, prepared, stateFor } from "./testing/recurrent-samples.ts";

const FUSED: Readonly<Record<string, (options: LawOptions) => RecurrentLayer>> = {
  lstm,
  gru,
  "gru, reset before": (options) => gru({ ...options, resetAfter: false }),
  simpleRnn,
};

/** Everything a pass over a sequence gives, forward and back, for a loss that weighs all outputs and the final state differently. */
function passOf(layer: RecurrentLayer, x: Tensor, mask: Tensor | null, state: Readonly<Record<string, Tensor>>) {
  const run = (): Tensor[] => {
    const { output, state: last } = layer.forward(x, { mask, state, training: true });
    return [output, ...Object.values(last)];
  };
  const loss = (): Tensor =>
    run()
      .map((y, k) => sum(multiply(y, randomTensor(y.shape, { seed: 70 + k, like: x }))))
      .reduce((a, b) => multiply(a, b));
  const weights = layer.parameters.map(({ tensor }) => tensor);
  const { value, gradients } = valueAndGradients(loss, [x, ...Object.values(state), ...weights]);
  const bits = (y: Tensor) => y.dataSync().map((v) => v + 0); // −0 is 0
  return {
    exact: [...run(), value, ...gradients.slice(0, -weights.length)].map(bits),
    summed: gradients.slice(-weights.length).map(bits),
  };
}

const variants = [
  ["reference", createReferenceBackend(), 1e-12],
  ["wasm simd", createWasmBackend({ variant: "simd" }), 2e-4],
  ["wasm", createWasmBackend(), 2e-4],
] as const;

describe.each(variants)("a fused run that is recomputed, on %s", (_, backend, rtol) => {
  const cases = Object.keys(FUSED).flatMap((name) => [2, 3, 10, 41].flatMap((T) => [1, 5].map((B) => [name, T, B] as const)));
  test.each(cases)("%s, T %i, B %i: the same bits; weight gradients are the same up to the order of their sums", (name, T, B) => {
    for (const [seed, options] of [
      {},
      { returnSequences: true, dropout: 0.3 },
      { returnSequences: true, goBackwards: true },
    ].entries()) {
      const sample = { B, T, I: 3, seed: 10 * seed + T, options: { units: 7 } };
      const layers = [false, true].map((recompute) =>
        prepared((FUSED[name] as (options: LawOptions) => RecurrentLayer)({ units: 7, ...options, recompute }), sample, backend),
      ) as [RecurrentLayer, RecurrentLayer];
      const x = randomTensor([B, T, 3], { seed, like: { backend } });
      const mask = seed === 1 ? null : maskFor(sample, backend);
      const state = stateFor(layers[0], sample, backend);
      const [plain, again] = layers.map((layer) => passOf(layer, x, mask, state)) as [
        ReturnType<typeof passOf>,
        ReturnType<typeof passOf>,
      ];
      expect(again.exact).toEqual(plain.exact);
      plain.summed.forEach((gradient, k) => {
        const size = Math.max(...gradient.map(Math.abs));
        expectClose(again.summed[k] as typeof gradient, gradient, { atol: rtol * size }, `weight gradient ${k}`);
      });
    }
  });
});

test("memory grows as √T: 16 times the steps, 4 times the memory beyond the sequence itself", () => {
  const peak = (T: number, recompute: boolean): number => {
    const backend = createWasmBackend();
    const sample = { B: 4, T, I: 1, seed: 3, options: { units: 16 } };
    const layer = prepared(lstm({ units: 16, recompute }), sample, backend);
    const x = randomTensor([4, T, 1], { seed: 1, like: { backend } });
    valueAndGradients(
      () => sum(layer.forward(x).output),
      layer.parameters.map(({ tensor }) => tensor),
    );
    return backend.memory().peakStepBytes - 4 * x.size;
  };
  const [short, long] = [peak(256, true), peak(4096, true)];
  expect(long / short).toBeGreaterThan(3);
  expect(long / short).toBeLessThan(4.5);
  expect(peak(4096, false) / long).toBeGreaterThan(20);
});

test("a layer that is not trained hands gradients through, without gradients of its own weights", () => {
  const backend = createReferenceBackend();
  const sample = { B: 2, T: 9, I: 3, seed: 5, options: { units: 4 } };
  const [plain, again] = [false, true].map((recompute) => {
    const layer = prepared(lstm({ units: 4, recompute, returnSequences: true }), sample, backend);
    const x = randomTensor([2, 9, 3], { seed: 1, like: { backend } });
    const bias = layer.parameters[2]?.tensor as Tensor;
    const { gradients } = valueAndGradients(() => sum(layer.forward(x).output), [x, bias]);
    return gradients.map((gradient) => gradient.dataSync());
  });
  for (const [k, gradient] of plain?.entries() ?? []) expectClose(again?.[k] ?? [], gradient, { atol: 1e-12 }, `gradient ${k}`);
});

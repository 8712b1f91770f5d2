import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import { multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { LSTM, type LSTMOptions, lstm } from "../layers/lstm.ts";
import { type MemoryBlocks, type MemoryBlocksOptions, memoryBlocks } from "../layers/memory-blocks.ts";
import { prepared } from "../layers/testing/recurrent-samples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { pairwise } from "../testing/pairwise.ts";
import { type TruncatedRtrl, truncatedRtrl } from "./truncated-rtrl.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend } });
const [T, I] = [9, 3];

/** Step t of a sequence [1, T, width]. */
function stepOf(x: Tensor, t: number): Float64Array {
  const width = x.shape[2] as number;
  return Float64Array.from(x.dataSync().slice(t * width, (t + 1) * width));
}

/** Both ways over one sequence, priced by Σ w · y with random w: they must give the same outputs and gradients. */
function expectSameGradients(layer: MemoryBlocks | LSTM): void {
  const x = random([1, T, I], 2);
  const output = layer.forward(x).output;
  const dOutput = random(output.shape, 3);
  const { gradients } = valueAndGradients(
    () => sum(multiply(layer.forward(x).output, dOutput)),
    layer.parameters.map((each) => each.tensor),
  );
  const learner = truncatedRtrl(layer);
  for (let repeat = 0; repeat < 2; repeat++) {
    learner.descend(0); // only the second pass counts, so `reset` and `descend` must have put all back
    learner.reset();
    for (let t = 0; t < T; t++) {
      expectClose(learner.push(stepOf(x, t)), stepOf(output, t), { atol: 1e-13 }, `output ${t}`);
      learner.learn(stepOf(dOutput, t));
    }
  }
  const found = learner.gradients;
  layer.parameters.forEach(({ path, tensor }, k) => {
    const name = path.split("/").at(-1) as string;
    expect(found[name]?.shape).toEqual(tensor.shape);
    expectClose(found[name]?.data ?? [], (gradients[k] as Tensor).dataSync(), { rtol: 1e-10, atol: 1e-12 }, name);
  });
  expect(Object.keys(found)).toHaveLength(layer.parameters.length);
}

const blocks = (options: MemoryBlocksOptions): MemoryBlocks =>
  prepared(memoryBlocks({ returnSequences: true, truncatedGradient: true, ...options }), { I, seed: 4 }, backend);
const cells = (options: LSTMOptions): LSTM =>
  prepared(lstm({ returnSequences: true, truncatedGradient: true, ...options }), { I, seed: 5 }, backend);

describe("its gradient is that of backpropagation with truncatedGradient", () => {
  const rows = pairwise({
    cellsPerBlock: [1, 2],
    hiddenUnits: [0, 2],
    inputGate: [true, false],
    forgetGate: [false, true],
    outputGate: [true, false],
    recurrence: ["full", "cells", "none"] as const,
    biasedUnits: ["all", "gates"] as const,
    useBias: [true, false],
    cellActivation: [undefined, "softsign"] as const,
  });
  test.each(rows.map((row, k) => [k, row] as const))("memory blocks, row %i", (_, { cellActivation, ...row }) => {
    expectSameGradients(blocks({ units: 4, ...row, ...(cellActivation && { cellActivation }) }));
  });
  test.each<[string, Partial<LSTMOptions>]>([
    ["plain", {}],
    ["without biases", { useBias: false }],
    ["without input gate", { inputGate: false }],
    ["without forget gate", { forgetGate: false }],
    ["without output gate", { outputGate: false, outputActivation: "linear" }],
    ["with other activations", { activation: "gelu", recurrentActivation: "hardSigmoid" }],
  ])("LSTM %s", (_, options) => expectSameGradients(cells({ units: 4, ...options })));
});

test("a plain LSTM learns by it as well: what is cut belongs to the rule, not to the layer", () => {
  const layer = prepared(lstm({ units: 2 }), { I, seed: 6 }, backend);
  const learner = truncatedRtrl(layer);
  learner.push([1, 2, 3]);
  learner.learn([1, -1]);
  expect(Math.hypot(...(learner.gradients.kernel?.data as Float64Array))).toBeGreaterThan(0);
});

describe("storage", () => {
  const collect = ((): (() => void) => {
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc") as () => void;
  })();
  const run = (learner: TruncatedRtrl, steps: number): void => {
    const [x, d] = [new Float64Array(I), new Float64Array(8)];
    for (let t = 0; t < steps; t++) {
      x.fill(Math.sin(t));
      d.fill(Math.cos(t));
      learner.push(x);
      learner.learn(d);
    }
  };
  test("does not depend on the length: as many numbers, and as much heap, after 20 000 steps as after 200", () => {
    const learner = truncatedRtrl(blocks({ units: 8, cellsPerBlock: 2, forgetGate: true }));
    const { size } = learner;
    const heap = (steps: number): number => {
      run(learner, steps);
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    heap(200); // compiled by now
    const short = heap(200);
    expect(heap(20_000) - short).toBeLessThan(20_000 * 8); // less than one number a step: nothing can have been kept
    expect(learner.size).toBe(size);
  });
  test("is O(W): weights, gradients, and P of each cell's own weights", () => {
    const layer = blocks({ units: 4, cellsPerBlock: 2, forgetGate: true });
    const M = I + 4 + 6 + 1;
    expect(truncatedRtrl(layer).size).toBe(M + 2 * (M * 10) + 3 * (4 * M) + 10 + 4 + (4 + 6) + 4 + 4);
  });
});

test("descends as the paper does, and saves into the layer", () => {
  const layer = blocks({ units: 2 });
  const learner = truncatedRtrl(layer);
  const before = new Map(
    layer.parameters.map(({ path, tensor }) => [path.split("/").at(-1) as string, tensor.dataSync().slice()]),
  );
  learner.push([0.5, -1, 2]);
  learner.learn([1, 0.5]);
  const { gradients } = learner;
  learner.descend(0.25);
  learner.save();
  for (const { path, tensor } of layer.parameters) {
    const name = path.split("/").at(-1) as string;
    const wanted = (before.get(name) as Float64Array).map((w, k) => w - 0.25 * (gradients[name]?.data[k] as number));
    expectClose(tensor.dataSync(), wanted, { atol: 1e-15 }, name);
  }
  expect([...(learner.gradients.kernel?.data ?? [])].every((v) => v === 0)).toBe(true);
});

describe("refuses", () => {
  test.each<[string, () => MemoryBlocks | LSTM, RegExp]>([
    [
      "peepholes",
      () => cells({ units: 2, peepholes: "diagonal" }),
      /LSTM "lstm".*more than which gates are there.*leave out peepholes/,
    ],
    ["a projection", () => cells({ units: 2, projection: 1 }), /leave out peepholes/],
    ["dropout", () => blocks({ units: 2, dropout: 0.1 }), /it has dropout/],
    ["goBackwards", () => blocks({ units: 2, goBackwards: true }), /goBackwards/],
    [
      "an activation with numbers",
      () => blocks({ units: 2, cellActivation: { type: "elu", alpha: 2 } }),
      /its activation {"type":"elu"/,
    ],
  ])("%s", (_, make, message) => {
    expect(() => truncatedRtrl(make())).toThrow(message);
    expect(() => truncatedRtrl(make())).toThrow(ValueError);
  });
  test("a layer without weights, and vectors of the wrong length", () => {
    expect(() => truncatedRtrl(new LSTM({ units: 2 }))).toThrow(StateError);
    const learner = truncatedRtrl(blocks({ units: 2 }));
    expect(() => learner.push([1])).toThrow(ShapeError);
    expect(() => learner.learn([1])).toThrow(/Cannot learn from 1 numbers .* its 2 outputs/);
  });
});

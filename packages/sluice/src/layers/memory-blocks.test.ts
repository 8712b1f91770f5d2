import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { concat, reshape } from "../autograd/ops/shape.ts";
import { getBackend } from "../backend/index.ts";
import { ValueError } from "../errors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { pairwise } from "../testing/pairwise.ts";
import { dense } from "./dense.ts";
import type { Layer } from "./layer.ts";
import { lstm } from "./lstm.ts";
import { type MemoryBlocksOptions, memoryBlocks } from "./memory-blocks.ts";
import { simpleRnn } from "./simple-rnn.ts";
import { prepared, weightOf } from "./testing/recurrent-samples.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });

describe("numbers of weights in the experiments of 1997 and 2000", () => {
  const blocks = (options: MemoryBlocksOptions, I: number): number => {
    const layer = memoryBlocks(options);
    layer.build([[null, null, I]], { backend });
    return layer.parameterCount;
  };
  const outputs = (units: number, I: number, useBias: boolean): number => {
    const layer = dense({ units, useBias });
    layer.build([[null, I]], { backend });
    return layer.parameterCount;
  };
  const gates = { biasedUnits: "gates" } as const;

  test("1, embedded Reber grammar: 264 and 276, gates biased, outputs not", () => {
    expect(blocks({ units: 4, ...gates }, 7) + outputs(7, 4, false)).toBe(264);
    expect(blocks({ units: 6, cellsPerBlock: 2, ...gates }, 7) + outputs(7, 6, false)).toBe(276);
  });
  test("2a: 10 504, one cell with an input gate, nothing feeds back, the input reaches the outputs too", () => {
    const layer = blocks({ units: 1, outputGate: false, recurrence: "none", useBias: false }, 101);
    expect(layer + outputs(101, 101 + 1, false)).toBe(10_504);
  });
  test("2c: 364 for p = 50, 6064 for p = 1000, no biases", () => {
    expect(blocks({ units: 2, useBias: false }, 54) + outputs(2, 2, false)).toBe(364);
    expect(blocks({ units: 2, useBias: false }, 1004) + outputs(2, 2, false)).toBe(6064);
  });
  test("3, noise and signal on one line: 102, hidden units biased, the output not", () => {
    expect(blocks({ units: 3 }, 1) + outputs(1, 3, false)).toBe(102);
  });
  test("4 and 5, adding and multiplication: 93, all biased", () => {
    expect(blocks({ units: 4, cellsPerBlock: 2 }, 2) + outputs(1, 4, true)).toBe(93);
  });
  test("6a and 6b, temporal order: 156 and 308, all biased", () => {
    expect(blocks({ units: 4, cellsPerBlock: 2 }, 8) + outputs(4, 4, true)).toBe(156);
    expect(blocks({ units: 6, cellsPerBlock: 2 }, 8) + outputs(8, 6, true)).toBe(308);
  });
  test("2000, continual Reber grammar: 424, forget gates, gates do not feed back, the input reaches the outputs too", () => {
    const layer = blocks({ units: 8, cellsPerBlock: 2, forgetGate: true, recurrence: "cells", ...gates }, 7);
    expect(layer + outputs(7, 7 + 8, true)).toBe(424);
  });
});

test("a cell a block whose gates do not feed back is the LSTM without forget gate, g and h as in 1997", () => {
  const old = prepared(memoryBlocks({ units: 3, recurrence: "cells", returnSequences: true }), { I: 2, seed: 1 }, backend);
  const cellActivation = { type: "scaledTanh", alpha: 2, beta: 0.5 } as const;
  const outputActivation = { type: "scaledTanh", beta: 0.5 } as const;
  const options = { units: 3, forgetGate: false, cellActivation, outputActivation, returnSequences: true };
  const now = prepared(lstm(options), { I: 2, seed: 2 }, backend);
  for (const name of ["kernel", "recurrentKernel", "bias"]) {
    backend.write(weightOf(now, name).storage, weightOf(old, name).dataSync());
  }
  const x = random([2, 6, 2], 4);
  expectClose(old.forward(x).output.dataSync(), now.forward(x).output.dataSync(), { atol: 1e-14 });
});

test("without inputs through its gates the cell keeps what it holds: the constant error carousel", () => {
  const layer = prepared(memoryBlocks({ units: 2, cellsPerBlock: 2 }), { I: 1, seed: 3 }, backend);
  const closed = weightOf(layer, "bias").dataSync().slice();
  closed[0] = -1e3; // σ is exactly 0 there in float64
  backend.write(weightOf(layer, "bias").storage, closed);
  const state = { ...layer.forward(random([1, 2, 1])).state, cellState: tensor([[0.7, -3]], [1, 2], { backend }) };
  expect([...layer.forward(random([1, 200, 1], 2), { state }).state.cellState.dataSync()]).toEqual([0.7, -3]);
});

test("the cells of a block share its gates", () => {
  const layer = prepared(memoryBlocks({ units: 4, cellsPerBlock: 2, useBias: false }), { I: 2, seed: 5 }, backend);
  const { gates, cellState } = layer.forward(random([1, 1, 2])).state as unknown as Record<string, Tensor>;
  expect(gates?.shape).toEqual([1, 4]);
  const kernel = weightOf(layer, "kernel").dataSync();
  const x = random([1, 1, 2]).dataSync() as Float64Array;
  for (let k = 0; k < 4; k++) {
    const net = (x[0] as number) * (kernel[2 + k] as number) + (x[1] as number) * (kernel[8 + 2 + k] as number);
    const g = 4 / (1 + Math.exp(-net)) - 2;
    const inputGate = gates?.dataSync()[Math.floor(k / 2)] as number;
    expect(cellState?.dataSync()[k]).toBeCloseTo(inputGate * g, 13);
  }
});

describe("gradients are slopes in every pair of options", () => {
  const rows = pairwise({
    cellsPerBlock: [1, 2],
    hiddenUnits: [0, 2],
    inputGate: [true, false],
    forgetGate: [false, true],
    outputGate: [true, false],
    recurrence: ["full", "cells", "none"] as const,
    biasedUnits: ["all", "gates"] as const,
    useBias: [true, false],
    dropout: [0, 0.3],
    recurrentDropout: [0, 0.3],
    goBackwards: [false, true],
    masked: [false, true],
  });
  test.each(rows.map((row, k) => [k, row] as const))("row %i", (_, { masked, ...row }) => {
    const layer = prepared(memoryBlocks({ units: 4, returnSequences: true, ...row }), { I: 2, seed: 6 }, backend);
    const mask = masked ? tensor([1, 0, 1, 0, 1, 1], [2, 3], { backend }) : null;
    const x = random([2, 3, 2], 3);
    checkGradients(() => {
      const { output, state } = layer.forward(x, { mask, training: true, step: 4 });
      return concat([output, ...Object.values<Tensor>(state)].map((y) => reshape(y, [-1])));
    }, [x, ...layer.parameters.map((each) => each.tensor)]);
  });
});

describe("biases", () => {
  const bias = (options: MemoryBlocksOptions): number[] => {
    const layer = memoryBlocks(options);
    layer.build([[null, null, 1]], { backend });
    return [...weightOf(layer, "bias").dataSync()];
  };
  test("are staggered from block to block", () => {
    const gateBias = { input: { start: -3, step: -3 }, output: -1 };
    expect(bias({ units: 4, cellsPerBlock: 2, gateBias })).toEqual([-3, -6, 0, 0, 0, 0, -1, -1]); // experiment 4
    const forget = { start: 0.5, step: 0.5 };
    const cerg = { units: 8, cellsPerBlock: 2, forgetGate: true, biasedUnits: "gates" } as const;
    expect(bias({ ...cerg, gateBias: { forget, output: { start: -0.5, step: -0.5 } } })).toEqual(
      [0, 0, 0, 0, 0.5, 1, 1.5, 2, -0.5, -1, -1.5, -2], // Gers et al. 2000
    );
  });
  test.each<[Partial<MemoryBlocksOptions>, RegExp]>([
    [{ units: 5, cellsPerBlock: 2 }, /5 units of 2 a block: units is a multiple of cellsPerBlock/],
    [{ hiddenUnits: -1 }, /hiddenUnits -1/],
    [{ recurrence: "some" as never }, /recurrence "some": it is "full", "cells" or "none"/],
    [{ biasedUnits: "cells" as never }, /biasedUnits "cells"/],
    [{ gateBias: { forget: 1 } }, /gateBias for "forget": the biased blocks are input, candidate, output/],
    [{ gateBias: { candidate: 1 }, biasedUnits: "gates" }, /gateBias for "candidate": the biased blocks are input, output/],
    [{ cellActivation: { type: "tanh", beta: 1 } }, /cellActivation "tanh" and beta 1/],
  ])("%o is refused", (options, message) => {
    expect(() => memoryBlocks({ units: 4, ...options })).toThrow(message);
    expect(() => memoryBlocks({ units: 4, ...options })).toThrow(ValueError);
  });
});

test("replacing hidden units by blocks of one cell costs at most nine times the weights, as the paper counts", () => {
  const weights = (layer: Layer, name?: string): number => {
    layer.build([[null, null, 7]], { backend });
    return name ? weightOf(layer, name).size : layer.parameterCount;
  };
  let before = 0;
  for (const units of [1, 4, 16, 64]) {
    const [blocks, hidden] = [memoryBlocks({ units }), simpleRnn({ units })];
    const share = weights(blocks) / weights(hidden);
    expect(share).toBeCloseTo((3 * (7 + 3 * units + 1)) / (7 + units + 1), 12); // each unit becomes a cell and two gates
    expect(weights(blocks, "recurrentKernel")).toBe(9 * weights(hidden, "recurrentKernel"));
    expect(share).toBeGreaterThan(before);
    expect(share).toBeLessThan(9);
    before = share;
  }
  expect(before).toBeCloseTo(600 / 72, 12);
});

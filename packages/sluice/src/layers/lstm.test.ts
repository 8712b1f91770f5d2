import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import { getBackend } from "../backend/index.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { gru } from "./gru.ts";
import type { Layer } from "./layer.ts";
import { lstm } from "./lstm.ts";
import { simpleRnn } from "./simple-rnn.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });

function built<L extends Layer>(layer: L, features: number): L {
  layer.build([[null, null, features]], { backend });
  return layer;
}

describe("weights", () => {
  test("count as in Keras", () => {
    expect(built(lstm({ units: 128 }), 1).parameterCount).toBe(66_560); // 4 · 128 · (1 + 128 + 1)
    expect(built(gru({ units: 128 }), 1).parameterCount).toBe(50_304); // 3 · 128 · (1 + 128 + 2): two biases
    expect(built(gru({ units: 128, resetAfter: false }), 1).parameterCount).toBe(49_920);
    expect(built(simpleRnn({ units: 128 }), 1).parameterCount).toBe(16_640);
    expect(built(lstm({ units: 128, useBias: false }), 1).parameterCount).toBe(66_048);
  });
  test("have their paths, and start from the seed alone", () => {
    const layer = built(lstm({ units: 3, name: "encoder", seed: 5 }), 2);
    expect(layer.parameters.map(({ path }) => path)).toEqual(["encoder/kernel", "encoder/recurrentKernel", "encoder/bias"]);
    const again = built(lstm({ units: 3, name: "encoder", seed: 5 }), 2);
    const other = built(lstm({ units: 3, name: "encoder", seed: 6 }), 2);
    const kernel = (of: Layer) => of.parameters[0]?.tensor.dataSync();
    expect(kernel(again)).toEqual(kernel(layer));
    expect(kernel(other)).not.toEqual(kernel(layer));
  });
  test("the recurrent kernel of a simple RNN is orthogonal", () => {
    const R = built(simpleRnn({ units: 4 }), 2).cell.recurrentKernel.tensor.dataSync();
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const dot = [0, 1, 2, 3].reduce((all, k) => all + (R[k * 4 + i] as number) * (R[k * 4 + j] as number), 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 6);
      }
    }
  });
  test("know their regularizers and constraints", () => {
    const layer = built(
      lstm({ units: 2, kernelRegularizer: { l2: 0.1 }, recurrentConstraint: "nonNegative", biasRegularizer: { l1: 1 } }),
      2,
    );
    const [kernel, recurrentKernel, bias] = layer.parameters;
    expect(kernel?.regularizer?.spec).toEqual({ l2: 0.1 });
    expect(recurrentKernel?.constraint?.spec).toBe("nonNegative");
    expect(bias?.regularizer?.spec).toEqual({ l1: 1 });
    expect(bias?.constraint).toBeNull();
  });
  test("freeze and thaw", () => {
    const layer = built(lstm({ units: 2, trainable: false }), 2);
    expect(layer.parameters.every(({ trainable }) => !trainable)).toBe(true);
    layer.trainable = true;
    expect(layer.parameters.every(({ trainable }) => trainable)).toBe(true);
  });
  test("load says what is missing, unknown or of another shape", () => {
    const layer = built(lstm({ units: 1, useBias: false, name: "a" }), 1);
    const four = { shape: [1, 4], data: [1, 2, 3, 4] };
    expect(() => layer.load({ kernel: four })).toThrow(/weight "recurrentKernel" is missing/);
    expect(() => layer.load({ kernel: four, recurrentKernel: { shape: [4], data: [1, 2, 3, 4] } })).toThrow(
      /from shape \[4\]: it has shape \[1, 4\]/,
    );
    expect(() => layer.load({ kernel: four, recurrentKernel: four, bias: four })).toThrow(/has no weight "bias"/);
    expect(layer.load({ kernel: four, recurrentKernel: four }).cell.kernel.tensor.dataSync()).toEqual(
      Float64Array.from(four.data),
    );
  });
});

test("a forget gate of 1 keeps the cell, one of 0 empties it", () => {
  // Kernels are 0 and the gates rest on their biases: i = 0, o = 1, and f = 1 or 0 (σ(±1e3) is exactly 1 or 0 in float64).
  const run = (forget: number) => {
    const layer = built(lstm({ units: 1 }), 1).load({
      kernel: { shape: [1, 4], data: [0, 0, 0, 0] },
      recurrentKernel: { shape: [1, 4], data: [0, 0, 0, 0] },
      bias: { shape: [4], data: [-1e3, forget, 0, 1e3] },
    });
    const state = { hiddenState: zeros([1, 1], { backend }), cellState: tensor([[0.7]], [1, 1], { backend }) };
    return layer.forward(random([1, 50, 1]), { state }).state.cellState.dataSync()[0];
  };
  expect(run(1e3)).toBe(0.7);
  expect(run(-1e3)).toBe(0);
});

describe("state", () => {
  const x = random([2, 3, 4]);

  test("goes in and comes out by name, and as outputs with returnState", () => {
    const layer = built(lstm({ units: 5, returnState: true }), 4);
    const { outputs, state } = layer.forward(x);
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [2, 5],
      [2, 5],
      [2, 5],
    ]);
    expect(outputs[0]?.dataSync()).toEqual(state.hiddenState.dataSync());
    expect(outputs[2]?.dataSync()).toEqual(state.cellState.dataSync());
    expect(layer.outputShapes([[null, null, 4]])).toEqual([
      [null, 5],
      [null, 5],
      [null, 5],
    ]);
    const byInputs = layer.forward([x, state.hiddenState, state.cellState]);
    expect(byInputs.output.dataSync()).toEqual(layer.forward(x, { state }).output.dataSync());
  });
  test("of another shape or name is refused", () => {
    const layer = built(lstm({ units: 5, name: "encoder" }), 4);
    const good = zeros([2, 5], { backend });
    expect(() => layer.forward(x, { state: { hiddenState: good, cellState: zeros([1, 5], { backend }) } })).toThrow(
      /Cannot start LSTM "encoder" from cellState of shape \[1, 5\]: for this input it is \[2, 5\]/,
    );
    expect(() => layer.forward(x, { state: { hiddenState: good } as never })).toThrow(/cellState left out/);
    expect(() => layer.forward(x, { state: { hiddenState: good, cellState: good, memory: good } as never })).toThrow(
      /a state with "memory"/,
    );
    expect(() => layer.forward([x, good])).toThrow(
      /reads the sequence, or the sequence and its initial state hiddenState, cellState/,
    );
  });
  test("is kept between calls when stateful, until it is reset", () => {
    const layer = built(lstm({ units: 3, stateful: true, name: "s" }), 4);
    const first = layer.forward(x).output.dataSync();
    const second = layer.forward(x).output.dataSync();
    expect(second).not.toEqual(first);
    expect(() => layer.forward(random([1, 3, 4]))).toThrow(
      /Cannot run stateful LSTM "s" on 1 rows: it keeps the hiddenState of 2 rows/,
    );
    expect([...layer.keptStates().keys()]).toEqual(["s/hiddenState", "s/cellState"]);
    layer.resetStates();
    expect(layer.keptStates().size).toBe(0);
    expect(layer.forward(x).output.dataSync()).toEqual(first);
    expect(
      layer.forward(random([1, 3, 4]), {
        state: { hiddenState: zeros([1, 3], { backend }), cellState: zeros([1, 3], { backend }) },
      }).output.shape,
    ).toEqual([1, 3]);
  });
  test("that was kept can be put back", () => {
    const options = { units: 3, stateful: true, name: "s" };
    const [layer, other] = [built(lstm(options), 4), built(lstm(options), 4)];
    layer.forward(x);
    const saved = new Map([...layer.keptStates()].map(([path, part]) => [path, { shape: part.shape, data: part.dataSync() }]));
    other.restoreStates(saved);
    expect(other.forward(x).output.dataSync()).toEqual(layer.forward(x).output.dataSync());
  });
});

describe("errors say what to do", () => {
  test("shapes", () => {
    const layer = built(lstm({ units: 2, name: "encoder" }), 16);
    const on = (shape: readonly number[]) => () => layer.forward(zeros(shape, { backend }));
    expect(on([32, 8])).toThrow(
      'Cannot run LSTM "encoder" on shape [32, 8]: it reads [batch, time, 16 features], so the time axis is missing. ' +
        "For one step call layer.step(x, state); for length 1 pass expandDims(x, 1).",
    );
    expect(on([32])).toThrow(/the batch and time axes are missing/);
    expect(on([2, 3, 8])).toThrow(/because it was built for \[\?, \?, 16\]/);
    expect(on([2, 3, 4, 16])).toThrow(/too many axes/);
    expect(on([2, 3, 8])).toThrow(ShapeError);
    expect(() => lstm({ units: 2 }).build([[null, null, null]], { backend })).toThrow(/number of features must be known/);
  });
  test("masks and lengths", () => {
    const layer = built(lstm({ units: 2 }), 3);
    const x = random([2, 4, 3]);
    expect(() => layer.forward(x, { mask: zeros([2, 3], { backend }) })).toThrow(
      /a mask of shape \[2, 3\]: for this input it is \[batch, time\] = \[2, 4\]/,
    );
    expect(() => layer.forward(x, { sequenceLengths: [1, 5] })).toThrow(/got length 5 at row 1/);
    expect(() => layer.forward(x, { sequenceLengths: [1] })).toThrow(/got 1 lengths for 2 rows/);
    expect(() => layer.forward(x, { sequenceLengths: [1, 2], mask: zeros([2, 4], { backend }) })).toThrow(/give one/);
    expect(() => layer.forward(x, { mask: zeros([2, 4], { backend: getBackend("wasm") }) })).toThrow(
      /its input is on "reference" and its mask on "wasm"/,
    );
  });
  test("options and order of calls", () => {
    expect(() => lstm({ units: 0 })).toThrow(/Cannot make LSTM with units 0/);
    expect(() => gru({ units: 2, dropout: 1 })).toThrow(/dropout 1: it is the share that is dropped/);
    expect(() => simpleRnn({ units: 2, recurrentDropout: -0.1 })).toThrow(ValueError);
    expect(() => lstm({ units: 2, name: "a" }).parameterCount).toThrow(StateError);
  });
});

test("a sequence without steps gives the initial state", () => {
  const layer = built(lstm({ units: 2, returnSequences: true, activation: "gelu" }), 3);
  const { output, state } = layer.forward(zeros([2, 0, 3], { backend }));
  expect(output.shape).toEqual([2, 0, 2]);
  expect([...state.cellState.dataSync()]).toEqual([0, 0, 0, 0]);
  expect(built(lstm({ units: 2 }), 3).forward(zeros([2, 0, 3], { backend })).output.shape).toEqual([2, 2]);
});

test("the activity penalty is part of the result that training adds to its loss", () => {
  const layer = built(lstm({ units: 2, activityRegularizer: { l2: 0.5 } }), 3);
  const x = random([2, 4, 3]);
  backend.step(() => {
    const { outputs, penalty } = layer.run([x], { training: true, masks: [null], state: null, step: 0 });
    const squares = Array.from((outputs[0] as Tensor).dataSync()).reduce((all, v) => all + v * v, 0);
    expect(penalty?.dataSync()[0]).toBeCloseTo(0.5 * squares, 12);
  });
});

import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { getBackend } from "../backend/index.ts";
import { FormatError, ShapeError, StateError, ValueError } from "../errors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  activation,
  add,
  bidirectional,
  concatenate,
  configOf,
  dense,
  embedding,
  flatten,
  gru,
  input,
  type Layer,
  layerFromConfig,
  layerNormalization,
  lstm,
  masking,
  repeatVector,
  reshape,
  simpleRnn,
  timeDistributed,
} from "./index.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const of = (data: readonly number[], shape: readonly number[]): Tensor => tensor(data, shape, { backend });
const numbers = (x: Tensor | null): number[] => [...(x?.dataSync() ?? [])];

describe("shapes are foretold", () => {
  const cases: readonly [string, Layer, readonly (readonly number[])[]][] = [
    ["dense", dense({ units: 3, activation: "softmax" }), [[2, 4]]],
    ["dense over time", dense({ units: 3, useBias: false }), [[2, 5, 4]]],
    ["activation", activation({ activation: "gelu" }), [[2, 5]]],
    ["flatten", flatten(), [[2, 3, 4]]],
    ["flatten of a vector", flatten(), [[2, 3]]],
    ["reshape", reshape({ targetShape: [4, -1] }), [[2, 3, 8]]],
    ["repeatVector", repeatVector({ n: 3 }), [[2, 4]]],
    [
      "concatenate",
      concatenate(),
      [
        [2, 3],
        [2, 4],
      ],
    ],
    [
      "concatenate in time",
      concatenate({ axis: 1 }),
      [
        [2, 3, 2],
        [2, 4, 2],
      ],
    ],
    [
      "add",
      add(),
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
    ],
    ["layerNormalization", layerNormalization(), [[2, 3, 4]]],
    ["masking", masking(), [[2, 3, 4]]],
    ["timeDistributed", timeDistributed(flatten()), [[2, 3, 2, 2]]],
    ["timeDistributed lstm", timeDistributed(lstm({ units: 2 })), [[2, 3, 2, 2]]],
    ["bidirectional", bidirectional(gru({ units: 2 })), [[2, 3, 2]]],
    ["lstm", lstm({ units: 2, returnSequences: true }), [[2, 3, 2]]],
  ];
  test.each(cases)("%s", (_, layer, shapes) => {
    const inputs = shapes.map((shape, k) => random(shape, k + 1));
    const { output } = layer.forward(inputs);
    expect(layer.outputShape(shapes)).toEqual(output.shape);
    expect(layer.outputShape(shapes.map((shape) => [null, ...shape.slice(1)]))).toEqual([null, ...output.shape.slice(1)]);
    const weights = layer.parameters.map((weight) => weight.tensor);
    if (layer.type !== "Masking") checkGradients(() => layer.forward(inputs).output, [...inputs, ...weights]);
    expect(configOf(layerFromConfig(JSON.parse(JSON.stringify(configOf(layer)))))).toEqual(configOf(layer));
  });
});

describe("masks", () => {
  const x = random([2, 3, 2]);
  const mask = of([1, 0, 1, 0, 1, 1], [2, 3]);

  test("pass through layers that keep the time axis, and end where it ends", () => {
    const passing: readonly Layer[] = [
      dense({ units: 2 }),
      activation({ activation: "tanh" }),
      layerNormalization(),
      timeDistributed(dense({ units: 2 })),
      lstm({ units: 2, returnSequences: true }),
      bidirectional(lstm({ units: 2, returnSequences: true })),
    ];
    for (const layer of passing) expect(numbers(layer.forward(x, { mask }).mask), layer.type).toEqual(numbers(mask));
    const ending: readonly Layer[] = [
      flatten(),
      reshape({ targetShape: [6] }),
      lstm({ units: 2 }),
      bidirectional(lstm({ units: 2 })),
    ];
    for (const layer of ending) expect(layer.forward(x, { mask }).mask, layer.type).toBeNull();
  });
  test("stay in processing order, as the outputs do", () => {
    expect(numbers(lstm({ units: 2, returnSequences: true, goBackwards: true }).forward(x, { mask }).mask)).toEqual([
      1, 0, 1, 1, 1, 0,
    ]);
  });
  test("come from Embedding and Masking", () => {
    const { mask: fromZero } = embedding({ inputDim: 4, outputDim: 2, maskZero: true }).forward(of([0, 3, 1, 0], [2, 2]));
    expect(numbers(fromZero)).toEqual([0, 1, 1, 0]);
    expect(embedding({ inputDim: 4, outputDim: 2 }).forward(of([0, 3], [1, 2])).mask).toBeNull();
    const marked = masking({ maskValue: -1 }).forward(of([-1, -1, -1, 2, Number.NaN, -1], [1, 3, 2]));
    expect(numbers(marked.mask)).toEqual([0, 1, 1]);
    expect(numbers(marked.output)).toEqual([0, 0, -1, 2, Number.NaN, -1]);
    expect(numbers(masking().forward(x, { mask }).mask)).toEqual(numbers(mask)); // adds to the mask it is given
  });
  test("of several inputs meet: Concatenate needs all, Add any, along time they join", () => {
    const other = of([1, 1, 0, 0, 0, 1], [2, 3]);
    const call = (layer: Layer, masks: (Tensor | null)[]): number[] | null => {
      layer.build([x.shape, x.shape], { backend });
      return backend.step(() => {
        const [found = null] = layer.call([x, x], { training: false, masks, state: null, step: 0 }).masks;
        return found && numbers(found);
      });
    };
    expect(call(concatenate(), [mask, other])).toEqual([1, 0, 0, 0, 0, 1]);
    expect(call(concatenate(), [null, other])).toEqual(numbers(other));
    expect(call(concatenate({ axis: 1 }), [mask, null])).toEqual([1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
    expect(call(concatenate(), [null, null])).toBeNull();
    expect(call(add(), [mask, other])).toEqual([1, 1, 1, 0, 1, 1]);
    expect(call(add(), [null, other])).toBeNull();
  });
});

describe("embedding", () => {
  test("looks up rows, and its gradient adds up repeated ones", () => {
    const layer = embedding({ inputDim: 5, outputDim: 2 });
    const x = of([4, 0, 4], [1, 3]);
    const { output } = layer.forward(x);
    const table = numbers(layer.parameters[0]?.tensor as Tensor);
    expect(numbers(output)).toEqual([8, 9, 0, 1, 8, 9].map((k) => table[k]));
    checkGradients(() => layer.forward(x).output, [layer.parameters[0]?.tensor as Tensor]);
  });
  test("names the first index outside its table", () => {
    const layer = embedding({ inputDim: 5, outputDim: 2, name: "words" });
    expect(() => layer.forward(of([1, 5], [1, 2]))).toThrow(
      /look up embedding "words" with index 5 at position 1: indices are whole numbers from 0 to 4/,
    );
    expect(() => layer.forward(of([0.5], [1, 1]))).toThrow(ValueError);
  });
});

describe("bidirectional", () => {
  test("names its weights and states by direction, and takes states as inputs", () => {
    const layer = bidirectional(lstm({ units: 2, returnState: true }), { name: "both" });
    const x = random([3, 4, 2]);
    const { outputs, state } = layer.forward(x);
    expect(layer.parameters.map(({ path }) => path)).toEqual(
      ["forward", "backward"].flatMap((side) => ["kernel", "recurrentKernel", "bias"].map((name) => `both/${side}/${name}`)),
    );
    expect(Object.keys(state)).toEqual([
      "forward/hiddenState",
      "forward/cellState",
      "backward/hiddenState",
      "backward/cellState",
    ]);
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [3, 4],
      [3, 2],
      [3, 2],
      [3, 2],
      [3, 2],
    ]);
    expect(numbers(layer.forward([x, ...outputs.slice(1)]).output)).toEqual(numbers(layer.forward(x, { state }).output));
    const [kernel, , , otherKernel] = layer.parameters;
    expect(numbers(kernel?.tensor as Tensor)).not.toEqual(numbers(otherKernel?.tensor as Tensor));
  });
  test("does not touch the layer it was given", () => {
    const inner = lstm({ units: 2 });
    bidirectional(inner).forward(random([3, 4, 2]));
    expect(inner.built).toBe(false);
  });
  test("refuses an unknown merge mode", () => {
    expect(() => bidirectional(lstm({ units: 2 }), { mergeMode: "max" as never })).toThrow(
      /it is concat, sum, mul, ave, or null/,
    );
  });
  test("takes another layer for the way back, if it goes with the first", () => {
    const backwardLayer = gru({ units: 3, returnSequences: true, goBackwards: true });
    expect(
      bidirectional(lstm({ units: 2, returnSequences: true }), { backwardLayer }).forward(random([2, 4, 2])).output.shape,
    ).toEqual([2, 4, 5]);
    expect(() => bidirectional(lstm({ units: 2 }), { backwardLayer: lstm({ units: 2 }) })).toThrow(
      /one of both layers must have goBackwards: true/,
    );
    expect(() => bidirectional(lstm({ units: 2 }), { backwardLayer })).toThrow(/returnSequences must be the same/);
    expect(() =>
      bidirectional(lstm({ units: 2 }), { backwardLayer: lstm({ units: 3, goBackwards: true }), mergeMode: "sum" }).forward(
        random([2, 4, 2]),
      ),
    ).toThrow(/they give 2 and 3 features/);
    expect(() => bidirectional(dense({ units: 2 }) as never)).toThrow(/Cannot make Bidirectional of Dense/);
  });
  test("keeps and resets the state of both directions", () => {
    const layer = bidirectional(simpleRnn({ units: 2, stateful: true }), { name: "b" });
    const x = random([2, 3, 2]);
    const first = numbers(layer.forward(x).output);
    expect([...layer.keptStates().keys()]).toEqual(["b/forward/hiddenState", "b/backward/hiddenState"]);
    expect(numbers(layer.forward(x).output)).not.toEqual(first);
    layer.resetStates();
    expect(numbers(layer.forward(x).output)).toEqual(first);
  });
});

describe("the functional form", () => {
  test("knows shapes before there are numbers", () => {
    const x = input({ shape: [null, 3] });
    const [y, h, c] = lstm({ units: 4, returnState: true, returnSequences: true }).applyAll(x);
    expect([y, h, c].map((each) => each?.shape)).toEqual([
      [null, null, 4],
      [null, 4],
      [null, 4],
    ]);
    const z = lstm({ units: 4 }).apply([x, h as never, c as never]);
    expect(z.shape).toEqual([null, 4]);
    expect(z.node.inputs).toEqual([x, h, c]);
    expect(() => lstm({ units: 4, returnState: true }).apply(x)).toThrow(/it gives 3. Call applyAll/);
    expect(() => dense({ units: 1 }).apply(input({ shape: [null] }))).toThrow(ShapeError);
    expect(() => x.node.layer.forward(random([1, 2, 3]))).toThrow(StateError);
  });
});

describe("plain data", () => {
  test("carries layers inside layers", () => {
    const layer = bidirectional(lstm({ units: 2, name: "inner" }), {
      mergeMode: null,
      backwardLayer: gru({ units: 3, goBackwards: true }),
    });
    const config = configOf(layer);
    expect(JSON.parse(JSON.stringify(config))).toEqual({
      type: "Bidirectional",
      options: {
        name: "bidirectional",
        mergeMode: null,
        layer: { type: "LSTM", options: { units: 2, name: "inner" } },
        backwardLayer: { type: "GRU", options: { units: 3, goBackwards: true, name: "gru" } },
      },
    });
  });
  test("of an unknown kind, or of another form, is refused", () => {
    expect(() => layerFromConfig({ type: "Shell", options: {} })).toThrow(
      /Cannot make a layer of type "Shell": this version knows Input, LSTM/,
    );
    expect(() => layerFromConfig({ type: "Bidirectional", options: { layer: { units: 3 } } })).toThrow(FormatError);
    expect(() => layerFromConfig({ type: "Bidirectional", options: { layer: "LSTM" } })).toThrow(FormatError);
    expect(() => layerFromConfig({ type: "TimeDistributed", options: {} })).toThrow(/Cannot make TimeDistributed/);
  });
});

describe("errors of shapes", () => {
  const cases: readonly [Layer, readonly (readonly number[])[], RegExp][] = [
    [dense({ units: 2 }), [[3]], /Cannot run Dense "dense" on shape \[3\]/],
    [reshape({ targetShape: [4, 4] }), [[2, 15]], /each example has 15 numbers/],
    [reshape({ targetShape: [-1, -1] }), [[2, 15]], /at most one -1/],
    [repeatVector({ n: 2 }), [[2, 3, 4]], /it reads \[batch, features\]/],
    [
      concatenate(),
      [
        [2, 3, 4],
        [2, 2, 4],
      ],
      /every other axis must agree/,
    ],
    [
      add(),
      [
        [2, 3],
        [2, 4],
      ],
      /all inputs must have one shape/,
    ],
    [masking(), [[2, 3]], /it reads \[batch, time, features\]/],
    [timeDistributed(flatten()), [[2, 3]], /so an axis is missing/],
    [layerNormalization(), [[3]], /Cannot run LayerNormalization/],
  ];
  test.each(cases)("%#", (layer, shapes, message) => {
    expect(() => layer.forward(shapes.map((shape) => random(shape)))).toThrow(message);
  });
  test("an unknown activation is named where the layer is made", () => {
    expect(() => dense({ units: 2, activation: "tahn" as never })).toThrow(
      /Cannot make Dense with activation "tahn": the activations are linear, /,
    );
    expect(() => activation({ activation: "none" as never })).toThrow(ValueError);
    expect(() => lstm({ units: 2, recurrentActivation: "softmax" as never })).toThrow(
      /Cannot make LSTM with recurrentActivation "softmax"/,
    );
  });
  test("a layer remembers the features it was built for", () => {
    const layer = dense({ units: 2 });
    layer.forward(random([2, 3]));
    expect(() => layer.forward(random([2, 4]))).toThrow(/it reads \[batch, …, 3 features\]/);
  });
});

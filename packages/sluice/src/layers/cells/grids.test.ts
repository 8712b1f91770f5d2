import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { concat, slice } from "../../autograd/ops/shape.ts";
import { getBackend } from "../../backend/index.ts";
import { trace } from "../../inspect/trace.ts";
import { sequential } from "../../models/sequential.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { convLstm1d, convLstm2d, convLstm3d } from "../conv-lstm.ts";
import { conv2d } from "../convolution.ts";
import { input } from "../input.ts";
import type { Layer } from "../layer.ts";
import { lstm } from "../lstm.ts";
import { predNet, predNetLoss } from "../pred-net.ts";
import type { RecurrentLayer } from "../recurrent-layer.ts";
import { rnn } from "../rnn.ts";
import { convLstm2dCell } from "./conv-lstm-cell.ts";
import { inceptionLstm } from "./inception-lstm.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1, std = 1): Tensor => randomTensor(shape, { seed, like: { backend }, std });
const close = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  expectClose(a.dataSync(), b.dataSync(), { rtol: 1e-10, atol: 1e-11 });
};

/** Built for frames of this shape, with random numbers in every weight. */
function built<L extends Layer>(layer: L, frame: readonly number[]): L {
  layer.build([[null, null, ...frame]], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, random(weight.shape, 30 + k, 0.4).dataSync());
  });
  return layer;
}

/** The number of weights for frames of this shape; made of zeros, for the networks are large. */
function count(layer: RecurrentLayer, frame: readonly number[]): number {
  layer.build([[null, null, ...frame]], {
    backend: getBackend("wasm"),
    weights: (_path, shape) => new Float32Array(shape.reduce((n, s) => n * s, 1)),
  });
  return layer.parameterCount;
}

describe("parameter counts", () => {
  /** Encoder and forecaster of Shi et al. over 16 × 16 patches of 16 numbers: the forecaster's first layer has no input. */
  function encoderForecaster(channels: readonly number[]): number {
    const cell = (inputs: number, filters: number): number =>
      count(convLstm2d({ filters, kernelSize: 5, padding: "same", peepholes: "perChannel" }), [16, 16, inputs]);
    const encoder = channels.reduce((sum, filters, k) => sum + cell(channels[k - 1] ?? 16, filters), 0);
    const reversed = [...channels].reverse();
    const forecaster = reversed.reduce((sum, filters, k) => {
      const below = reversed[k - 1];
      const withoutInput = cell(1, filters) - 4 * 25 * filters;
      return sum + (below === undefined ? withoutInput : cell(below, filters));
    }, 0);
    const all = channels.reduce((a, b) => a + b, 0);
    const output = conv2d({ filters: 16, kernelSize: 1 });
    output.build([[null, 16, 16, all]], { backend });
    return encoder + forecaster + output.parameterCount;
  }

  test.each([
    [[256], 13_524_496],
    [[128, 128], 10_042_896],
    [[128, 64, 64], 7_585_296],
  ])("ConvLSTM encoder and forecaster of Shi et al., %j channels", (channels, expected) => {
    expect(encoderForecaster(channels)).toBe(expected);
  });

  test.each([
    ["convLstm", [3, 48, 96, 192], 6_915_948],
    ["convLstm", [3, 48, 96], 1_606_380],
    ["inception1", [3, 48, 96], 10_465_014],
    ["inception2", [3, 48, 96], 6_278_982],
    ["convLstm", [3, 48], 278_700],
    ["inception1", [3, 48], 1_745_334],
    ["inception2", [3, 48], 1_060_998],
  ] as const)("PredNet, %s, %j channels", (representation, channels, expected) => {
    expect(count(predNet({ channels, representation }), [16, 16, 3])).toBe(expected);
  });
});

describe("reductions", () => {
  const x = random([2, 3, 4, 4, 2], 5);
  test("the Inception LSTM with the 3 × 3 branch alone is the ConvLSTM", () => {
    const steps = { returnSequences: true, recurrentActivation: "sigmoid" } as const;
    const inception = built(inceptionLstm({ filters: 2, branches: [[3]], ...steps }), [4, 4, 2]);
    const common = built(convLstm2d({ filters: 2, kernelSize: 3, padding: "same", ...steps }), [4, 4, 2]);
    const [kernel, bias] = inception.parameters.map((weight) => weight.tensor) as [Tensor, Tensor];
    const parts = [slice(kernel, 0, 2, { axis: 2 }), slice(kernel, 2, 4, { axis: 2 }), bias];
    common.parameters.forEach(({ tensor: weight }, k) => {
      backend.write(weight.storage, (parts[k] as Tensor).dataSync());
    });
    close(inception.forward(x).output, common.forward(x).output);
  });
  test("a ConvLSTM whose windows are points is the LSTM at each place", () => {
    const image = built(convLstm2d({ filters: 2, kernelSize: 1, returnSequences: true }), [4, 4, 2]);
    const common = built(lstm({ units: 2, returnSequences: true }), [2]);
    image.parameters.forEach(({ tensor: weight }, k) => {
      backend.write((common.parameters[k]?.tensor as Tensor).storage, weight.dataSync());
    });
    const place = (y: Tensor, p: number, q: number): Tensor => {
      const [B, T, , , C] = y.shape as [number, number, number, number, number];
      const column = slice(slice(y, p, p + 1, { axis: 2 }), q, q + 1, { axis: 3 });
      return tensor(column.dataSync(), [B, T, C], { backend });
    };
    close(place(image.forward(x).output, 1, 2), common.forward(place(x, 1, 2)).output);
  });
  test("peepholes of zero change nothing", () => {
    const plain = built(convLstm2d({ filters: 2, kernelSize: 3, padding: "same" }), [4, 4, 2]);
    const peeping = convLstm2d({ filters: 2, kernelSize: 3, padding: "same", peepholes: "perElement" });
    peeping.build([[null, null, 4, 4, 2]], { backend });
    const weights = new Map(plain.parameters.map(({ path, tensor: weight }) => [path.split("/").at(-1), weight]));
    for (const { path, tensor: weight } of peeping.parameters) {
      const from = weights.get(path.split("/").at(-1));
      if (from) backend.write(weight.storage, from.dataSync());
    }
    expect(peeping.parameterCount - plain.parameterCount).toBe(4 * 4 * 3 * 2);
    close(peeping.forward(x).output, plain.forward(x).output);
  });
});

describe("gradients are the slopes of the outputs", () => {
  const cases: readonly [string, RecurrentLayer, readonly number[]][] = [
    ["convLstm1d, strides", convLstm1d({ filters: 1, kernelSize: 3, strides: 2, padding: "same" }), [4, 2]],
    ["convLstm2d, dilated, no bias", convLstm2d({ filters: 1, kernelSize: 2, dilationRate: 2, useBias: false }), [4, 3, 1]],
    [
      "convLstm3d, peepholes",
      convLstm3d({ filters: 1, kernelSize: [1, 2, 1], padding: "same", peepholes: "perElement" }),
      [2, 2, 1, 1],
    ],
    ["inceptionLstm 1", inceptionLstm({ filters: 1, recurrentActivation: "sigmoid" }), [2, 3, 1]],
    ["inceptionLstm 2", inceptionLstm({ filters: 1, version: 2, innerActivation: "tanh", useBias: false }), [2, 3, 1]],
    [
      "predNet, Inception",
      predNet({ channels: [1, 1], representation: "inception2", kernelSize: 2, shows: "errors" }),
      [2, 2, 1],
    ],
  ];
  test.each(cases)("%s", (_name, layer, frame) => {
    built(layer, frame);
    const x = random([1, 2, ...frame], 4);
    checkGradients(() => layer.forward(x).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
});

describe("states of grids", () => {
  test("are foretold in the functional form, and passed on", () => {
    const frames = input({ shape: [null, 6, 6, 1] });
    const outputs = convLstm2d({ filters: 2, kernelSize: 3, returnState: true }).applyAll(frames);
    expect(outputs.map(({ shape }) => shape)).toEqual(Array(3).fill([null, 4, 4, 2]));
  });
  test("belong to one size of image", () => {
    const layer = built(convLstm2d({ filters: 2, kernelSize: 3 }), [4, 4, 1]);
    expect(() => layer.forward(random([1, 2, 5, 4, 1]))).toThrow(/built for/);
    expect(() => convLstm2d({ filters: 2, kernelSize: 3 }).outputShape([[null, null, null, 4, 1]])).toThrow(
      /batch and time may be null/,
    );
    expect(() => convLstm2d({ filters: 2, kernelSize: 5 }).forward(random([1, 2, 4, 4, 1]))).toThrow(/window of 5/);
  });
  test("stack within a step", () => {
    const layer = rnn([convLstm2dCell({ filters: 2, kernelSize: 2 }), convLstm2dCell({ filters: 1, kernelSize: 2 })]);
    expect(layer.forward(random([2, 3, 4, 4, 1])).output.shape).toEqual([2, 2, 2, 1]);
  });
});

test.each<[string, RecurrentLayer]>([
  ["ConvLSTM", convLstm2d({ filters: 2, kernelSize: 3, padding: "same", peepholes: "perChannel" })],
  ["Inception LSTM", inceptionLstm({ filters: 1 })],
])("the gates that a trace of the %s shows make its state: c' = f c + i g, h' = o tanh(c')", (_name, layer) => {
  built(layer, [3, 3, 1]);
  const { gates, states } = trace(layer, random([1, 3, 3, 3, 1], 8));
  const values = (from: Readonly<Record<string, { readonly data: readonly number[] }>>, name: string): readonly number[] =>
    from[name]?.data ?? [];
  const [i, f, g, o] = ["inputGate", "forgetGate", "cellCandidate", "outputGate"].map((name) => values(gates, name));
  const [c, h] = [values(states, "cellState"), values(states, "hiddenState")];
  const width = c.length / 3;
  const at = (list: readonly number[] | undefined, k: number): number => list?.[k] ?? Number.NaN;
  expectClose(
    c,
    c.map((_, k) => at(f, k) * (k < width ? 0 : at(c, k - width)) + at(i, k) * at(g, k)),
    { atol: 1e-12 },
  );
  expectClose(
    h,
    h.map((_, k) => at(o, k) * Math.tanh(at(c, k))),
    { atol: 1e-12 },
  );
});

describe("PredNet", () => {
  test("its loss weighs layers, and leaves out the first step", () => {
    const errors = tensor([9, 9, 1, 10, 3, 20], [1, 3, 2], { backend });
    expect(predNetLoss().forward(errors).output.dataSync()[0]).toBe(2);
    expect(predNetLoss({ layerWeights: "Lall" }).forward(errors).output.dataSync()[0]).toBeCloseTo(3.5, 12);
    expect(
      predNetLoss({ layerWeights: [0, 2] })
        .forward(errors)
        .output.dataSync()[0],
    ).toBe(30);
    expect(() => predNetLoss({ layerWeights: [1] }).forward(errors)).toThrow(/1 layers/);
  });
  test("looks further ahead when its predictions are its images", () => {
    const layer = built(predNet({ channels: [1, 2] }), [4, 4, 1]);
    const x = random([1, 3, 4, 4, 1], 3);
    const { output, state } = layer.forward(x);
    const next = layer.step(output, state);
    const whole = concat([x, tensor(output.dataSync(), [1, 1, 4, 4, 1], { backend })], { axis: 1 });
    close(layer.cell.output(next), layer.forward(whole).output);
  });
  test("says which sides it can halve", () => {
    expect(() => predNet({ channels: [1, 1, 1] }).forward(random([1, 2, 4, 6, 1]))).toThrow(/multiples of 4/);
    expect(() => predNet({ channels: [] })).toThrow(/without layers/);
  });
  test("learns to predict bars that move", async () => {
    const [B, T, side] = [8, 6, 4];
    const data = Float32Array.from({ length: B * T * side * side }, (_, k) => {
      const [b, t, column] = [Math.floor(k / (T * side * side)), Math.floor(k / (side * side)) % T, k % side];
      return (column + b + (b < 4 ? t : T - t)) % 4 < 2 ? 1 : 0;
    });
    const on = getBackend("wasm");
    const x = tensor(data, [B, T, side, side, 1], { backend: on });
    const zero = tensor(new Float32Array(B), [B, 1], { backend: on });
    const images = predNet({ channels: [4, 8], shows: "errors", returnSequences: true, inputShape: [T, side, side, 1] });
    const model = sequential([images, predNetLoss()], { seed: 2 });
    model.compile({ optimizer: { type: "adam", learningRate: 0.01 }, loss: "mae" });
    const { loss } = await model.fit(x, zero, { epochs: 60, batchSize: 8 });
    expect(loss.at(-1)).toBeLessThan(0.5 * (loss[0] as number));
  });
});

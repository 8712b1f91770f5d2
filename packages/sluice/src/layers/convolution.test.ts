import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { getBackend } from "../backend/index.ts";
import { sequential } from "../models/sequential.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  configOf,
  conv1d,
  conv2d,
  conv3d,
  cropping1d,
  cropping2d,
  cropping3d,
  dense,
  flatten,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  type Layer,
  layerFromConfig,
  lstm,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  timeDistributed,
  upSampling1d,
  upSampling2d,
  upSampling3d,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
} from "./index.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const of = (data: readonly number[], shape: readonly number[]): Tensor => tensor(data, shape, { backend });

const line = [2, 7, 2];
const image = [2, 5, 6, 2];
const volume = [1, 2, 3, 3, 2];
const layers: readonly [string, Layer, readonly number[]][] = [
  ["conv1d", conv1d({ filters: 3, kernelSize: 3, padding: "causal", dilationRate: 2, activation: "tanh" }), line],
  ["conv1d with strides", conv1d({ filters: 2, kernelSize: 2, strides: 2, useBias: false }), line],
  ["conv2d", conv2d({ filters: 2, kernelSize: [3, 2], strides: [1, 2], padding: "same", activation: "softmax" }), image],
  ["conv3d", conv3d({ filters: 2, kernelSize: 2 }), volume],
  ["maxPooling1d", maxPooling1d({ padding: "same" }), line],
  ["maxPooling2d", maxPooling2d({ poolSize: 3, strides: 2 }), image],
  ["averagePooling1d", averagePooling1d({ poolSize: 3, strides: 1 }), line],
  ["averagePooling2d", averagePooling2d({ padding: "same", poolSize: 4 }), image],
  ["globalAveragePooling1d", globalAveragePooling1d(), line],
  ["globalAveragePooling2d", globalAveragePooling2d(), image],
  ["globalMaxPooling1d", globalMaxPooling1d(), line],
  ["globalMaxPooling2d", globalMaxPooling2d(), image],
  ["upSampling1d", upSampling1d({ size: 3 }), line],
  ["upSampling2d", upSampling2d({ size: [2, 1] }), image],
  ["maxPooling3d", maxPooling3d({ poolSize: [1, 2, 2] }), volume],
  ["averagePooling3d", averagePooling3d({ padding: "same", strides: 1 }), volume],
  ["globalAveragePooling3d", globalAveragePooling3d(), volume],
  ["globalMaxPooling3d", globalMaxPooling3d(), volume],
  ["upSampling2d, bilinear", upSampling2d({ size: [3, 2], interpolation: "bilinear" }), image],
  ["upSampling3d", upSampling3d({ size: [1, 2, 2] }), volume],
  ["zeroPadding1d", zeroPadding1d({ padding: [3, 0] }), line],
  ["zeroPadding2d", zeroPadding2d({ padding: [1, [0, 2]] }), image],
  ["zeroPadding3d", zeroPadding3d(), volume],
  ["cropping1d", cropping1d({ cropping: [0, 2] }), line],
  ["cropping2d", cropping2d({ cropping: [[2, 1], 0] }), image],
  ["cropping3d", cropping3d({ cropping: [0, 1, 1] }), volume],
  ["timeDistributed conv2d", timeDistributed(conv2d({ filters: 1, kernelSize: 2 })), [2, 2, 3, 3, 2]],
];

describe.each(layers)("%s", (_name, layer, shape) => {
  test("foretells its shape, free sizes too, and has the slopes of its outputs as gradients", () => {
    const x = random(shape, 3);
    const { output } = layer.forward(x);
    expect(layer.outputShape([shape])).toEqual(output.shape);
    const free = [null, ...shape.slice(1, -1).map(() => null), shape.at(-1) as number];
    const foretold = layer.outputShape([free]);
    expect(foretold.length).toBe(output.rank);
    expect(foretold.at(-1)).toBe(output.shape.at(-1));
    checkGradients(() => layer.forward(x).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });

  test("plain data and weights make the same layer again", () => {
    const x = random(shape, 3);
    const { output } = layer.forward(x);
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
    again.build([shape], { backend });
    layer.parameters.forEach(({ tensor: weight }, k) => {
      backend.write((again.parameters[k]?.tensor as Tensor).storage, weight.dataSync());
    });
    expect(again.forward(x).output.dataSync()).toEqual(output.dataSync());
  });
});

describe("masks", () => {
  const x = of([1, 2, 3, 4, Number.NaN, 6], [2, 3, 1]);
  const mask = of([1, 1, 0, 1, 0, 0], [2, 3]);
  test("a convolution reads masked steps as 0, and hands the mask on where the length stays", () => {
    const same = conv1d({ filters: 1, kernelSize: 2, padding: "causal", kernelInitializer: "ones" });
    const found = same.forward(x, { mask });
    expect([...found.output.dataSync()]).toEqual([1, 3, 2, 4, 4, 0]);
    expect(found.mask?.dataSync()).toEqual(mask.dataSync());
    expect(conv1d({ filters: 1, kernelSize: 2 }).forward(x, { mask }).mask).toBeNull();
  });
  test("global pooling counts the steps that are used alone", () => {
    expect([...globalAveragePooling1d().forward(x, { mask }).output.dataSync()]).toEqual([1.5, 4]);
    expect([...globalMaxPooling1d().forward(x, { mask }).output.dataSync()]).toEqual([2, 4]);
    const none = of([0, 0, 0, 1, 1, 1], [2, 3]);
    const y = of([1, 2, 3, -4, -5, -6], [2, 3, 1]);
    expect([...globalMaxPooling1d().forward(y, { mask: none }).output.dataSync()]).toEqual([0, -4]);
    expect([...globalAveragePooling1d().forward(y, { mask: none }).output.dataSync()]).toEqual([0, -5]);
  });
});

test("padding counts neither as a maximum nor in a mean", () => {
  const x = of([-1, -2, -3], [1, 3, 1]);
  expect([...maxPooling1d({ padding: "same" }).forward(x).output.dataSync()]).toEqual([-1, -3]);
  expect([...averagePooling1d({ padding: "same" }).forward(x).output.dataSync()]).toEqual([-1.5, -3]);
});

test("options and shapes outside their rules are refused", () => {
  expect(() => conv1d({ filters: 0, kernelSize: 2 })).toThrow(/whole number from 1 up/);
  expect(() => conv2d({ filters: 2, kernelSize: [2, 2, 2] })).toThrow(/a list of 2/);
  expect(() => conv2d({ filters: 2, kernelSize: 2, padding: "causal" })).toThrow(/"valid" or "same"/);
  expect(() => conv1d({ filters: 2, kernelSize: 2, strides: 2, dilationRate: 2 })).toThrow(/choose one/);
  expect(() => zeroPadding2d({ padding: [1, 2, 3] })).toThrow(/a list of 2/);
  expect(() => zeroPadding1d({ padding: -1 })).toThrow(/from 0 up, or \[before, after\]/);
  expect(() => cropping1d({ cropping: 2 }).forward(random([1, 4, 1]))).toThrow(/2 \+ 2 positions off an axis of 4/);
  expect(() => upSampling2d({ interpolation: "cubic" as "bilinear" })).toThrow(/"nearest" or "bilinear"/);
  expect(() => maxPooling1d({ padding: "causal" as "same" })).toThrow(/"valid" or "same"/);
  expect(() => conv2d({ filters: 2, kernelSize: 2 }).forward(random([2, 3, 4, 4, 1]))).toThrow(/timeDistributed/);
  expect(() => conv1d({ filters: 2, kernelSize: 4 }).forward(random([2, 3, 1]))).toThrow(/window of 4 over an axis of length 3/);
});

describe("a CNN for each frame and an LSTM over time", () => {
  /** Clips in which a dot moves to the right (1) or to the left (0): no frame alone tells. */
  function clips(count: number, frames = 4, side = 6): { x: Float32Array; y: Float32Array } {
    const x = new Float32Array(count * frames * side * side);
    const y = new Float32Array(count);
    for (let b = 0; b < count; b++) {
      const right = b % 2;
      y[b] = right;
      const [row, from] = [(b * 5) % side, (b >> 1) % 3];
      for (let t = 0; t < frames; t++) {
        const column = right ? from + t : from + frames - 1 - t;
        x[((b * frames + t) * side + row) * side + column] = 1;
      }
    }
    return { x, y };
  }

  test("learns which way a dot moves", async () => {
    const model = sequential(
      [
        timeDistributed(conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }), {
          inputShape: [null, 6, 6, 1],
        }),
        timeDistributed(maxPooling2d({ poolSize: [6, 1] })),
        timeDistributed(flatten()),
        lstm({ units: 8 }),
        dense({ units: 1, activation: "sigmoid" }),
      ],
      { seed: 3 },
    );
    model.compile({ optimizer: { type: "adam", learningRate: 0.02 }, loss: "binaryCrossentropy" });
    const data = clips(36);
    const on = getBackend("wasm");
    const x = tensor(data.x, [36, 4, 6, 6, 1], { backend: on });
    const y = tensor(data.y, [36, 1], { backend: on });
    await model.fit(x, y, { epochs: 40, batchSize: 12 });
    const found = (model.forward(x)[0] as Tensor).dataSync();
    expectClose(found.map(Math.round), data.y, {}, "directions");
  });
});

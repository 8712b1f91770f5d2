import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { concat, reverse, slice } from "../autograd/ops/shape.ts";
import { getBackend } from "../backend/index.ts";
import { sequential } from "../models/sequential.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { type Layer, lstm, masking, mdLstm, multiDirectional } from "./index.ts";
import { layerFromConfig } from "./layer-from-config.ts";
import { configOf } from "./registry.ts";
import { copyWeights } from "./testing/recurrent-samples.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1, std = 1): Tensor => randomTensor(shape, { seed, like: { backend }, std });
const close = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  expectClose(a.dataSync(), b.dataSync(), { rtol: 1e-10, atol: 1e-11 });
};

/** Built for I features, with random numbers in every weight. */
function built<L extends Layer>(layer: L, I: number, grid: readonly null[] = [null]): L {
  layer.build([[null, ...grid, I]], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, random(weight.shape, 30 + k, 0.6).dataSync());
  });
  return layer;
}

describe("the multi-dimensional LSTM", () => {
  test("has the slopes of its outputs as gradients", () => {
    const layer = built(mdLstm({ units: 2, goBackwards: [true, false] }), 2, [null, null]);
    const x = random([2, 2, 3, 2], 4);
    checkGradients(() => layer.forward(x).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
  test("sees what is before a position on every axis, and nothing else", () => {
    const layer = built(mdLstm({ units: 2 }), 1, [null, null]);
    const x = random([1, 3, 3, 1], 4);
    const before = layer.forward(x).output.dataSync();
    const changed = x.dataSync();
    changed[4] = 9; // position (1, 1)
    const after = layer.forward(tensor(changed, x.shape, { backend })).output.dataSync();
    const moved = Array.from({ length: 9 }, (_, p) => before[2 * p] !== after[2 * p]);
    expect(moved).toEqual([false, false, false, false, true, true, false, true, true]);
  });
  test("over one axis is the LSTM", () => {
    const x = random([2, 5, 3], 6);
    const [multi, common] = [built(mdLstm({ units: 4, dimensions: 1 }), 3), built(lstm({ units: 4, returnSequences: true }), 3)];
    copyWeights(multi, common);
    close(multi.forward(x).output, common.forward(x).output);
  });
  test("over one axis with peepholes is the LSTM with diagonal ones", () => {
    const x = random([2, 5, 3], 6);
    const multi = built(mdLstm({ units: 4, dimensions: 1, peepholes: true }), 3);
    const common = built(lstm({ units: 4, returnSequences: true, peepholes: "diagonal" }), 3);
    const weights = new Map(multi.parameters.map(({ path, tensor: weight }) => [path.split("/").at(-1), weight]));
    const own = weights.get("peepholes") as Tensor;
    ["input", "forget", "output"].forEach((gate, k) => {
      weights.set(`${gate}Peephole`, slice(own, 4 * k, 4 * k + 4));
    });
    for (const { path, tensor: weight } of common.parameters) {
      backend.write(weight.storage, (weights.get(path.split("/").at(-1)) as Tensor).dataSync());
    }
    close(multi.forward(x).output, common.forward(x).output);
  });
  test("has the slopes of its outputs as gradients with peepholes and a mask, whatever the padding holds", () => {
    const layer = built(mdLstm({ units: 2, goBackwards: [false, true], peepholes: true }), 2, [null, null]);
    const x = random([2, 2, 3, 2], 4);
    const mask = tensor([1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1], [2, 2, 3], { backend });
    checkGradients(() => layer.forward(x, { mask }).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
    const values = x.dataSync().map((v, k) => (mask.dataSync()[k >> 1] === 0 ? Number.NaN : v));
    close(layer.forward(tensor(values, x.shape, { backend }), { mask }).output, layer.forward(x, { mask }).output);
  });
  test.each([
    [[false, false]],
    [[true, false]],
    [[true, true]],
  ])("sees an image in a larger frame as the image alone, directions %j", (goBackwards) => {
    const layer = built(mdLstm({ units: 2, goBackwards, peepholes: true }), 1, [null, null]);
    const last = built(mdLstm({ units: 2, goBackwards, peepholes: true, returnSequences: false }), 1, [null, null]);
    const frame = random([1, 4, 5, 1], 8);
    const part = (x: Tensor): Tensor => slice(slice(x, 1, 3, { axis: 1 }), 1, 4, { axis: 2 });
    const inside = Array.from({ length: 20 }, (_, p) => {
      const [row, column] = [Math.floor(p / 5), p % 5];
      return row >= 1 && row < 3 && column >= 1 && column < 4 ? 1 : 0;
    });
    const mask = tensor(inside, [1, 4, 5], { backend });
    close(part(layer.forward(frame, { mask }).output), layer.forward(part(frame)).output);
    close(last.forward(frame, { mask }).output, last.forward(part(frame)).output);
  });
  test("takes a mask along its first axis, as a model makes it", () => {
    const layer = built(mdLstm({ units: 2 }), 1, [null, null]);
    const x = random([2, 3, 2, 1], 8);
    const rows = tensor([1, 1, 0, 1, 0, 0], [2, 3], { backend });
    const all = tensor([1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0], [2, 3, 2], { backend });
    const found = layer.forward(x, { mask: rows });
    close(found.output, layer.forward(x, { mask: all }).output);
    expect(found.mask?.dataSync()).toEqual(rows.dataSync());
    expect(() => layer.forward(x, { mask: random([2, 2]) })).toThrow(/mask of shape \[2, 2\]/);
    const line = sequential([masking({ inputShape: [null, 1] }), mdLstm({ units: 2, dimensions: 1, returnSequences: false })]);
    expect(line.forward(tensor([1, 2, 0], [1, 3, 1]))[0]?.shape).toEqual([1, 2]);
  });
  test("needs a direction for each axis", () => {
    expect(() => mdLstm({ units: 2, goBackwards: [true] })).toThrow(/one for each/);
  });
});

describe("from every corner", () => {
  const x = random([2, 2, 3, 2], 4);
  test.each(["concat", "sum", "ave"] as const)("the outputs of four layers merge by %s", (mergeMode) => {
    const all = built(multiDirectional(mdLstm({ units: 2, peepholes: true }), { mergeMode }), 2, [null, null]);
    const parts = [0, 1, 2, 3].map((k) => {
      const corner = built(mdLstm({ units: 2, peepholes: true }), 2, [null, null]);
      copyWeights(all.corners[k] as Layer, corner);
      const axes = [k >> 1 ? 1 : 0, k & 1 ? 2 : 0].filter((axis) => axis > 0);
      const turned = (y: Tensor): Tensor => axes.reduce((z, axis) => reverse(z, axis), y);
      return turned(corner.forward(turned(x)).output);
    });
    const { output } = all.forward(x);
    expect(all.outputShape([x.shape])).toEqual(output.shape);
    if (mergeMode === "concat") close(output, concat(parts));
    else {
      const values = parts.map((part) => part.dataSync());
      const scale = mergeMode === "sum" ? 1 : 0.25;
      const sums = output.dataSync().map((_, k) => scale * values.reduce((total, part) => total + (part[k] as number), 0));
      expectClose(output.dataSync(), sums, { rtol: 1e-12, atol: 1e-12 });
    }
  });
  test("has right gradients, and is the same layer again from plain data", () => {
    const layer = built(multiDirectional(mdLstm({ units: 1 })), 2, [null, null]);
    checkGradients(() => layer.forward(x).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
    again.build([x.shape], { backend });
    copyWeights(layer, again);
    expect(again.forward(x).output.dataSync()).toEqual(layer.forward(x).output.dataSync());
    expect(again.parameters.map(({ path }) => path)).toEqual(layer.parameters.map(({ path }) => path));
    expect(layer.parameters[0]?.path).toBe("multiDirectional/00/kernel");
  });
  test("wraps a layer over a grid alone", () => {
    expect(() => multiDirectional(lstm({ units: 2 }) as never)).toThrow(/MultiDirectional of LSTM/);
    expect(() => multiDirectional(mdLstm({ units: 2 }), { mergeMode: "mul" as "sum" })).toThrow(/mergeMode "mul"/);
  });
});

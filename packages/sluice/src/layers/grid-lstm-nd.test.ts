import { expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { getBackend } from "../backend/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { gridLstm, gridLstmNd, type Layer } from "./index.ts";
import { layerFromConfig } from "./layer-from-config.ts";
import { configOf } from "./registry.ts";
import { copyWeights } from "./testing/recurrent-samples.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1, std = 1): Tensor => randomTensor(shape, { seed, like: { backend }, std });

function built<L extends Layer>(layer: L, shape: readonly number[]): L {
  layer.build([shape], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, random(weight.shape, 30 + k, 0.6).dataSync());
  });
  return layer;
}

test.each([null, "depth", 1] as const)("over one axis it is the grid LSTM over time and depth, priority %j", (priority) => {
  const x = random([2, 4, 3], 5);
  const options = { units: 2, depth: 3 };
  const grid = built(gridLstmNd({ ...options, dimensions: 1, priority }), x.shape);
  const line = built(gridLstm({ ...options, returnSequences: true, priority: priority === 1 ? "time" : priority }), x.shape);
  copyWeights(grid, line);
  expectClose(grid.forward(x).output.dataSync(), line.forward(x).output.dataSync(), { rtol: 1e-11, atol: 1e-12 });
});

test.each([
  [{ units: 4 }, 2 * 5 * 4 + 4 * 9 * 16 + 4 * 3 * 4],
  [{ units: 4, depth: 3, tied: true }, 2 * 5 * 4 + 4 * 9 * 16 + 4 * 3 * 4],
  [{ units: 4, depth: 3 }, 2 * 5 * 4 + 3 * (4 * 9 * 16 + 4 * 3 * 4)],
  [{ units: 4, dimensions: 1 }, 2 * 5 * 4 + 16 * 16 + 8 * 4],
] as const)("number of weights with %j", (options, count) => {
  const layer = gridLstmNd(options);
  const axes = "dimensions" in options ? [null] : [null, null];
  layer.build([[null, ...axes, 5]], { backend });
  expect(layer.parameterCount).toBe(count);
});

test.each([
  { depth: 2 },
  { depth: 2, tied: true, priority: 2, goBackwards: [true, false] },
  { returnSequences: false },
])("has the slopes of its outputs as gradients, and is the same layer again from plain data, %j", (options) => {
  const x = random([2, 2, 2, 1], 4);
  const mask = tensor([1, 1, 0, 1, 1, 1, 1, 0], [2, 2, 2], { backend });
  const layer = built(gridLstmNd({ units: 1, ...options }), x.shape);
  checkGradients(() => layer.forward(x, { mask }).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
  again.build([x.shape], { backend });
  copyWeights(layer, again);
  const { output } = again.forward(x);
  expect(output.dataSync()).toEqual(layer.forward(x).output.dataSync());
  expect(again.outputShape([x.shape])).toEqual(output.shape);
});

test("options outside their rules are refused", () => {
  expect(() => gridLstmNd({ units: 2, priority: 3 })).toThrow(/priority 3: it is an axis, 1 to 2/);
  expect(() => gridLstmNd({ units: 2, goBackwards: [true] })).toThrow(/one for each/);
  expect(() => gridLstmNd({ units: 2 }).forward(random([1, 2, 3]))).toThrow(/2 axes/);
  expect(() => gridLstm({ units: 2, priority: "width" as "depth" })).toThrow(/"time" or "depth"/);
});

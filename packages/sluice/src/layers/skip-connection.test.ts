import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { add } from "../autograd/ops/elementwise.ts";
import { slice } from "../autograd/ops/shape.ts";
import { getBackend } from "../backend/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { gruCell } from "./cells/gru-cell.ts";
import { learnedState } from "./cells/learned-state.ts";
import { lstmCell } from "./cells/lstm-cell.ts";
import { dense } from "./dense.ts";
import { highway } from "./highway.ts";
import type { Layer } from "./layer.ts";
import { layerFromConfig } from "./layer-from-config.ts";
import { lstm } from "./lstm.ts";
import { configOf } from "./registry.ts";
import { residual } from "./residual.ts";
import { rnn } from "./rnn.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const x = random([2, 4, 3]);
const mask = tensor([1, 1, 0, 1, 0, 1, 1, 0], [2, 4], { backend });
const steps = { returnSequences: true };

function built<L extends Layer>(layer: L): L {
  layer.build([[null, null, 3]], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, random(weight.shape, 20 + k).dataSync());
  });
  return layer;
}

describe.each([
  ["residual", residual],
  ["highway", highway],
] as const)("%s", (name, wrap) => {
  test("joins x with what the layer gives, and hands masks and states on", () => {
    const inner = lstm({ units: 3, returnSequences: true });
    const layer = built(wrap(inner));
    const { output, state } = layer.forward(x, { mask });
    const alone = inner.forward(x, { mask });
    if (name === "residual") expectClose(output.dataSync(), add(x, alone.output).dataSync(), { atol: 1e-14 });
    else {
      const [W, b] = layer.parameters.slice(0, 2).map((weight) => weight.tensor.dataSync()) as [Float64Array, Float64Array];
      const [xs, ys] = [x.dataSync(), alone.output.dataSync()];
      const expected = Array.from(xs, (value, k) => {
        const j = k % 3;
        const z = [0, 1, 2].reduce((all, i) => all + (xs[k - j + i] as number) * (W[i * 3 + j] as number), b[j] as number);
        const t = 1 / (1 + Math.exp(-z));
        return t * (ys[k] as number) + (1 - t) * value;
      });
      expectClose(output.dataSync(), expected, { atol: 1e-13 });
    }
    expect((state.cellState as Tensor).dataSync()).toEqual(alone.state.cellState.dataSync());
    const head = layer.forward(slice(x, 0, 2, { axis: 1 }));
    const tail = layer.forward(slice(x, 2, 4, { axis: 1 }), { state: head.state });
    expectClose(tail.output.dataSync(), slice(layer.forward(x).output, 2, 4, { axis: 1 }).dataSync(), { atol: 1e-13 });
  });
  test("has the slopes of its outputs as gradients", () => {
    const layer = built(wrap(lstm({ units: 3, returnSequences: true })));
    checkGradients(() => layer.forward(x, { mask }).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
  test("is saved, made again, and nested", () => {
    const layer = built(wrap(lstm({ units: 3, returnSequences: true })));
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
    again.build([[null, null, 3]], { backend });
    again.load(
      Object.fromEntries(
        layer.parameters.map(({ path, tensor: weight }) => [
          path.slice(layer.name.length + 1),
          { shape: weight.shape, data: weight.dataSync() },
        ]),
      ),
    );
    expect(again.forward(x).output.dataSync()).toEqual(layer.forward(x).output.dataSync());
    expect(built(wrap(wrap(dense({ units: 3 })))).forward(x).output.shape).toEqual([2, 4, 3]);
  });
  test("refuses layers that change the shape or the order", () => {
    expect(() => built(wrap(lstm({ units: 4, returnSequences: true })))).toThrow(/both must agree/);
    expect(() => wrap(lstm({ units: 3, returnSequences: true, goBackwards: true }))).toThrow(/goBackwards/);
  });
});

describe("a learned initial state", () => {
  const layer = built(rnn([learnedState(lstmCell({ units: 2 })), learnedState(gruCell({ units: 2 }))], steps));

  test("is where a sequence starts when no state is given, for every row", () => {
    const weights = new Map(
      layer.parameters.map(({ path, tensor: weight }) => [path.slice(layer.name.length + 1), weight.dataSync()]),
    );
    const state = Object.fromEntries(
      ["0/hiddenState", "0/cellState", "1/hiddenState"].map((name) => {
        const learned = [...(weights.get(name.replace("/", "/initial/")) as Float64Array)];
        return [name, tensor([...learned, ...learned], [2, 2], { backend })];
      }),
    );
    const plain = built(rnn([lstmCell({ units: 2 }), gruCell({ units: 2 })], steps));
    plain.load(
      Object.fromEntries(
        plain.parameters.map(({ path, tensor: weight }) => {
          const name = path.slice(plain.name.length + 1);
          return [name, { shape: weight.shape, data: weights.get(name) as Float64Array }];
        }),
      ),
    );
    expectClose(layer.forward(x).output.dataSync(), plain.forward(x, { state }).output.dataSync(), { atol: 1e-14 });
    const given = layer.forward(x, { state: plain.forward(x).state }).output;
    expectClose(given.dataSync(), plain.forward(x, { state: plain.forward(x).state }).output.dataSync(), { atol: 1e-14 });
  });
  test("is trained: gradients reach it", () => {
    checkGradients(() => layer.forward(x, { mask }).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
  test("is saved, and may be of some parts", () => {
    const some = built(rnn(learnedState(lstmCell({ units: 2 }), { parts: ["cellState"] })));
    expect(some.parameters.map(({ path }) => path)).toContain("rnn/initial/cellState");
    expect(some.parameters.map(({ path }) => path)).not.toContain("rnn/initial/hiddenState");
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(some))));
    again.build([[null, null, 3]], { backend });
    expect(again.parameters.map(({ path }) => path)).toEqual(some.parameters.map(({ path }) => path));
    expect(() => built(rnn(learnedState(lstmCell({ units: 2 }), { parts: ["c"] })))).toThrow(
      /its state is \{ hiddenState, cellState \}/,
    );
  });
});

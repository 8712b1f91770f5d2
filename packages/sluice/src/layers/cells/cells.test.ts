import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { concat, reshape, slice, split } from "../../autograd/ops/shape.ts";
import { valueAndGradients } from "../../autograd/tape.ts";
import { getBackend } from "../../backend/index.ts";
import { full, type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { contextWindow } from "../context-window.ts";
import { gru } from "../gru.ts";
import type { Layer, LayerResult, State } from "../layer.ts";
import { lstm } from "../lstm.ts";
import { mLstm } from "../m-lstm.ts";
import { mdLstm } from "../md-lstm.ts";
import { qrnn } from "../qrnn.ts";
import type { RecurrentLayer } from "../recurrent-layer.ts";
import { rnn } from "../rnn.ts";
import { scan } from "../scan.ts";
import { simpleRnn } from "../simple-rnn.ts";
import { copyWeights } from "../testing/recurrent-samples.ts";
import { augmentedLstm } from "./augmented-lstm.ts";
import { canonicalRnn } from "./canonical-rnn.ts";
import { dilated, dilatedRnn } from "./dilated.ts";
import { gridLstm } from "./grid-lstm.ts";
import { gruCell } from "./gru-cell.ts";
import { indRnn } from "./ind-rnn.ts";
import { lstmCell } from "./lstm-cell.ts";
import { mLstmCell } from "./m-lstm.ts";
import { mLstmBlock, mLstmBlockCell } from "./m-lstm-block.ts";
import { mgu } from "./mgu.ts";
import { minGru, minGruCell } from "./min-gru.ts";
import { minLstm, minLstmCell } from "./min-lstm.ts";
import { mut } from "./mut.ts";
import { qrnnCell } from "./qrnn.ts";
import { sLstm } from "./s-lstm.ts";
import { sLstmBlock, sLstmBlockCell } from "./s-lstm-block.ts";
import { sru } from "./sru.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1, std = 1): Tensor => randomTensor(shape, { seed, like: { backend }, std });
const close = (a: Tensor, b: Tensor, atol = 1e-11): void => {
  expect(a.shape).toEqual(b.shape);
  expectClose(a.dataSync(), b.dataSync(), { rtol: 1e-10, atol });
};

/** Built for I features, with random numbers in every weight. */
function built<L extends Layer>(layer: L, I: number, grid: readonly null[] = [null]): L {
  layer.build([[null, ...grid, I]], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, random(weight.shape, 30 + k, 0.6).dataSync());
  });
  return layer;
}

describe("parameter counts", () => {
  const [I, H, V, L] = [5, 4, 3, 2];
  test.each<[string, Layer, number]>([
    ["MGU", mgu({ units: H }), 2 * (I * H + H * H + H)],
    ["MGU as in Flax", mgu({ units: H, form: "flax" }), 2 * (I * H + H * H + H) + H],
    ["MUT1", mut({ units: H, variant: 1 }), 3 * I * H + 2 * H * H + 3 * H],
    ["MUT2", mut({ units: H, variant: 2 }), 3 * I * H + 3 * H * H + 3 * H],
    ["MUT3", mut({ units: H, variant: 3 }), 3 * I * H + 3 * H * H + 3 * H],
    ["IndRNN", indRnn({ units: H }), I * H + 2 * H],
    ["SRU", sru({ units: H }), 4 * I * H + 4 * H],
    ["QRNN", qrnn({ units: H, window: 2, pooling: "ifo" }), 4 * (2 * I * H + H)],
    ["minGRU without bias", minGru({ units: H, useBias: false }), 2 * I * H],
    ["minLSTM without bias", minLstm({ units: H, useBias: false }), 3 * I * H],
    ["sLSTM", sLstm({ units: H, heads: 2 }), 4 * H * (I + H / 2 + 1)],
    ["mLSTM", mLstm({ units: H, heads: 2 }), (4 * H + 4) * (I + 1)],
    ["sLSTM block", sLstmBlock({ forwardUnits: 7 }), 8 * I * I + 3 * I * 7 + 12 * I],
    ["mLSTM block", mLstmBlock({ heads: 2 }), 6 * I * I + 12 * I * I + 24 * I + 4 + 14 * I + I],
    ["canonical RNN", canonicalRnn({ units: H }), I * H + 2 * H * H + H],
    ["vanilla LSTM of Sherstinsky", augmentedLstm({ units: H, externalInputGate: false }), H * (4 * I + 7 * H + 4)],
    ["grid LSTM", gridLstm({ units: H, depth: 3 }), 2 * I * H + 3 * (16 * H * H + 8 * H)],
  ])("%s", (_name, layer, count) => {
    layer.build([[null, null, I]], { backend });
    expect(layer.parameterCount).toBe(count);
  });
  test("augmented LSTM with windows: 5 L ds dx + 4 ds² + 5 ds dv + 5 ds + dv ds", () => {
    const window = contextWindow({ length: L });
    const layer = augmentedLstm({ units: H, projection: V });
    layer.build([window.outputShape([[null, null, I]])], { backend });
    expect(layer.parameterCount).toBe(5 * L * H * I + 4 * H * H + 5 * H * V + 5 * H + V * H);
  });
  test("MUT1 and MUT2 read x itself where it has H features", () => {
    for (const variant of [1, 2] as const) {
      const layer = mut({ units: H, variant });
      layer.build([[null, null, H]], { backend });
      expect(layer.parameterCount).toBe(2 * H * H + (1 + variant) * H * H + 3 * H);
    }
  });
  test("MDLSTM over two axes", () => {
    const layer = mdLstm({ units: H });
    layer.build([[null, null, null, I]], { backend });
    expect(layer.parameterCount).toBe(5 * H * (I + 2 * H + 1));
  });
});

describe("step by step, all at once and in chunks", () => {
  const x = random([2, 67, 3], 5);
  const steps = { returnSequences: true, name: "same" };
  const cases: readonly [string, RecurrentLayer, RecurrentLayer][] = [
    ["minGRU", minGru({ units: 4, ...steps }), rnn(minGruCell({ units: 4 }), steps)],
    ["minLSTM", minLstm({ units: 4, ...steps }), rnn(minLstmCell({ units: 4 }), steps)],
    ["minGRU in log space", minGru({ units: 4, logSpace: true, ...steps }), rnn(minGruCell({ units: 4 }), steps)],
    ["minLSTM in log space", minLstm({ units: 4, logSpace: true, ...steps }), rnn(minLstmCell({ units: 4 }), steps)],
    ["QRNN", qrnn({ units: 4, window: 2, ...steps }), rnn(qrnnCell({ units: 4, window: 2 }), steps)],
    [
      "mLSTM, chunks of 16",
      mLstm({ units: 4, heads: 2, chunkLength: 16, ...steps }),
      rnn(mLstmCell({ units: 4, heads: 2 }), steps),
    ],
    [
      "mLSTM, one chunk",
      mLstm({ units: 4, heads: 2, chunkLength: 100, ...steps }),
      rnn(mLstmCell({ units: 4, heads: 2 }), steps),
    ],
    ["mLSTM block", mLstmBlock({ chunkLength: 16, ...steps }), rnn(mLstmBlockCell(), steps)],
    ["sLSTM block", sLstmBlock(steps), rnn(sLstmBlockCell(), steps)],
  ];
  test.each(cases)("%s: the same numbers and gradients", (_name, parallel, sequential) => {
    built(parallel, 3);
    built(sequential, 3);
    const [a, b] = [parallel.forward(x), sequential.forward(x)];
    close(a.output, b.output);
    for (const part of Object.keys(b.state)) close(a.state[part] as Tensor, b.state[part] as Tensor);
    const gradientsOf = (layer: RecurrentLayer): Tensor[] =>
      valueAndGradients(() => sum(layer.forward(x).output), [x, ...layer.parameters.map((weight) => weight.tensor)]).gradients;
    const expected = gradientsOf(sequential);
    for (const [k, gradient] of gradientsOf(parallel).entries()) close(gradient, expected[k] as Tensor, 1e-9);
    let state: State | undefined;
    const parts = [0, 1, 20, 50].map((from, k, cuts) => {
      const part = parallel.forward(slice(x, from, cuts[k + 1] ?? 67, { axis: 1 }), state ? { state } : {});
      state = part.state;
      return part.output;
    });
    close(concat(parts, { axis: 1 }), b.output);
  });
  test("minimal cells take states below 0 and gates that vanish", () => {
    const layers = [false, true].flatMap((logSpace) => [
      minGru({ units: 1, logSpace, ...steps }),
      minLstm({ units: 1, logSpace, ...steps }),
    ]);
    for (const layer of layers) {
      layer.build([[null, null, 1]], { backend });
      for (const { tensor: weight } of layer.parameters) backend.write(weight.storage, new Float64Array(weight.size).fill(-400));
      const state = { hiddenState: tensor([-2], [1, 1], { backend }) };
      const { output } = layer.forward(full([1, 3, 1], 1, { backend }), { state });
      const kept = layer.type === "MinGRU" ? 1 : 0.5; // z = 0 keeps all; f and i of one size share
      expectClose(
        output.dataSync(),
        [1, 2, 3].map((t) => -2 * kept ** t),
        { rtol: 1e-12 },
      );
    }
  });
  test("xLSTM gates of a size whose exponentials overflow leave numbers", () => {
    for (const layer of [sLstm({ units: 2, ...steps }), mLstm({ units: 2, ...steps })]) {
      built(layer, 3);
      for (const scale of [1e4, -1e4]) {
        const { output } = layer.forward(random([1, 5, 3], 9, scale));
        expect(output.dataSync().every(Number.isFinite)).toBe(true);
      }
    }
  });
});

describe("reductions", () => {
  const x = random([2, 5, 3], 6);
  const weightsOf = (layer: Layer): Map<string, Tensor> =>
    new Map(layer.parameters.map(({ path, tensor: weight }) => [path.slice(layer.name.length + 1), weight]));
  const fill = (layer: Layer, name: string, value: number): void => {
    const weight = weightsOf(layer).get(name) as Tensor;
    backend.write(weight.storage, new Float64Array(weight.size).fill(value));
  };

  test("the canonical RNN with W_s = 0 is the simple one", () => {
    const [canonical, simple] = [built(canonicalRnn({ units: 4 }), 3), built(simpleRnn({ units: 4 }), 3)];
    fill(canonical, "stateKernel", 0);
    const from = weightsOf(canonical);
    for (const [name, weight] of weightsOf(simple)) backend.write(weight.storage, (from.get(name) as Tensor).dataSync());
    close(canonical.forward(x).output, simple.forward(x).output);
  });
  test("the augmented LSTM with an open gate and an identity projection is the vanilla one, and without peepholes the common one", () => {
    const [augmented, vanilla] = [
      built(augmentedLstm({ units: 4, projection: 4 }), 3),
      built(augmentedLstm({ units: 4, externalInputGate: false }), 3),
    ];
    const blocksOf = (name: string, count: number): Tensor => {
      const weight = weightsOf(augmented).get(name) as Tensor;
      return slice(weight, 0, count * 4, { axis: -1 });
    };
    for (const [name, count] of [
      ["kernel", 4],
      ["recurrentKernel", 4],
      ["peepholeKernel", 2],
      ["outputPeephole", 1],
      ["bias", 4],
    ] as const) {
      backend.write((weightsOf(vanilla).get(name) as Tensor).storage, blocksOf(name, count).dataSync());
    }
    const openGate = (name: string, rows: number, from: number): void => {
      const weight = weightsOf(augmented).get(name) as Tensor;
      const width = weight.shape.at(-1) as number;
      const values = weight.dataSync();
      for (let row = 0; row < rows; row++) values.fill(name === "bias" ? 60 : 0, row * width + from, (row + 1) * width);
      backend.write(weight.storage, values);
    };
    openGate("kernel", 3, 16);
    openGate("recurrentKernel", 4, 16);
    openGate("peepholeKernel", 4, 8);
    openGate("bias", 1, 16); // σ(60) is 1 in float64
    const identity = Float64Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 1 : 0));
    backend.write((weightsOf(augmented).get("projectionKernel") as Tensor).storage, identity);
    close(augmented.forward(x).output, vanilla.forward(x).output);
    const peepholes = built(lstm({ units: 4, peepholes: "full" }), 3);
    const [inputPeephole, forgetPeephole] = split(weightsOf(vanilla).get("peepholeKernel") as Tensor, 2);
    const same = new Map([...weightsOf(vanilla), ["inputPeephole", inputPeephole], ["forgetPeephole", forgetPeephole]]);
    for (const [name, weight] of weightsOf(peepholes)) backend.write(weight.storage, (same.get(name) as Tensor).dataSync());
    close(peepholes.forward(x).output, vanilla.forward(x).output);
    const common = built(lstm({ units: 4 }), 3);
    for (const name of ["peepholeKernel", "outputPeephole"]) fill(vanilla, name, 0);
    for (const [name, weight] of weightsOf(common))
      backend.write(weight.storage, (weightsOf(vanilla).get(name) as Tensor).dataSync());
    close(vanilla.forward(x).output, common.forward(x).output);
  });
  test("dilation d is d interleaved sequences; 1 is the cell itself", () => {
    const steps = { returnSequences: true };
    const skipping = built(rnn(dilated(lstmCell({ units: 4 }), 3), steps), 3);
    const plain = built(lstm({ units: 4, ...steps }), 3);
    copyWeights(skipping, plain);
    const long = random([2, 9, 3], 8);
    const apart = reshape(long, [2, 3, 3, 3]); // [B, T / d, d, I]
    const found = reshape(skipping.forward(long).output, [2, 3, 3, 4]);
    for (let phase = 0; phase < 3; phase++) {
      const own = reshape(slice(apart, phase, phase + 1, { axis: 2 }), [2, 3, 3]);
      close(reshape(slice(found, phase, phase + 1, { axis: 2 }), [2, 3, 4]), plain.forward(own).output);
    }
    const one = built(dilatedRnn([gruCell({ units: 4 })], steps), 3);
    const same = built(gru({ units: 4, ...steps }), 3);
    copyWeights(one, same);
    close(one.forward(long).output, same.forward(long).output);
    expect(() => dilatedRnn([gruCell({ units: 4 })], { dilations: [1, 2] })).toThrow(/one for each cell/);
  });
  test.each([false, true])("a stack of dilated cells over a sequence is its step at each time, goBackwards %j", (goBackwards) => {
    const cells = [lstmCell({ units: 4 }), gruCell({ units: 3 }), mLstmCell({ units: 2 })]; // the last has no kernel of its own
    const layer = built(dilatedRnn(cells, { dilations: [1, 3, 2], returnSequences: true, goBackwards }), 3);
    const long = random([2, 8, 3], 8); // 3 does not divide 8
    const shapes = Object.entries<readonly number[]>(layer.cell.stateShapes);
    const start: State = Object.fromEntries(shapes.map(([name, shape], k) => [name, random([2, ...shape], 40 + k)]));
    const stepped = (): Pick<LayerResult, "output" | "state"> =>
      scan((xt, state: State) => layer.cell.step(xt, state), start, long, {
        output: (state) => layer.cell.output(state),
        goBackwards,
      });
    const [found, expected] = [layer.forward(long, { state: start }), stepped()];
    close(found.output, expected.output);
    for (const [name, part] of Object.entries(expected.state)) close(found.state[name] as Tensor, part);
    const wrt = [long, ...layer.parameters.map((weight) => weight.tensor)];
    const slopes = (run: () => Pick<LayerResult, "output">): readonly Tensor[] =>
      valueAndGradients(() => sum(run().output), wrt).gradients;
    const slow = slopes(stepped);
    for (const [k, gradient] of slopes(() => layer.forward(long, { state: start })).entries())
      close(gradient, slow[k] as Tensor, 1e-9);
  });
});

describe("context windows", () => {
  test("lay the steps that follow beside each step, with zeros beyond the end and at masked steps", () => {
    const x = tensor([1, 2, 3, 4], [1, 4, 1], { backend });
    const mask = tensor([1, 1, 0, 1], [1, 4], { backend });
    const layer = contextWindow({ length: 3 });
    expect([...layer.forward(x).output.dataSync()]).toEqual([1, 2, 3, 2, 3, 4, 3, 4, 0, 4, 0, 0]);
    expect([...layer.forward(x, { mask }).output.dataSync()]).toEqual([1, 2, 0, 2, 0, 4, 0, 4, 0, 4, 0, 0]);
    expect(() => layer.forward(random([2, 3]))).toThrow(/\[batch, time, features\]/);
  });
  test("with the augmented LSTM have the right gradients, where the paper misprints two", () => {
    const x = random([2, 4, 2], 3);
    const window = contextWindow({ length: 2 });
    const layer = built(augmentedLstm({ units: 3, projection: 2, returnSequences: true }), 4);
    checkGradients(() => layer.forward(window.forward(x).output).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
});

test("options outside their rules are refused", () => {
  expect(() => mut({ units: 2, variant: 4 as 3 })).toThrow(/variants 1, 2 and 3/);
  expect(() => mgu({ units: 2, form: "x" as "paper" })).toThrow(/"paper" or "flax"/);
  expect(() => qrnn({ units: 2, window: 3 as 2 })).toThrow(/1 or 2/);
  expect(() => qrnn({ units: 2, pooling: "if" as "f" })).toThrow(/"f", "fo" or "ifo"/);
  expect(() => sLstm({ units: 3, heads: 2 })).toThrow(/share the units evenly/);
  expect(() => mLstm({ units: 4, chunkLength: 0 })).toThrow(/whole number from 1 up/);
  expect(() => minGru({ units: 2, activation: "tanh", logSpace: true })).toThrow(/above 0/);
});

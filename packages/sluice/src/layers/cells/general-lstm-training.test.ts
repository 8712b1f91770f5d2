import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { valueAndGradients } from "../../autograd/tape.ts";
import { getBackend } from "../../backend/index.ts";
import { loadModel } from "../../formats/safetensors/load-model.ts";
import { saveModel } from "../../formats/safetensors/save-model.ts";
import { sequential } from "../../models/sequential.ts";
import { RandomStream } from "../../random/philox.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { dense } from "../dense.ts";
import type { Layer } from "../layer.ts";
import { lstm } from "../lstm.ts";
import { rnn } from "../rnn.ts";
import { copyWeights, weightOf, prepared as withRandomWeights } from "../testing/recurrent-samples.ts";
import { lstmCell } from "./lstm-cell.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const prepared = <L extends Layer>(layer: L, I: number): L => withRandomWeights(layer, { I, seed: 0 }, backend);

describe("in training", () => {
  const x = random([2, 40, 3], 2);
  const run = (layer: Layer, step: number) => layer.forward(x, { training: true, step }).output;

  test("zoneout keeps the old value at its rate, afresh at each step and call", () => {
    const layer = prepared(lstm({ units: 25, returnSequences: true, zoneout: { hidden: 0.3 } }), 3);
    const h = run(layer, 1).dataSync();
    const kept = (values: ArrayLike<number>) =>
      Array.from({ length: 2 * 39 * 25 }, (_, k) => {
        const at = Math.floor(k / (39 * 25)) * 1000 + (k % (39 * 25)) + 25;
        return values[at] === values[at - 25];
      });
    const held = kept(h);
    const share = held.filter(Boolean).length / held.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.05); // 1 950 draws: five standard deviations
    const steps = Array.from({ length: 39 }, (_, t) => held.slice(t * 25, t * 25 + 25).join());
    expect(new Set(steps).size).toBeGreaterThan(35);
    expect(kept(run(layer, 1).dataSync())).toEqual(held);
    expect(kept(run(layer, 2).dataSync())).not.toEqual(held);
    expect(kept(layer.forward(x).output.dataSync()).some(Boolean)).toBe(false);
  });
  test("zoneout of the cell leaves what h is made of as it is", () => {
    const layer = prepared(lstm({ units: 30, returnSequences: true, zoneout: { cell: 0.5 } }), 3);
    const plain = prepared(lstm({ units: 30, returnSequences: true }), 3);
    const first = x.dataSync().slice(0, 3);
    const one = tensor(first, [1, 1, 3], { backend });
    const { output, state } = layer.forward(one, { training: true });
    const whole = plain.forward(one);
    expectClose(output.dataSync(), whole.output.dataSync(), { atol: 1e-15 });
    const cells = state.cellState?.dataSync() ?? [];
    const next = whole.state.cellState?.dataSync() ?? [];
    const zoned = Array.from(cells).filter((c) => c === 0).length;
    expect(zoned).toBeGreaterThan(5);
    expect(zoned).toBeLessThan(25);
    expect(Array.from(cells).every((c, k) => c === 0 || Math.abs(c - (next[k] as number)) < 1e-15)).toBe(true);
  });
  test("weight drop thins the recurrent kernel alone, the same at all steps, afresh at each call", () => {
    const layer = prepared(lstm({ units: 6, returnSequences: true, weightDrop: 0.5 }), 3);
    expect(run(layer, 1).dataSync()).toEqual(run(layer, 1).dataSync());
    expect(run(layer, 1).dataSync()).not.toEqual(run(layer, 2).dataSync());
    const firstSteps = (values: ArrayLike<number>) => Array.from(values).slice(0, 6);
    expect(firstSteps(run(layer, 1).dataSync())).toEqual(firstSteps(layer.forward(x).output.dataSync())); // h_0 = 0
    const R = weightOf(layer, "recurrentKernel");
    const { gradients } = valueAndGradients(() => sum(run(layer, 1)), [R]);
    const still = Array.from((gradients[0] as Tensor).dataSync()).filter((d) => d === 0).length;
    expect(still).toBeGreaterThan(40); // of 144, dropped at all steps: the mean is 72, the standard deviation 6
    expect(still).toBeLessThan(104);
  });
  test("candidate dropout draws afresh at each step, and a dropped candidate leaves the cell alone", () => {
    const options = {
      units: 40,
      returnSequences: true,
      forgetGate: false,
      outputGate: false,
      outputActivation: "linear",
    } as const;
    const layer = prepared(lstm({ ...options, candidateDropout: 0.4 }), 3);
    const R = weightOf(layer, "recurrentKernel");
    backend.write(R.storage, new Float64Array(R.size)); // so that nothing saturates: then c moves at every step
    const c = run(layer, 1).dataSync();
    const still = Array.from({ length: 39 * 40 }, (_, k) => c[k + 40] === c[k]);
    expect(Math.abs(still.filter(Boolean).length / still.length - 0.4)).toBeLessThan(0.06);
    expect(still.slice(0, 40)).not.toEqual(still.slice(40, 80));
  });
  test("all of it works in a stack, each cell with masks of its own", () => {
    const options = { units: 4, zoneout: { hidden: 0.3, cell: 0.3 }, candidateDropout: 0.3, learnInitialState: true };
    const stack = prepared(rnn([lstmCell(options), lstmCell(options)], { returnSequences: true }), 3);
    const short = random([2, 4, 3], 5);
    checkGradients(
      () => stack.forward(short, { training: true, step: 2 }).output,
      [short, ...stack.parameters.map((each) => each.tensor)],
    );
    expect(stack.parameters.map(({ path }) => path)).toContain("rnn/1/initialCellState");
  });
});

describe("the learned initial state", () => {
  const layer = prepared(lstm({ units: 3, learnInitialState: true, returnSequences: true }), 2);
  const [h, c] = [weightOf(layer, "initialHiddenState"), weightOf(layer, "initialCellState")];
  const x = random([2, 4, 2], 6);
  const rows = (of: Tensor) => tensor([...of.dataSync(), ...of.dataSync()], [2, 3], { backend });

  test("is where every row starts, in sequences, streams and stateful calls; a given state comes first", () => {
    const state = { hiddenState: rows(h), cellState: rows(c) };
    const expected = layer.forward(x, { state }).output.dataSync();
    expect(layer.forward(x).output.dataSync()).toEqual(expected);
    const first = layer.step(tensor(x.dataSync().slice(0, 2), [1, 2], { backend })).hiddenState.dataSync();
    expectClose(first, expected.slice(0, 3), { atol: 1e-15 });
    const zero = {
      hiddenState: tensor(new Float64Array(6), [2, 3], { backend }),
      cellState: tensor(new Float64Array(6), [2, 3], { backend }),
    };
    expect(layer.forward(x, { state: zero }).output.dataSync()).not.toEqual(expected);
    const stateful = lstm({ units: 3, learnInitialState: true, returnSequences: true, stateful: true });
    stateful.build([[null, null, 2]], { backend });
    copyWeights(layer, stateful);
    expect(stateful.forward(x).output.dataSync()).toEqual(expected);
    expect(stateful.forward(x).output.dataSync()).not.toEqual(expected);
    stateful.resetStates();
    expect(stateful.forward(x).output.dataSync()).toEqual(expected);
  });
  test("starts at 0 and has gradients, also where a row has no step at all", () => {
    const fresh = lstm({ units: 3, learnInitialState: true });
    fresh.build([[null, null, 2]], { backend });
    expect([...weightOf(fresh, "initialHiddenState").dataSync()]).toEqual([0, 0, 0]);
    const mask = tensor([0, 0, 0, 0, 1, 1, 1, 1], [2, 4], { backend });
    const last = lstm({ units: 3, learnInitialState: true });
    last.build([[null, null, 2]], { backend });
    copyWeights(layer, last);
    checkGradients(
      () => last.forward(x, { mask }).output,
      last.parameters.map((each) => each.tensor),
    );
  });
});

test("with everything on it learns the adding problem, and is the same when saved and loaded", async () => {
  const [N, T] = [128, 6];
  const stream = new RandomStream({ seed: 3, stream: 0, step: 0 });
  const x = Float32Array.from({ length: N * T * 2 }, (_, k) => (k % 2 === 0 ? stream.uniform() : 0));
  const y = new Float32Array(N);
  for (let n = 0; n < N; n++) {
    for (const t of [stream.below(T / 2), T / 2 + stream.below(T / 2)]) {
      x[(n * T + t) * 2 + 1] = 1;
      y[n] = (y[n] as number) + (x[(n * T + t) * 2] as number);
    }
  }
  const layer = lstm({
    units: 16,
    variant: "CIFG",
    gateRecurrence: true,
    projection: { recurrent: 8, nonRecurrent: 4 },
    layerNorm: true,
    zoneout: { hidden: 0.05, cell: 0.05 },
    candidateDropout: 0.05,
    weightDrop: 0.1,
    learnInitialState: true,
    gateBias: { chrono: { longest: T } },
    cellClip: 10,
    gateClip: 20,
    cellActivation: { type: "scaledTanh", alpha: 1.7159, beta: 2 / 3 },
    inputShape: [null, 2],
  });
  const net = sequential([layer, dense({ units: 1 })], { backend: "wasm", seed: 2 });
  net.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss: "mse" });
  const data = { shape: [N, T, 2], data: x };
  await net.fit(data, { shape: [N], data: y }, { epochs: 30 });
  const { loss } = await net.evaluate(data, { shape: [N], data: y });
  expect(loss).toBeLessThan(0.06); // the mean of all sums misses by 1/6
  const again = loadModel(await saveModel(net), { backend: "wasm" });
  expect((await again.predict(data)).data).toEqual((await net.predict(data)).data);
});

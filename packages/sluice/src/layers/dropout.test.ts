import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import * as ops from "../autograd/ops/index.ts";
import { getBackend } from "../backend/index.ts";
import { ones, type Tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { type GRUCell, gruCell } from "./cells/gru-cell.ts";
import { LSTMCell, lstmCell } from "./cells/lstm-cell.ts";
import { type SimpleRNNCell, simpleRnnCell } from "./cells/simple-rnn-cell.ts";
import { dropout } from "./dropout.ts";
import type { CallContext } from "./layer.ts";
import { simpleRnn } from "./simple-rnn.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend } });
const training = (step: number): CallContext => ({ training: true, masks: [null], state: null, step });

describe("dropout of a recurrent layer", () => {
  /** h_t = x_t: the output is the input after dropout. */
  function mirror(options: { dropout: number }) {
    const layer = simpleRnn({ units: 3, activation: "linear", returnSequences: true, useBias: false, ...options });
    layer.build([[null, null, 3]], { backend });
    return layer.load({
      kernel: { shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
      recurrentKernel: { shape: [3, 3], data: new Array<number>(9).fill(0) },
    });
  }
  const x = ones([40, 6, 3], { backend });

  test("drops the same features at all steps, and others in other rows", () => {
    const y = mirror({ dropout: 0.25 }).forward(x, { training: true }).output.dataSync();
    const first = Array.from({ length: 40 }, (_, b) => [...y.slice(b * 18, b * 18 + 3)]);
    for (let k = 0; k < y.length; k++) expect(y[k]).toBe(first[Math.floor(k / 18)]?.[k % 3]);
    expect(new Set(y).size).toBe(2);
    expect(Math.max(...y)).toBeCloseTo(1 / 0.75, 12);
    expect(new Set(first.map(String)).size).toBeGreaterThan(2);
    const share = first.flat().filter((v) => v === 0).length / 120;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.12); // three standard deviations of 120 draws
  });
  test("is drawn from seed and step, and rests outside training", () => {
    const layer = mirror({ dropout: 0.5 });
    const run = (step: number) => layer.forward(x, { training: true, step }).output.dataSync();
    expect(run(4)).toEqual(run(4));
    expect(run(5)).not.toEqual(run(4));
    expect(layer.forward(x).output.dataSync()).toEqual(x.dataSync());
  });
  test("has one mask on x and one for each gate on h", () => {
    for (const [make, gates] of [
      [lstmCell, 4],
      [gruCell, 3],
      [simpleRnnCell, 1],
    ] as const) {
      const cell = make({ units: 20, dropout: 0.5, recurrentDropout: 0.5 });
      cell.build([[null, 30]], { backend });
      backend.step(() => {
        const { input, recurrent } = cell.drawDropout([2, 30], training(0));
        expect(input?.shape).toEqual([2, 30]);
        expect(recurrent.map(({ shape }) => shape)).toEqual(new Array(gates).fill([2, 20]));
        expect(new Set(recurrent.map((mask) => String(mask.dataSync()))).size).toBe(gates);
        expect(cell.drawDropout([2, 30], { ...training(0), training: false }).input).toBeNull();
      });
    }
  });
});

describe("recurrent dropout: gate k reads h ⊙ mask k, and the state itself is not thinned", () => {
  const [B, I, H] = [2, 3, 2];
  const { sigmoid, tanh, multiply: times, subtract: minus, add: plus } = ops;
  const [x, h, c] = [random([B, I], 1), random([B, H], 2), random([B, H], 3)];
  const masks = [4, 5, 6, 7].map((seed) => random([B, H], seed)); // any numbers show which mask went where

  /** The cell with random weights, and what block k of the pre-activations gets from x and from any h. */
  function parts<C extends LSTMCell | GRUCell | SimpleRNNCell>(cell: C, gates: number) {
    cell.build([[null, I]], { backend });
    for (const [k, { tensor: weight }] of cell.parameters.entries())
      backend.write(weight.storage, random(weight.shape, 10 + k).dataSync());
    const [kernel, recurrentKernel, bias, recurrentBias] = cell.parameters.map((weight) => ops.split(weight.tensor, gates));
    const fromX = (k: number): Tensor => ops.linear(x, kernel?.[k] as Tensor, bias?.[k]);
    const fromH = (k: number, of: Tensor): Tensor => {
      const product = ops.matmul(of, recurrentKernel?.[k] as Tensor);
      return recurrentBias ? plus(product, recurrentBias[k] as Tensor) : product;
    };
    const thinned = (k: number): Tensor => fromH(k, times(h, masks[k] as Tensor));
    return { cell, fromX, fromH, thinned, masks: { input: null, recurrent: masks.slice(0, gates) } };
  }
  const close = (a: Tensor, b: Tensor) => expectClose(a.dataSync(), b.dataSync(), { atol: 1e-13 });

  test("LSTM", () => {
    const { cell, fromX, thinned, masks: drawn } = parts(new LSTMCell({ units: H }), 4);
    const [i, f, g, o] = [0, 1, 2, 3].map((k) => plus(fromX(k), thinned(k))) as [Tensor, Tensor, Tensor, Tensor];
    const found = cell.step(x, { hiddenState: h, cellState: c }, drawn);
    const cellState = plus(times(sigmoid(f), c), times(sigmoid(i), tanh(g)));
    close(found.cellState, cellState);
    close(found.hiddenState, times(sigmoid(o), tanh(cellState)));
  });
  test.each([true, false])("GRU, resetAfter %s", (resetAfter) => {
    const { cell, fromX, fromH, thinned, masks: drawn } = parts(gruCell({ units: H, resetAfter }), 3);
    const [z, r] = [0, 1].map((k) => sigmoid(plus(fromX(k), thinned(k)))) as [Tensor, Tensor];
    const fromState = resetAfter ? times(r, thinned(2)) : fromH(2, times(r, times(h, masks[2] as Tensor)));
    const candidate = tanh(plus(fromX(2), fromState));
    close(cell.step(x, { hiddenState: h }, drawn).hiddenState, plus(times(z, h), times(minus(1, z), candidate)));
  });
  test("simple RNN", () => {
    const { cell, fromX, thinned, masks: drawn } = parts(simpleRnnCell({ units: H }), 1);
    close(cell.step(x, { hiddenState: h }, drawn).hiddenState, tanh(plus(fromX(0), thinned(0))));
  });
});

describe("the layer Dropout", () => {
  const x = ones([50, 4, 5], { backend });
  const run = (options: Parameters<typeof dropout>[0], input: Tensor = x) =>
    dropout(options).forward(input, { training: true }).output.dataSync();

  test("keeps the mean, and does nothing outside training or at rate 0", () => {
    const y = run({ rate: 0.4 });
    expect(new Set(y).size).toBe(2);
    expect(Math.abs(Array.from(y).reduce((all, v) => all + v, 0) / y.length - 1)).toBeLessThan(0.08); // three standard deviations of 1000 draws
    expect(dropout({ rate: 0.4 }).forward(x).output.dataSync()).toEqual(x.dataSync());
    expect(run({ rate: 0 })).toEqual(x.dataSync());
  });
  test("repeats its mask along axes of 1 in noiseShape", () => {
    const y = run({ rate: 0.5, noiseShape: [null, 1, null], seed: 3 });
    for (let b = 0; b < 50; b++) {
      for (let k = 0; k < 20; k++) expect(y[b * 20 + k]).toBe(y[b * 20 + (k % 5)]);
    }
    expect(y).toEqual(run({ rate: 0.5, noiseShape: [null, 1, null], seed: 3 }));
    expect(y).not.toEqual(run({ rate: 0.5, noiseShape: [null, 1, null], seed: 4 }));
  });
  test("refuses a rate of 1 and a noiseShape that does not fit", () => {
    expect(() => dropout({ rate: 1 })).toThrow(/from 0 to below 1/);
    expect(() => run({ rate: 0.5, noiseShape: [null, 2, null] })).toThrow(/needs one entry for each axis/);
  });
});

import { describe, expect, test, vi } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { add, multiply, tanh } from "../autograd/ops/elementwise.ts";
import { matmul } from "../autograd/ops/matmul.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { ValueError } from "../errors.ts";
import { sequential } from "../models/sequential.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { bidirectional } from "./bidirectional.ts";
import { Cell, type HiddenState } from "./cells/cell.ts";
import { dilated } from "./cells/dilated.ts";
import { GRUCell, gruCell } from "./cells/gru-cell.ts";
import { LSTMCell, type LSTMState, lstmCell } from "./cells/lstm-cell.ts";
import { SimpleRNNCell, simpleRnnCell } from "./cells/simple-rnn-cell.ts";
import { gru } from "./gru.ts";
import type { LayerOptions, State, SymbolicShape } from "./layer.ts";
import { layerFromConfig } from "./layer-from-config.ts";
import { lstm } from "./lstm.ts";
import type { Parameter } from "./parameter.ts";
import { configOf, registerLayer } from "./registry.ts";
import { rnn } from "./rnn.ts";
import { scan } from "./scan.ts";
import { copyWeights } from "./testing/recurrent-samples.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });

interface LeakyOptions extends LayerOptions {
  readonly units: number;
}

/** The example of `Cell`'s documentation: h' = 0.9 h + tanh(x W). */
class LeakyCell extends Cell<LeakyOptions, HiddenState> {
  readonly type = "LeakyCell";
  readonly stateShapes = { hiddenState: [this.options.units] };
  private kernel!: Parameter;
  constructor(options: LeakyOptions) {
    super(options, "leakyCell");
  }
  protected override buildParameters([x]: readonly SymbolicShape[]): void {
    this.kernel = this.addParameter("kernel", [x?.at(-1) ?? 0, this.options.units], { initializer: "glorotUniform" });
  }
  step(x: Tensor, { hiddenState: h }: HiddenState): HiddenState {
    return { hiddenState: add(multiply(h, 0.9), tanh(matmul(x, this.kernel.tensor))) };
  }
}

describe("a cell of one's own", () => {
  const x = random([2, 4, 3]);
  const mask = tensor([1, 0, 1, 1, 0, 0, 1, 0], [2, 4], { backend });

  test("computes what its equation says, masks included", () => {
    const layer = rnn(new LeakyCell({ units: 2 }), { returnSequences: true });
    const { output } = layer.forward(x, { mask });
    const W = layer.parameters[0]?.tensor.dataSync() as Float64Array;
    const [xs, uses] = [x.dataSync(), mask.dataSync()];
    const expected: number[] = [];
    for (let b = 0; b < 2; b++) {
      const h = [0, 0];
      for (let t = 0; t < 4; t++) {
        for (let j = 0; j < 2 && uses[b * 4 + t] === 1; j++) {
          const z = [0, 1, 2].reduce((all, i) => all + (xs[(b * 4 + t) * 3 + i] as number) * (W[i * 2 + j] as number), 0);
          h[j] = 0.9 * (h[j] as number) + Math.tanh(z);
        }
        expected.push(...h);
      }
    }
    expectClose(output.dataSync(), expected, { atol: 1e-14 });
  });
  test("has gradients, runs both ways, carries its state", () => {
    const layer = rnn(new LeakyCell({ units: 2 }), { returnSequences: true, goBackwards: true });
    layer.build([[null, null, 3]], { backend });
    checkGradients(() => layer.forward(x, { mask }).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
  });
  test("is saved once it is registered", () => {
    const layer = rnn(new LeakyCell({ units: 2 }));
    expect(() => configOf(layer)).toThrow(/its type "LeakyCell" is not registered/);
    registerLayer({ type: "LeakyCell", create: (options: LeakyOptions) => new LeakyCell(options) });
    expect(() => registerLayer({ type: "LSTM", create: (options: LeakyOptions) => new LeakyCell(options) })).toThrow(ValueError);
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
    again.build([[null, null, 3]], { backend });
    expect(again.forward(x).output.dataSync()).toEqual(layer.forward(x).output.dataSync());
  });
});

describe("stacked cells", () => {
  const x = random([2, 4, 3]);
  const mask = tensor([1, 1, 0, 1, 0, 1, 1, 0], [2, 4], { backend });
  const cells = () => [lstmCell({ units: 3 }), gruCell({ units: 2 })];

  test("are two layers, one on the other", () => {
    const stack = rnn(cells(), { returnSequences: true });
    const [below, above] = [lstm({ units: 3, returnSequences: true }), gru({ units: 2, returnSequences: true })];
    stack.build([[null, null, 3]], { backend });
    below.build([[null, null, 3]], { backend });
    above.build([[null, null, 3]], { backend });
    const [first, second] = (stack.cell as unknown as { cells: [Cell, Cell] }).cells;
    copyWeights(first, below);
    copyWeights(second, above);
    const found = stack.forward(x, { mask });
    const lower = below.forward(x, { mask });
    const upper = above.forward(lower.output, { mask });
    expectClose(found.output.dataSync(), upper.output.dataSync(), { atol: 1e-14 });
    expect(Object.keys(found.state)).toEqual(["0/hiddenState", "0/cellState", "1/hiddenState"]);
    expectClose((found.state["0/cellState"] as Tensor).dataSync(), lower.state.cellState.dataSync(), { atol: 1e-14 });
  });
  test("keep weights apart by position, and carry dropout, state and gradients", () => {
    const stack = rnn([lstmCell({ units: 2, dropout: 0.3, recurrentDropout: 0.3 }), simpleRnnCell({ units: 2, dropout: 0.3 })], {
      name: "r",
    });
    stack.build([[null, null, 3]], { backend });
    expect(stack.parameters.map(({ path }) => path)).toEqual([
      "r/0/kernel",
      "r/0/recurrentKernel",
      "r/0/bias",
      "r/1/kernel",
      "r/1/recurrentKernel",
      "r/1/bias",
    ]);
    const { state } = stack.forward(x);
    checkGradients(
      () => stack.forward(x, { mask, state, training: true }).output,
      [x, ...stack.parameters.map((weight) => weight.tensor)],
    );
  });
  test("are cloned by bidirectional, with weights of their own", () => {
    const both = bidirectional(rnn(cells(), { returnSequences: true }));
    both.build([[null, null, 3]], { backend });
    const one = rnn(cells());
    one.build([[null, null, 3]], { backend });
    expect(both.parameterCount).toBe(2 * one.parameterCount);
    expect(both.forward(x).output.shape).toEqual([2, 4, 4]);
    expect(new Set(both.parameters.map(({ path }) => path)).size).toBe(both.parameters.length);
    expect(new Set(both.parameters.map((weight) => weight.tensor)).size).toBe(both.parameters.length);
    const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(both))));
    again.build([[null, null, 3]], { backend });
    expect(again.parameters.map(({ path }) => path)).toEqual(both.parameters.map(({ path }) => path));
  });
  test("an empty list is refused", () => {
    expect(() => rnn([])).toThrow(/one cell or a list of at least one/);
  });
});

test("scan carries a state through any step", () => {
  const xs = tensor([1, 2, 3, 10, 20, 30], [2, 3, 1], { backend });
  const mask = tensor([1, 0, 1, 0, 1, 1], [2, 3], { backend });
  const total = (x: Tensor, { sum: before }: { sum: Tensor }) => ({ sum: add(before, x) });
  const start = { sum: zeros([2, 1], { backend }) };
  const run = (options: object) => scan(total, start, xs, { output: ({ sum: now }) => now, ...options });
  expect([...run({}).output.dataSync()]).toEqual([1, 3, 6, 10, 30, 60]);
  expect([...run({ mask }).output.dataSync()]).toEqual([1, 1, 4, 0, 20, 50]);
  expect([...run({ goBackwards: true }).output.dataSync()]).toEqual([3, 5, 6, 30, 50, 60]);
  const { output, state } = run({ mask, goBackwards: true, returnSequences: false });
  expect([...output.dataSync()]).toEqual([4, 50]);
  expect(state.sum.shape).toEqual([2, 1]);
});

test("keeping the next state does not change what backward reads of the one before", () => {
  const x = random([2, 3, 2]);
  const make = (stateful: boolean) => rnn(lstmCell({ units: 3 }), { stateful, name: "r" });
  const [kept, plain] = [make(true), make(false)];
  const gradientsOf = (layer: ReturnType<typeof make>, state?: State) =>
    valueAndGradients(
      () => sum(layer.forward(x, state ? { state } : {}).output),
      layer.parameters.map((weight) => weight.tensor),
    );
  kept.forward(x);
  const { state } = plain.forward(x);
  const [a, b] = [gradientsOf(kept), gradientsOf(plain, state)];
  expect(a.gradients.map((gradient) => gradient.dataSync())).toEqual(b.gradients.map((gradient) => gradient.dataSync()));
});

test.each([
  lstmCell({ units: 2 }),
  lstmCell({ units: 2, weightDrop: 0.1 }),
  gruCell({ units: 2 }),
  simpleRnnCell({ units: 2 }),
])("a cell that has a kernel takes no step in a sequence, alone, in a stack or dilated", (cell) => {
  const step = vi.spyOn(cell, "step");
  const x = random([2, 5, 3]);
  rnn(cell).forward(x);
  rnn([cell, lstmCell({ units: 2 })]).forward(x, { training: true });
  rnn(dilated(cell, 2)).forward(x);
  expect(step).not.toHaveBeenCalled();
});

describe("a class built on a cell that has a kernel, with a step of its own", () => {
  /** Shows t: each step adds 1. */
  const counts = <S extends HiddenState>({ hiddenState, ...rest }: S): S => ({ ...rest, hiddenState: add(hiddenState, 1) }) as S;
  class CountingLSTMCell extends LSTMCell {
    override step(_x: Tensor, state: LSTMState): LSTMState {
      return counts(state);
    }
  }
  class CountingGRUCell extends GRUCell {
    override step(_x: Tensor, state: HiddenState): HiddenState {
      return counts(state);
    }
  }
  class CountingRNNCell extends SimpleRNNCell {
    override step(_x: Tensor, state: HiddenState): HiddenState {
      return counts(state);
    }
  }
  test.each([
    new CountingLSTMCell({ units: 1 }),
    new CountingGRUCell({ units: 1 }),
    new CountingRNNCell({ units: 1 }),
  ])("runs its own step, in a sequence and in a stream", (cell) => {
    const layer = rnn(cell, { returnSequences: true, inputShape: [null, 1], backend: "reference" });
    const net = sequential([layer], { backend: "reference" });
    expect([...layer.forward(random([1, 3, 1])).output.dataSync()]).toEqual([1, 2, 3]);
    const stream = net.stream();
    expect([0, 0, 0].map((x) => stream.push([x])[0])).toEqual([1, 2, 3]);
  });
});

test("a cell on its own runs one step, as a layer", () => {
  const cell = lstmCell({ units: 2 });
  const x = random([3, 4]);
  const { output, state } = cell.forward(x);
  expect(output.dataSync()).toEqual((state.hiddenState as Tensor).dataSync());
  expect(cell.forward(x, { state }).output.dataSync()).not.toEqual(output.dataSync());
  expect(() => cell.forward(random([3, 2, 4]))).toThrow(/a cell reads one step, \[batch, 4 features\]/);
});

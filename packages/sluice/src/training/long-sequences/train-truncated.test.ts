import { describe, expect, test } from "vitest";
import {
  dense,
  dropout,
  type FitOptions,
  gru,
  gruCell,
  lstm,
  lstmCell,
  type Model,
  ops,
  rnn,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
  valueAndGradients,
} from "../../index.ts";
import { expectClose } from "../../testing/oracle.ts";
import { B, type Float64Numbers, I, outcome, random, reference, T, withNaN, x, y } from "./testing/sequences.ts";

/** Holes, padding on the right, and a row without any step. */
const holes: Float64Numbers = {
  shape: [B, T],
  data: Float64Array.from({ length: B * T }, (_, k) => (k < T ? (k % 5 === 3 ? 0 : 1) : k < 2 * T ? (k - T < 7 ? 1 : 0) : 0)),
};
/** Lengths 12, 7 and 3. */
const lengths = [12, 7, 3] as const;
const padded: Float64Numbers = {
  shape: [B, T],
  data: Float64Array.from({ length: B * T }, (_, k) => (k % T < (lengths[Math.floor(k / T)] ?? 0) ? 1 : 0)),
};
const asTensor = ({ shape, data }: Float64Numbers): Tensor => tensor(data, shape, { backend: reference });

describe.each(["reference", "wasm"] as const)("with k1 = k2 = T, on %s", (backend) => {
  const nets: Readonly<Record<string, () => Model>> = {
    "a stack with dropout": () =>
      sequential(
        [
          lstm({ units: 4, returnSequences: true, dropout: 0.2, recurrentDropout: 0.2 }),
          dropout({ rate: 0.3 }),
          gru({ units: 3, returnSequences: true }),
          dense({ units: 1 }),
        ],
        { seed: 3, backend },
      ),
    "one output at the end": () =>
      sequential(
        [
          simpleRnn({ units: 4, returnSequences: true, activityRegularizer: { l2: 0.1 } }),
          lstm({ units: 3 }),
          dense({ units: 1 }),
        ],
        { seed: 4, backend },
      ),
  };
  test.each(Object.entries(nets))("%s trains to the same bits as whole sequences do", async (name, make) => {
    const targets = name.includes("end") ? random([B, 1], 3) : y;
    const options: FitOptions = {
      epochs: 3,
      batchSize: 2,
      mask: holes,
      sampleWeight: name.includes("end") ? [1, 2, 0.5] : random([B, T], 9),
      validationData: [x, targets],
    };
    const results = [];
    for (const truncated of [undefined, { updateEvery: T }, { updateEvery: 4 * T }]) {
      const net = make().compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
      const { seconds: _, ...history } = await net.fit(withNaN(x, holes), targets, {
        ...options,
        ...(truncated && { truncated }),
      });
      results.push({ history, ...((await outcome(net)) as object) });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

/** Layers of a stack, alone, with the model's weights: for sequences cut by hand. */
const stack = (units: number, returnSequences: boolean) =>
  [lstm({ units, returnSequences: true }), gru({ units, returnSequences }), dense({ units: 1 })] as const;
type Stack = ReturnType<typeof stack>;
type States = readonly [Readonly<Record<string, Tensor>> | undefined, Readonly<Record<string, Tensor>> | undefined];

function runStack(
  [first, second, last]: Stack,
  part: Tensor,
  mask: Tensor | null,
  [a, b]: States,
): { output: Tensor; states: States } {
  const below = first.forward(part, { mask, ...(a && { state: a as never }) });
  const above = second.forward(below.output, { mask, ...(b && { state: b as never }) });
  return { output: last.forward(above.output).output, states: [below.state, above.state] };
}
const cutTime = (value: Tensor, from: number, to: number): Tensor => ops.slice(value, from, to, { axis: 1 });
const stopped = (states: States): States =>
  states.map(
    (state) => state && Object.fromEntries(Object.entries(state).map(([name, part]) => [name, ops.stopGradient(part)])),
  ) as unknown as States;
const weightsOf = (layers: Stack): Tensor[] => layers.flatMap((layer) => layer.parameters.map((parameter) => parameter.tensor));

describe.each([
  [4, 4],
  [3, 6],
  [2, 10],
  [5, 10],
  [12, 12],
] as const)("with an output for every step, k1 = %i and k2 = %i", (updateEvery, gradientSteps) => {
  test("every update follows the gradient of a tape over the window, from the state at its beginning", async () => {
    const layers = stack(3, true);
    const net = sequential([...stack(3, true)], { seed: 6, backend: "reference" });
    net.build([[null, null, I]]);
    net.compile({ optimizer: { type: "sgd", learningRate: 0.1 }, loss: "mse" });
    runStack(layers, asTensor(x), null, [undefined, undefined]); // builds them
    layers.forEach((layer, k) => {
      layer.parameters.forEach(({ tensor: weight }, i) => {
        reference.write(weight.storage, net.layers[k]?.parameters[i]?.tensor.dataSync() as Float64Array);
      });
    });
    const history = await net.fit(x, y, { batchSize: B, truncated: { updateEvery, gradientSteps } });

    const losses: number[] = [];
    let states: States = [undefined, undefined];
    for (let begin = 0; begin < T; begin += updateEvery) {
      const end = Math.min(begin + updateEvery, T);
      const first = Math.max(0, begin + updateEvery - gradientSteps);
      const before = states;
      const loss = (): Tensor => {
        const { output } = runStack(layers, cutTime(asTensor(x), first, end), null, before);
        return ops.mean(ops.square(ops.subtract(cutTime(output, begin - first, end - first), cutTime(asTensor(y), begin, end))));
      };
      const { value, gradients } = valueAndGradients(loss, weightsOf(layers));
      losses.push((value.dataSync()[0] as number) * (end - begin));
      if (begin + updateEvery >= gradientSteps)
        states = runStack(layers, cutTime(asTensor(x), first, Math.min(first + updateEvery, T)), null, before).states;
      weightsOf(layers).forEach((weight, k) => {
        const d = gradients[k]?.dataSync() as Float64Array;
        reference.write(
          weight.storage,
          weight.dataSync().map((w, i) => w - 0.1 * (d[i] as number)),
        );
      });
    }
    expect(net.trainingSteps).toBe(Math.ceil(T / updateEvery));
    expectClose(history.loss, [losses.reduce((a, b) => a + b, 0) / T], { rtol: 1e-12 }, "loss");
    for (const [k, weight] of weightsOf(layers).entries()) {
      expectClose(
        net.parameters[k]?.tensor.dataSync() as Float64Array,
        weight.dataSync(),
        { rtol: 1e-11, atol: 1e-13 },
        `weight ${k}`,
      );
    }
  });

  test("with weights at rest, the sum of gradients is that of one tape over everything with the cuts in it", async () => {
    const mask = holes;
    const net = sequential([...stack(3, true)], { seed: 6, backend: "reference" });
    net.build([[null, null, I]]);
    net.compile({ optimizer: { type: "sgd", learningRate: 0.1, gradientAccumulationSteps: 1000 }, loss: "mse" });
    await net.fit(withNaN(x, mask), withNaN(y, mask), { batchSize: B, mask, truncated: { updateEvery, gradientSteps } });
    const [first, second, last] = net.layers as unknown as Stack;
    const cells = [
      rnn(lstmCell({ units: 3 }), { returnSequences: true }),
      rnn(gruCell({ units: 3 }), { returnSequences: true }),
      dense({ units: 1 }),
    ] as unknown as Stack;
    runStack(cells, asTensor(x), null, [undefined, undefined]);
    [first, second, last].forEach((layer, k) => {
      cells[k]?.parameters.forEach(({ tensor: weight }, i) => {
        reference.write(weight.storage, layer.parameters[i]?.tensor.dataSync() as Float64Array);
      });
    });
    const used = (from: number, to: number): number =>
      cutTime(asTensor(mask), from, to)
        .dataSync()
        .filter((use) => use === 1).length;
    const loss = (): Tensor => {
      let total: Tensor = tensor([0], [], { backend: reference });
      for (let begin = 0; begin < T; begin += updateEvery) {
        const end = Math.min(begin + updateEvery, T);
        let states: States = [undefined, undefined];
        const outputs: Tensor[] = [];
        for (let t = 0; t < end; t++) {
          if (t === begin + updateEvery - gradientSteps) states = stopped(states);
          const step = runStack(cells, cutTime(asTensor(x), t, t + 1), cutTime(asTensor(mask), t, t + 1), states);
          states = step.states;
          if (t >= begin) outputs.push(step.output);
        }
        const uses = ops.reshape(cutTime(asTensor(mask), begin, end), [B, end - begin, 1]);
        const errors = ops.square(ops.subtract(ops.concat(outputs, { axis: 1 }), cutTime(asTensor(y), begin, end)));
        total = ops.add(total, ops.divide(ops.sum(ops.multiply(uses, errors)), Math.max(1, used(begin, end))));
      }
      return total;
    };
    const { gradients } = valueAndGradients(loss, weightsOf(cells));
    const slots = [...net.optimizer.slots().values()];
    expect(slots).toHaveLength(gradients.length);
    for (const [k, gradient] of gradients.entries()) {
      expectClose(slots[k]?.dataSync() as Float64Array, gradient.dataSync(), { rtol: 1e-10, atol: 1e-13 }, `gradient ${k}`);
    }
  });
});

describe.each([
  [2, 4],
  [5, 5],
  [1, 3],
] as const)("with one output at the end, pieces of %i steps and k2 = %i", (updateEvery, gradientSteps) => {
  test("the gradient flows back over the last k2 steps of each row, before its padding", async () => {
    const targets = random([B, 1], 3);
    const net = sequential([...stack(3, false)], { seed: 6, backend: "reference" });
    net.build([[null, null, I]]);
    net.compile({ optimizer: { type: "sgd", learningRate: 0.1, gradientAccumulationSteps: 1000 }, loss: "mse" });
    const history = await net.fit(withNaN(x, padded), targets, {
      batchSize: B,
      mask: padded,
      truncated: { updateEvery, gradientSteps },
    });
    expect(net.trainingSteps).toBe(1);
    const layers = net.layers as unknown as Stack;
    const loss = (): Tensor =>
      lengths
        .map((length, b) => {
          const row = ops.slice(asTensor(x), b, b + 1);
          const cut = Math.max(0, length - gradientSteps);
          const head: States =
            cut > 0
              ? stopped(runStack(layers, cutTime(row, 0, cut), null, [undefined, undefined]).states)
              : [undefined, undefined];
          return ops.square(
            ops.subtract(runStack(layers, cutTime(row, cut, length), null, head).output, ops.slice(asTensor(targets), b, b + 1)),
          );
        })
        .reduce((a, b) => ops.add(a, b));
    const { value, gradients } = valueAndGradients(() => ops.divide(ops.sum(loss()), B), weightsOf(layers));
    expectClose(history.loss, value.dataSync(), { rtol: 1e-12 }, "loss");
    const slots = [...net.optimizer.slots().values()];
    for (const [k, gradient] of gradients.entries()) {
      expectClose(slots[k]?.dataSync() as Float64Array, gradient.dataSync(), { rtol: 1e-10, atol: 1e-13 }, `gradient ${k}`);
    }
  });
});

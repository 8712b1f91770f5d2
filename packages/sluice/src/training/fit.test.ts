import { describe, expect, test } from "vitest";
import {
  type Batch,
  type BatchStream,
  type Dataset,
  dense,
  dropout,
  type FitOptions,
  type History,
  input,
  lstm,
  type Model,
  model,
  type NumericArray,
  sequential,
  tensor,
} from "../index.ts";
import { RandomStream } from "../random/philox.ts";

const array = (shape: readonly number[], value: (k: number) => number): NumericArray => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => value(k)),
});
const random = (shape: readonly number[], seed = 1): NumericArray => {
  const stream = new RandomStream({ seed, stream: 0, step: 0 });
  return array(shape, () => stream.uniform());
};
/** One weight, y = w x: each step moves w by a figure that can be worked out by hand. */
const oneWeight = (): Model => {
  const net = sequential([dense({ units: 1, useBias: false, kernelInitializer: "zeros", inputShape: [1] })], {
    backend: "reference",
  });
  return net.compile({ optimizer: { type: "sgd", learningRate: 0.5 }, loss: "mse", metrics: ["mae"] });
};
const weightOf = async (net: Model): Promise<number> => (await net.weights()).get("dense/kernel")?.data[0] ?? Number.NaN;

describe("one step", () => {
  test("is w ← w − rate · d mean((wx − y)²)/dw, and the figures are those before it", async () => {
    const net = oneWeight();
    const history = await net.fit([[1], [3]], [[2], [4]], { batchSize: 2 });
    expect(history.loss).toEqual([(4 + 16) / 2]);
    expect(history.metrics).toEqual({ mae: [3] });
    expect(await weightOf(net)).toBe((0.5 * (2 * 1 * 2 + 2 * 3 * 4)) / 2);
    expect(net.trainingSteps).toBe(1);
  });

  test("sample weights and class weights scale the losses", async () => {
    const step = async (options: FitOptions): Promise<number> => {
      const net = oneWeight();
      await net.fit([[1], [3]], [[2], [4]], { batchSize: 2, ...options });
      return weightOf(net);
    };
    expect(await step({ sampleWeight: [3, 0] })).toBe((0.5 * 3 * 4) / 2);
    expect(await step({ classWeight: { 2: 3, 4: 0 } })).toBe((0.5 * 3 * 4) / 2);
    expect(await step({ classWeight: { 2: 3 }, sampleWeight: [2, 0.5] })).toBe((0.5 * (6 * 4 + 0.5 * 24)) / 2);
  });

  test("class weights read one-hot rows too, and every step of a sequence", async () => {
    const losses = async (y: number[][] | number[][][], classWeight?: Record<number, number>): Promise<number> => {
      const sparse = !Array.isArray(y[0]?.[0]);
      const net = sequential([dense({ units: 2, activation: "softmax", inputShape: [null, 1], kernelInitializer: "zeros" })], {
        backend: "reference",
      });
      net.compile({ optimizer: "sgd", loss: sparse ? "sparseCategoricalCrossentropy" : "categoricalCrossentropy" });
      return (await net.fit([[[1], [1]]], y, classWeight ? { classWeight } : {})).loss[0] as number;
    };
    expect(await losses([[0, 1]], { 1: 3 })).toBeCloseTo(2 * Math.LN2, 12);
    expect(
      await losses(
        [
          [
            [1, 0],
            [0, 1],
          ],
        ],
        { 1: 3 },
      ),
    ).toBeCloseTo(2 * Math.LN2, 12);
  });

  test("regularizers add to the loss of training and of evaluation", async () => {
    const net = sequential([dense({ units: 1, kernelInitializer: "ones", kernelRegularizer: { l2: 0.25 }, inputShape: [2] })], {
      backend: "reference",
    });
    net.compile({ optimizer: "sgd", loss: "mse" });
    expect(await net.evaluate([[0, 0]], [[0]])).toEqual({ loss: 0.5 });
    expect((await net.fit([[0, 0]], [[0]])).loss).toEqual([0.5]);
  });

  test("several outputs: losses by name, weighted in the sum", async () => {
    const x = input({ shape: [1] });
    const head = (name: string) => dense({ units: 1, name, useBias: false, kernelInitializer: "ones" }).apply(x);
    const net = model({ inputs: x, outputs: [head("price"), head("count")], backend: "reference" });
    net.compile({ optimizer: "sgd", loss: ["mse", "mae"], lossWeights: [1, 10], metrics: ["mae"] });
    const figures = await net.evaluate([[2]], [tensor([[5]]), tensor([[1]])]);
    expect(figures).toEqual({ loss: 9 + 10, priceLoss: 9, countLoss: 1, priceMae: 3, countMae: 1 });
    const { metrics } = await net.fit([[2]], [tensor([[5]]), tensor([[1]])]);
    expect(Object.keys(metrics)).toEqual(["priceLoss", "countLoss", "priceMae", "countMae"]);
  });
});

describe("the order of examples", () => {
  /** Trains on the numbers 0 … n − 1 and notes which came in which batch. */
  async function seen(options: FitOptions, n = 10): Promise<number[][]> {
    const batches: number[][] = [];
    const data: Dataset = {
      length: n,
      batch: (indices) => {
        batches.push([...indices]);
        return { x: array([indices.length, 1], () => 0), y: array([indices.length, 1], () => 0) };
      },
    };
    const net = oneWeight();
    await net.fit(data, { batchSize: 4, ...options });
    return batches;
  }

  test("each epoch reads every example once, in an order of its own that the seed fixes", async () => {
    const first = await seen({ epochs: 2, seed: 7 });
    expect(first.map(({ length }) => length)).toEqual([4, 4, 2, 4, 4, 2]);
    const [one, two] = [first.slice(0, 3).flat(), first.slice(3).flat()];
    for (const epoch of [one, two]) expect(epoch.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(two).not.toEqual(one);
    expect(await seen({ epochs: 2, seed: 7 })).toEqual(first);
    expect(await seen({ epochs: 2, seed: 8 })).not.toEqual(first);
    expect(await seen({ epochs: 2, initialEpoch: 1, seed: 7 })).toEqual(first.slice(3)); // the order of epoch 1 needs no epoch 0
  });

  test("shuffle false keeps it, stepsPerEpoch ends it early, validationSplit keeps the last part out", async () => {
    expect(await seen({ shuffle: false })).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(await seen({ shuffle: false, stepsPerEpoch: 2, epochs: 2 })).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(await seen({ shuffle: false, validationSplit: 0.3 })).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
  });
});

describe("validation", () => {
  test("gives the figures of the weights after each epoch, from a split, a pair or a dataset", async () => {
    const x = [[1], [2], [3], [4]];
    const y = [[2], [4], [6], [8]];
    const split = await oneWeight().fit(x, y, { validationSplit: 0.25, epochs: 2, batchSize: 1, shuffle: false });
    const pair = await oneWeight().fit(x.slice(0, 3), y.slice(0, 3), {
      validationData: [[[4]], [[8]]],
      epochs: 2,
      batchSize: 1,
      shuffle: false,
    });
    const data: Dataset = { length: 1, batch: () => ({ x: array([1, 1], () => 4), y: array([1, 1], () => 8) }) };
    const dataset = await oneWeight().fit(x.slice(0, 3), y.slice(0, 3), {
      validationData: data,
      epochs: 2,
      batchSize: 1,
      shuffle: false,
    });
    const facts = ({ loss, valLoss, metrics }: History) => ({ loss, valLoss, metrics });
    expect(facts(pair)).toEqual(facts(split));
    expect(facts(dataset)).toEqual(facts(split));
    expect(Object.keys(split.metrics)).toEqual(["mae", "valMae"]);
    const net = oneWeight();
    await net.fit(x.slice(0, 3), y.slice(0, 3), { epochs: 2, batchSize: 1, shuffle: false });
    expect((await net.evaluate([[4]], [[8]])).loss).toBe(split.valLoss[1]);
  });

  test("does not disturb training: dropout, order and kept states go on as without it", async () => {
    const run = async (options: FitOptions): Promise<unknown> => {
      const net = sequential([lstm({ units: 3, stateful: true, inputShape: [2, 1], dropout: 0.5 }), dense({ units: 1 })], {
        backend: "reference",
        seed: 3,
      });
      net.compile({ optimizer: "adam", loss: "mse" });
      const { loss } = await net.fit(random([4, 2, 1]), random([4, 1], 2), { batchSize: 2, epochs: 3, ...options });
      return [loss, await net.weights(), [...(net.keptStates().get("lstm/hiddenState")?.dataSync() ?? [])]];
    };
    expect(await run({ validationData: [random([2, 2, 1], 5), random([2, 1], 6)] })).toEqual(await run({}));
  });

  test("reads validationSteps batches, and starts a stateful model from zeros", async () => {
    const data = [
      [[1], [2]],
      [[2], [9]],
    ] as const;
    const few = await oneWeight().fit([[1]], [[1]], { batchSize: 1, validationData: data, validationSteps: 1 });
    expect(few.valLoss).not.toEqual((await oneWeight().fit([[1]], [[1]], { batchSize: 1, validationData: data })).valLoss);
    const stateful = (): Model =>
      sequential([lstm({ units: 2, stateful: true, inputShape: [1, 1] })], { backend: "reference", seed: 3 }).compile({
        loss: "mse",
        optimizer: "sgd",
      });
    const net = stateful();
    const [x, y] = [random([2, 1, 1], 5), random([2, 2], 6)];
    const { valLoss } = await net.fit(random([4, 1, 1]), random([4, 2]), { batchSize: 2, validationData: [x, y] });
    const fresh = stateful();
    fresh.setWeights(await net.weights());
    expect(valLoss).toEqual([(await fresh.evaluate(x, y)).loss]);
  });
});

describe("other forms of data", () => {
  test("a stream is opened anew for each epoch", async () => {
    let opened = 0;
    const stream: BatchStream = {
      batches: 2,
      async *[Symbol.asyncIterator]() {
        opened++;
        yield { x: array([1, 1], () => 1), y: array([1, 1], () => 2) };
        yield { x: array([2, 1], () => 3), y: array([2, 1], () => 4) };
      },
    };
    const net = oneWeight();
    const { epochs, steps } = await net.fit(stream, { epochs: 3 });
    expect({ opened, epochs, steps }).toEqual({ opened: 3, epochs: 3, steps: 6 });
    expect((await net.predict(stream)).shape).toEqual([3, 1]);
    async function* once(): AsyncGenerator<Batch> {
      yield { x: array([1, 1], () => 1), y: array([1, 1], () => 2) };
    }
    await expect(oneWeight().fit(once(), { epochs: 2 })).rejects.toThrow(/Cannot train epoch 1: the data gave no batch/);
  });

  test("tensors, typed arrays and nested arrays are one", async () => {
    const nested = await oneWeight().fit([[1], [3]], [[2], [4]]);
    const typed = await oneWeight().fit(
      { shape: [2, 1], data: Float32Array.of(1, 3) },
      { shape: [2], data: Int32Array.of(2, 4) },
    );
    const tensors = await oneWeight().fit(tensor([[1], [3]]), tensor([[2], [4]]));
    expect([typed.loss, tensors.loss]).toEqual([nested.loss, nested.loss]);
  });

  test("predict joins batches in order, whatever their size", async () => {
    const net = sequential([lstm({ units: 3, inputShape: [null, 2] })], { backend: "reference" });
    const x = random([7, 4, 2]);
    const whole = await net.predict(x, { batchSize: 7 });
    expect(whole.shape).toEqual([7, 3]);
    expect(await net.predict(x, { batchSize: 2 })).toEqual(whole);
  });
});

describe("an abort", () => {
  test("finishes the step and returns what there is", async () => {
    const abort = new AbortController();
    const net = oneWeight();
    const onBatchEnd = ({ step }: { step: number }): void => {
      if (step === 5) abort.abort();
    };
    const history = await net.fit(random([4, 1]), random([4, 1]), {
      batchSize: 2,
      epochs: 9,
      signal: abort.signal,
      callbacks: [{ onBatchEnd }],
    });
    expect(history).toMatchObject({ stopped: "aborted", epochs: 2, steps: 5 });
    expect(history.loss.length).toBe(2);
  });
});

describe("what is not a number", () => {
  test("is found in the data, with its place", async () => {
    const x = random([4, 3, 2]);
    x.data[15] = Number.NaN;
    const net = sequential([lstm({ units: 2, inputShape: [null, 2] }), dense({ units: 1 })], { backend: "reference" }).compile({
      loss: "mse",
    });
    await expect(net.fit(x, random([4, 1]), { shuffle: false })).rejects.toThrow(
      /Cannot use input x of shape \[4, 3, 2\]: it holds NaN at \[2, 1, 1\]/,
    );
    await expect(net.predict(x)).rejects.toThrow(expect.objectContaining({ name: "NumericError" }));
    const mask = { shape: [4, 3], data: new Float32Array(12).fill(1) };
    mask.data[7] = 0;
    expect((await net.predict(x, { mask })).data.every(Number.isFinite)).toBe(true);
    const y = random([4, 1]);
    y.data[3] = Number.POSITIVE_INFINITY;
    await expect(net.evaluate(random([4, 3, 2]), y)).rejects.toThrow(/target y of shape \[4, 1\]: it holds Infinity at \[3, 0\]/);
  });

  test("as loss ends training with the weights of the step before", async () => {
    const net = sequential(
      [dense({ units: 1, name: "first", inputShape: [1] }), dense({ units: 1, name: "second", activation: "exponential" })],
      {
        backend: "reference",
      },
    ).compile({ loss: "mse", optimizer: "sgd" });
    const before = await net.weights();
    await expect(net.fit([[1e300]], [[1]])).rejects.toThrow(/the loss of training step 0 is Infinity|layer "(first|second)"/);
    expect(await net.weights()).toEqual(before);
    await net.fit([[1e300]], [[1]], { onNonFinite: "continue" });
    expect(await net.weights()).not.toEqual(before);
    await expect(net.fit([[1]], [[1]])).rejects.toThrow(/weight "first\/kernel" is no longer finite/);
  });
});

describe("says what is wrong", () => {
  const net = oneWeight();
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["no compile", () => sequential([dense({ units: 1, inputShape: [1] })]).fit([[1]], [[1]]), /before compile: say how/],
    ["no y", () => net.fit([[1]] as never, undefined as never), /on x alone/],
    ["rows that do not pair", () => net.fit([[1], [2]], [[1]]), /2 and 1 examples/],
    ["a shape that does not fit", () => net.fit([[1, 2]], [[1]]), /reads \[\?, 1\]/],
    ["targets of another shape", () => net.fit([[1]], [[1, 2]]), /targets \[1, 2\] and predictions \[1, 1\]/],
    ["counts that are no counts", () => net.fit([[1]], [[1]], { batchSize: 0 }), /batchSize 0/],
    [
      "no examples",
      () => net.fit({ shape: [0, 1], data: new Float32Array(0) }, { shape: [0, 1], data: new Float32Array(0) }),
      /none is left to train on/,
    ],
    ["data that is none", () => net.predict("text" as never), /give \{ shape, data \}/],
    ["resume without a store", () => net.fit([[1]], [[1]], { resume: true }), /without `checkpoint`/],
    [
      "shuffling a stateful model",
      () =>
        sequential([lstm({ units: 1, stateful: true, inputShape: [1, 1] })])
          .compile({ loss: "mse" })
          .fit([[[1]]], [[1]], { shuffle: true }),
      /its rows go on from batch to batch/,
    ],
    [
      "stateful batches of different sizes",
      () =>
        sequential([lstm({ units: 1, stateful: true, inputShape: [1, 1] })])
          .compile({ loss: "mse" })
          .fit(random([3, 1, 1]), random([3, 1]), { batchSize: 2 }),
      /on 3 examples in batches of 2/,
    ],
  ])("%s", async (_, act, message) => {
    await expect(act()).rejects.toThrow(message);
  });
});

test("the same seed gives the same bits, another seed others", async () => {
  const run = async (seed: number): Promise<unknown> => {
    const net = sequential(
      [
        lstm({ units: 4, dropout: 0.3, recurrentDropout: 0.2, inputShape: [null, 2] }),
        dropout({ rate: 0.5 }),
        dense({ units: 1 }),
      ],
      { seed },
    );
    net.compile({ optimizer: "adam", loss: "mse" });
    await net.fit(random([12, 3, 2]), random([12, 1]), { batchSize: 5, epochs: 30 });
    return net.weights();
  };
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});

test("the event loop has its turn while training runs", async () => {
  const net = oneWeight();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  const onBatchEnd = (): void => {
    const busy = performance.now();
    while (performance.now() - busy < 2);
  };
  await net.fit(random([100, 1]), random([100, 1]), { batchSize: 1, callbacks: [{ onBatchEnd }] });
  clearInterval(timer);
  expect(performance.now() - start).toBeGreaterThan(100);
  expect(turns).toBeGreaterThan(0);
});

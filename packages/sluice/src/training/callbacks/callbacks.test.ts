import { describe, expect, test } from "vitest";
import {
  type Callback,
  csvLogger,
  dense,
  earlyStopping,
  type FitOptions,
  type History,
  learningRateScheduler,
  loadModel,
  type Model,
  modelCheckpoint,
  reduceLROnPlateau,
  sequential,
  terminateOnNaN,
} from "../../index.ts";
import type { CallbackContext } from "./callback.ts";

/** A model whose weight is its loss: what each epoch reports is set from outside. */
function scripted(): Model {
  const net = sequential([dense({ units: 1, useBias: false, inputShape: [1] })], { backend: "reference" });
  return net.compile({ optimizer: { type: "sgd", learningRate: 1e-12 }, loss: "mae" });
}

/** Trains while a hook, first in line, puts the given losses into the model before each epoch. */
async function run(
  losses: readonly number[],
  callbacks: readonly Callback[],
  options: FitOptions = {},
): Promise<{ history: History; net: Model }> {
  const net = scripted();
  const onEpochBegin = ({ epoch, model }: CallbackContext): void =>
    model.setWeights(new Map([["dense/kernel", { shape: [1, 1], data: Float64Array.of(losses[epoch] ?? 0) }]]));
  const history = await net.fit([[1]], [[0]], { epochs: losses.length, callbacks: [{ onEpochBegin }, ...callbacks], ...options });
  return { history, net };
}
const weightOf = async (net: Model): Promise<number> => (await net.weights()).get("dense/kernel")?.data[0] ?? Number.NaN;

describe("earlyStopping", () => {
  const stop = (options: Parameters<typeof earlyStopping>[0]): Callback => earlyStopping({ monitor: "loss", ...options });
  test.each<[string, Parameters<typeof earlyStopping>[0], number[], number]>([
    // figures: Keras 3's EarlyStopping followed by hand
    ["at the first epoch without improvement", {}, [5, 4, 4, 3], 3],
    ["never in the first epoch", {}, [5, 6, 1], 2],
    ["after `patience` epochs", { patience: 2 }, [5, 4, 4, 3.9, 4, 4, 1], 6],
    ["improvements below minDelta are none", { patience: 2, minDelta: 0.5 }, [5, 4.8, 4.7, 1], 3],
    ["not before startFromEpoch", { startFromEpoch: 3 }, [5, 6, 7, 8, 9, 1], 5],
    ["when the baseline is not beaten in time", { patience: 2, baseline: 3 }, [5, 4.5, 4.4, 4.5, 1], 4],
    ["more is better on request", { mode: "max" }, [1, 2, 3, 2, 9], 4],
  ])("stops %s", async (_, options, losses, epochs) => {
    const { history } = await run(losses, [stop(options)]);
    expect(history.epochs).toBe(epochs);
    expect(history.stopped).toMatch(/^earlyStopping: loss has not improved for/);
  });

  test("puts the best weights back, also when it never had to stop", async () => {
    expect(await weightOf((await run([5, 2, 4, 4], [stop({ patience: 2, restoreBestWeights: true })])).net)).toBeCloseTo(2, 9);
    expect(await weightOf((await run([5, 2, 4], [stop({ patience: 9, restoreBestWeights: true })])).net)).toBeCloseTo(2, 9);
    expect(await weightOf((await run([5, 2, 4], [stop({ patience: 9 })])).net)).toBeCloseTo(4, 9);
  });

  test("starts afresh when it is used for another run", async () => {
    const callback = stop({ patience: 1 });
    await run([1, 2, 3], [callback]);
    expect((await run([9, 8, 7], [callback])).history.stopped).toBeNull();
  });

  test("says when there is nothing to watch", async () => {
    await expect(run([1], [earlyStopping()])).rejects.toThrow(/watches "valLoss", and this run reports loss, learningRate/);
  });
});

describe("reduceLROnPlateau", () => {
  test("multiplies the rate after `patience` epochs, rests for `cooldown`, and stops at the minimum", async () => {
    const losses = [5, 5, 5, 5, 5, 5, 5, 5, 5];
    const { history } = await run(losses, [
      reduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 2, cooldown: 1, minLearningRate: 0.3e-12 }),
    ]);
    // learningRate in the logs is the one the epoch was trained with; the callback acts after it
    expect(history.learningRate.map((rate) => Number((rate * 1e12).toPrecision(6)))).toEqual([
      1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3,
    ]);
  });
});

describe("learningRateScheduler", () => {
  test("sets the rate at the start of each epoch, from the epoch and the rate before", async () => {
    const { history } = await run([1, 1, 1], [learningRateScheduler((epoch, rate) => (epoch === 0 ? 4e-12 : rate / 2))]);
    expect(history.learningRate.map((rate) => Number((rate * 1e12).toPrecision(6)))).toEqual([4, 2, 1]);
    await expect(run([1], [learningRateScheduler(() => Number.NaN)])).rejects.toThrow(/gave NaN for epoch 0/);
  });
});

describe("modelCheckpoint", () => {
  test("hands over the model after each epoch, or only after the best", async () => {
    const saved: [number, number][] = [];
    const save = async (bytes: Uint8Array, { epoch }: { epoch: number }): Promise<void> => {
      saved.push([epoch, await weightOf(loadModel(bytes, { backend: "reference" }))]);
    };
    await run([3, 5, 2], [modelCheckpoint(save, { monitor: "loss" })]);
    expect(saved.map(([epoch]) => epoch)).toEqual([0, 1, 2]);
    await run([3, 5, 2], [modelCheckpoint(save, { monitor: "loss", saveBestOnly: true })]);
    expect(saved.slice(3).map(([epoch, weight]) => [epoch, Math.round(weight)])).toEqual([
      [0, 3],
      [2, 2],
    ]);
  });
});

test("csvLogger writes a header and a line an epoch", async () => {
  let file = "";
  const write = (text: string, { append }: { append: boolean }): void => {
    file = append ? file + text : text;
  };
  await run([3, 5], [csvLogger(write)]);
  const rows = file
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  expect(rows[0]).toEqual(["epoch", "loss", "learningRate"]);
  expect(rows.slice(1).map(([epoch, loss]) => [epoch, Number(loss)])).toEqual([
    ["0", 3],
    ["1", 5],
  ]);
});

test("terminateOnNaN ends with the weights of the step before and says where it began", async () => {
  const net = sequential([dense({ units: 1, kernelInitializer: "ones", inputShape: [1] })], { backend: "reference" });
  net.compile({ optimizer: "sgd", loss: "mse" });
  const before = await net.weights();
  const history = await net.fit([[1e200]], [[1]], { epochs: 5, callbacks: [terminateOnNaN()] });
  expect(history.stopped).toBe(
    "terminateOnNaN: the loss of training step 0 is Infinity, though every layer's output is finite: look at the loss and its targets, weights and penalties.",
  );
  expect(history.epochs).toBe(0);
  expect(await net.weights()).toEqual(before);
});

test("hooks are called in order, may be asynchronous, and may stop training", async () => {
  const calls: string[] = [];
  const note =
    (name: string) =>
    async ({ epoch, step, logs }: CallbackContext): Promise<void> => {
      await Promise.resolve();
      calls.push(`${name} ${epoch} ${step} ${Object.keys(logs).join("+")}`);
    };
  const names = ["onTrainBegin", "onEpochBegin", "onBatchBegin", "onBatchEnd", "onEpochEnd", "onTrainEnd"] as const;
  const hooks = Object.fromEntries(names.map((name) => [name, note(name.slice(2))])) as Callback;
  const net = scripted();
  const stop: Callback = { onEpochEnd: ({ epoch, stop }) => (epoch === 1 ? stop("enough") : undefined) };
  const history = await net.fit([[1], [2]], [[0], [0]], { batchSize: 1, epochs: 9, callbacks: [hooks, stop] });
  expect(calls.slice(0, 8)).toEqual([
    "TrainBegin 0 0 ",
    "EpochBegin 0 0 ",
    "BatchBegin 0 0 ",
    "BatchEnd 0 1 loss",
    "BatchBegin 0 1 loss",
    "BatchEnd 0 2 loss",
    "EpochEnd 0 2 loss+learningRate",
    "EpochBegin 1 2 ",
  ]);
  expect(calls.at(-1)).toBe("TrainEnd 2 4 ");
  expect(history).toMatchObject({ epochs: 2, stopped: "enough" });
  const within = await net.fit([[1], [2]], [[0], [0]], {
    batchSize: 1,
    callbacks: [{ onBatchEnd: ({ stop }) => stop("at once") }],
  });
  expect(within).toMatchObject({ epochs: 0, loss: [], stopped: "at once" });
});

import { describe, expect, test } from "vitest";
import {
  type CheckpointStore,
  dense,
  earlyStopping,
  loadModel,
  lstm,
  memoryCheckpoints,
  StorageError,
  sequential,
} from "../index.ts";
import { outcome, prepareRun, RUN_CASES, type RunCase } from "./testing/recurrent-runs.ts";

const EPOCHS = 3;
const STEPS = 15; // 20 examples in batches of 4, three times

async function uninterrupted(run: RunCase): Promise<unknown> {
  const prepared = prepareRun(run, EPOCHS);
  return outcome(prepared, await prepared.model.fit(prepared.x, prepared.y, prepared.options));
}

/** Trains into the store until step `at`, where the process "dies": the error takes everything but the store with it. */
async function die(run: RunCase, store: CheckpointStore, at: number, everySteps: number, resume: boolean): Promise<void> {
  const { model, x, y, options } = prepareRun(run, EPOCHS);
  const onBatchEnd = ({ step }: { step: number }): void => {
    if (step === at) throw new Error("killed");
  };
  const callbacks = [...(options.callbacks ?? []), { onBatchEnd }];
  await expect(model.fit(x, y, { ...options, callbacks, checkpoint: { store, everySteps }, resume })).rejects.toThrow("killed");
}

async function goOn(run: RunCase, store: CheckpointStore): Promise<unknown> {
  const prepared = prepareRun(run, EPOCHS);
  const callbacks = [...(prepared.options.callbacks ?? []), { onBatchEnd: () => undefined }];
  const { model, x, y } = prepared;
  return outcome(
    prepared,
    await model.fit(x, y, { ...prepared.options, callbacks, checkpoint: { store, everySteps: 2 }, resume: true }),
  );
}

describe.each(RUN_CASES.map((run) => [`${run.layers}, ${run.optimizer.type}`, run] as const))("%s: a run that dies", (_, run) => {
  test("at any step, and goes on in another process, ends with the same bits", async () => {
    const whole = await uninterrupted(run);
    for (let at = 1; at <= STEPS; at++) {
      const store = memoryCheckpoints();
      await die(run, store, at, 1 + (at % 3), false);
      expect(await goOn(run, store), `died at step ${at}`).toEqual(whole);
    }
  });

  test("again and again ends with the same bits", async () => {
    const whole = await uninterrupted(run);
    const store = memoryCheckpoints();
    for (const at of [3, 4, 7, 11, 14]) await die(run, store, at, 1, true);
    expect(await goOn(run, store)).toEqual(whole);
    expect(await goOn(run, store), "resumed after its end, it has nothing to do").toEqual(whole);
  });
});

test("an aborted run goes on within its epoch", async () => {
  const [run] = RUN_CASES as [RunCase];
  const store = memoryCheckpoints();
  const { model, x, y, options } = prepareRun(run, EPOCHS);
  const abort = new AbortController();
  const onBatchEnd = ({ step }: { step: number }): void => {
    if (step === 7) abort.abort();
  };
  const callbacks = [...(options.callbacks ?? []), { onBatchEnd }];
  const history = await model.fit(x, y, { ...options, callbacks, signal: abort.signal, checkpoint: { store } });
  expect(history).toMatchObject({ stopped: "aborted", steps: 7, epochs: 1 });
  expect(await goOn(run, store)).toEqual(await uninterrupted(run));
});

test("more epochs may be asked for when going on: the same as asking at once", async () => {
  const [run] = RUN_CASES as [RunCase];
  const store = memoryCheckpoints();
  const short = prepareRun(run, 1);
  await short.model.fit(short.x, short.y, { ...short.options, callbacks: [], checkpoint: { store } });
  const rest = prepareRun(run, EPOCHS);
  const history = await rest.model.fit(rest.x, rest.y, { ...rest.options, callbacks: [], checkpoint: { store }, resume: true });
  const whole = prepareRun(run, EPOCHS);
  expect(await outcome(rest, history)).toEqual(
    await outcome(whole, await whole.model.fit(whole.x, whole.y, { ...whole.options, callbacks: [] })),
  );
});

test("the best epoch so far is marked, also across a resume", async () => {
  const marked: number[] = [];
  const kept = memoryCheckpoints();
  const store: CheckpointStore = {
    load: () => kept.load(),
    async save(file, about) {
      if (about.best) marked.push(about.epoch);
      await kept.save(file, about);
    },
  };
  const losses = [3, 5, 4, 2, 6];
  const train = async (epochs: number, resume: boolean): Promise<void> => {
    const net = sequential([dense({ units: 1, useBias: false, inputShape: [1] })], { backend: "reference" });
    net.compile({ optimizer: { type: "sgd", learningRate: 1e-12 }, loss: "mae" });
    const onEpochBegin = ({ epoch }: { epoch: number }): void =>
      net.setWeights(new Map([["dense/kernel", { shape: [1, 1], data: Float64Array.of(losses[epoch] as number) }]]));
    await net.fit([[1]], [[0]], { epochs, callbacks: [{ onEpochBegin }], checkpoint: { store }, resume });
  };
  await train(2, false);
  expect(marked).toEqual([1]); // after the first epoch, number 1 is the next to run
  await train(5, true);
  expect(marked).toEqual([1, 4]);
});

test("a checkpoint is a model file too, and carries the caller's texts", async () => {
  const [run] = RUN_CASES as [RunCase];
  const files: Uint8Array[] = [];
  const store: CheckpointStore = { save: async (file) => void files.push(file), load: async () => null };
  const { model, x, y, options } = prepareRun(run, 1);
  await model.fit(x, y, { ...options, callbacks: [], checkpoint: { store, everySteps: 1, metadata: { scaler: "none" } } });
  expect(files.length).toBe(6); // five steps, and the end
  const loaded = loadModel(files.at(-1) as Uint8Array, { backend: "wasm" });
  expect(await loaded.weights()).toEqual(await model.weights());
  expect((await loaded.predict(x)).data).toEqual((await model.predict(x)).data);
});

describe("refuses to go on", () => {
  const make = (units = 2) =>
    sequential([lstm({ units, inputShape: [2, 1] }), dense({ units: 1 })], { seed: 1, backend: "reference" });
  const x = [
    [[1], [2]],
    [[3], [4]],
  ];
  const y = [[1], [2]];
  test.each<[string, (store: CheckpointStore) => Promise<unknown>, RegExp]>([
    [
      "with another model",
      (store) => make(3).compile({ loss: "mse" }).fit(x, y, { checkpoint: { store }, resume: true }),
      /other layers or options/,
    ],
    [
      "with another loss",
      (store) => make().compile({ loss: "mae" }).fit(x, y, { checkpoint: { store }, resume: true }),
      /another optimizer, loss or metrics/,
    ],
    [
      "with other data",
      (store) =>
        make()
          .compile({ loss: "mse" })
          .fit(x, [[1], [3]], { checkpoint: { store }, resume: true }),
      /the examples are not those/,
    ],
    [
      "with another batch size",
      (store) => make().compile({ loss: "mse" }).fit(x, y, { batchSize: 1, checkpoint: { store }, resume: true }),
      /batchSize 32 and this call has 1/,
    ],
    [
      "with other callbacks",
      (store) =>
        make()
          .compile({ loss: "mse" })
          .fit(x, y, { callbacks: [earlyStopping({ monitor: "loss" })], checkpoint: { store }, resume: true }),
      /callbacks none and this call has earlyStopping/,
    ],
  ])("%s", async (_, act, message) => {
    const store = memoryCheckpoints();
    await make().compile({ loss: "mse" }).fit(x, y, { checkpoint: { store } });
    await expect(act(store)).rejects.toThrow(message);
  });

  test("from a file that is damaged, but goes back to the one before and names both", async () => {
    const files: Uint8Array[] = [];
    const kept = memoryCheckpoints();
    const store: CheckpointStore = {
      load: () => kept.load(),
      async save(file, about) {
        files.push(file);
        await kept.save(file, about);
      },
    };
    const train = (epochs: number, resume: boolean) =>
      make()
        .compile({ loss: "mse" })
        .fit(x, y, { epochs, checkpoint: { store, everySteps: 1 }, resume });
    await train(3, false);
    const damaged: CheckpointStore = memoryCheckpoints();
    const [older, newer] = files.slice(-2) as [Uint8Array, Uint8Array];
    await damaged.save(older, { step: 2, epoch: 2, best: false });
    const rotten = newer.slice();
    rotten[rotten.length - 100]! ^= 1;
    await damaged.save(rotten, { step: 3, epoch: 3, best: false });
    const history = await make()
      .compile({ loss: "mse" })
      .fit(x, y, { epochs: 3, checkpoint: { store: damaged }, resume: true });
    expect(history.warnings).toEqual([
      expect.stringMatching(/^Skipped checkpoint step 3: .*checksum does not fit.* Going on from step 2\.$/),
    ]);
    expect(history.epochs).toBe(3);
    const alone = memoryCheckpoints();
    await alone.save(newer.subarray(0, 500), { step: 3, epoch: 3, best: false });
    await expect(
      make()
        .compile({ loss: "mse" })
        .fit(x, y, { checkpoint: { store: alone }, resume: true }),
    ).rejects.toThrow(/no checkpoint is sound. step 3:/);
  });
});

test("a store that cannot write is a warning; one that cannot be relied on ends training", async () => {
  const failing = (fatal: boolean): CheckpointStore => ({
    load: async () => null,
    save: async () => {
      throw new StorageError("no space", { fatal });
    },
  });
  const net = sequential([dense({ units: 1, inputShape: [1] })], { backend: "reference" }).compile({ loss: "mse" });
  const heard: string[] = [];
  const options = { epochs: 2, callbacks: [{ onWarning: (message: string) => void heard.push(message) }] };
  const history = await net.fit([[1]], [[1]], { ...options, checkpoint: { store: failing(false), everySteps: 1 } });
  expect(history.epochs).toBe(2);
  expect(heard).toEqual(history.warnings);
  expect(new Set(heard)).toEqual(new Set(["no space"]));
  await expect(net.fit([[1]], [[1]], { ...options, checkpoint: { store: failing(true), everySteps: 1 } })).rejects.toThrow(
    "no space",
  );
});

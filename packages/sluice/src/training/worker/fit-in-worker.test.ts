import { describe, expect, test, vi } from "vitest";
import {
  type BatchStream,
  type Callback,
  type CheckpointStore,
  concatenate,
  type Dataset,
  dense,
  dropout,
  type FitOptions,
  type History,
  input,
  type Layer,
  lstm,
  type Model,
  memoryCheckpoints,
  model,
  type NumericArray,
  NumericError,
  registerLayer,
  StateError,
  StorageError,
  sequential,
  tensor,
  timeDistributed,
  ValueError,
} from "../../index.ts";
import { Dense } from "../../layers/dense.ts";
import { gatherRows } from "../arrays.ts";
import { trainingData } from "../prepare.ts";
import { outcome, prepareRun, RUN_CASES, type RunCase } from "../testing/recurrent-runs.ts";
import { fitIn, type WorkerLike } from "./fit-in-worker.ts";
import type { Port } from "./peer.ts";
import { serve } from "./serve.ts";

/** A "worker" on this thread: the same messages, copied in the same way, through a channel. */
function startOnThisThread(): WorkerLike & { readonly ended: boolean } {
  const { port1, port2 } = new MessageChannel();
  for (const port of [port1, port2]) port.start();
  serve(port2 as Port);
  let ended = false;
  return {
    postMessage: (message, transfer) => port1.postMessage(message, transfer),
    addEventListener: (type: string, listener: (event: never) => void) => port1.addEventListener(type, listener as EventListener),
    terminate: () => {
      ended = true;
      port1.close();
    },
    get ended() {
      return ended;
    },
  };
}

async function fitElsewhere(model: Model, x: NumericArray | Dataset | BatchStream, ...rest: unknown[]): Promise<History> {
  const worker = startOnThisThread();
  const data = await trainingData(model, x, ...(rest as [NumericArray, FitOptions]));
  try {
    const elsewhere = await fitIn(() => worker, model, data);
    if ("obstacle" in elsewhere) throw new Error(`not sent: ${elsewhere.obstacle}`);
    return elsewhere.history;
  } finally {
    expect(worker.ended, "the worker is closed").toBe(true);
  }
}

const wave = (shape: readonly number[], frequency: number): NumericArray => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k * frequency)),
});
const [x, y] = [wave([20, 5, 2], 0.7), wave([20, 1], 0.3)];

function smallModel(): Model {
  const model = sequential(
    [lstm({ units: 4, inputShape: [null, 2], dropout: 0.2 }), dropout({ rate: 0.1 }), dense({ units: 1 })],
    {
      seed: 5,
      backend: "wasm",
    },
  );
  return model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
}

async function bits(model: Model): Promise<unknown> {
  const weights = [...(await model.weights())].map(([path, { data }]) => [path, [...data]]);
  const slots = [...model.optimizer.slots()].map(([name, tensor]) => [name, [...tensor.dataSync()]]);
  return { weights, slots, steps: model.trainingSteps, iterations: model.optimizer.iterations };
}

describe.each(RUN_CASES.map((run) => [run.layers, run] as const))("training %s in a worker", (_, run: RunCase) => {
  test("gives the weights, the memory of the optimizer, the curves and the log of training here", async () => {
    const here = prepareRun(run, 4);
    const there = prepareRun(run, 4);
    const expected = await outcome(here, await here.model.fit(here.x, here.y, here.options));
    const actual = await outcome(there, await fitElsewhere(there.model, there.x, there.y, there.options));
    expect(actual).toEqual(expected);
  });

  test("and from a checkpoint written here, or there, goes on to the same bits", async () => {
    const whole = prepareRun(run, 4);
    const expected = await outcome(whole, await whole.model.fit(whole.x, whole.y, whole.options));
    for (const first of ["here", "there"]) {
      const store = memoryCheckpoints();
      for (const [epochs, place] of [
        [2, first],
        [4, first === "here" ? "there" : "here"],
      ] as const) {
        const prepared = prepareRun(run, epochs);
        const options = { ...prepared.options, checkpoint: { store, everySteps: 3 }, resume: true };
        const { model } = prepared;
        const history =
          place === "here"
            ? await model.fit(prepared.x, prepared.y, options)
            : await fitElsewhere(model, prepared.x, prepared.y, options);
        if (epochs === 4) expect(await outcome(prepared, history), `first ${first}`).toEqual(expected);
      }
    }
  });
});

describe("every option has its effect there", () => {
  const rows = (frequency: number): NumericArray => ({ shape: [20], data: wave([20], frequency).data.map(Math.abs) });
  const mask = { shape: [20, 5], data: Uint8Array.from({ length: 100 }, (_, k) => (k % 5 < 1 + (k % 4) ? 1 : 0)) };
  test.each<[string, FitOptions]>([
    ["sampleWeight", { sampleWeight: rows(0.4) }],
    ["mask", { mask }],
    ["classWeight", { classWeight: { 0: 3 } }],
    ["stepsPerEpoch", { stepsPerEpoch: 2 }],
    ["initialEpoch", { initialEpoch: 1 }],
    ["seed", { seed: 99 }],
    ["shuffle", { shuffle: false }],
    ["batchSize", { batchSize: 7 }],
    ["truncated", { truncated: { updateEvery: 2, gradientSteps: 4 } }],
    ["epochs", { epochs: 4 }],
  ])("%s", async (_, options) => {
    const cut = "truncated" in options;
    const make = (): Model => {
      const layers = [lstm({ units: 4, inputShape: [null, 2], returnSequences: cut }), dense({ units: 1 })];
      return sequential(layers, { seed: 5, backend: "wasm" }).compile({ optimizer: "adam", loss: "mse" });
    };
    const y = cut ? wave([20, 5, 1], 0.3) : { shape: [20, 1], data: Int8Array.from({ length: 20 }, (_, k) => k % 2) };
    const [plain, one, other] = [make(), make(), make()];
    await plain.fit(x, y, { epochs: 2, batchSize: 8 });
    await one.fit(x, y, { epochs: 2, batchSize: 8, ...options });
    await fitElsewhere(other, x, y, { epochs: 2, batchSize: 8, ...options });
    expect(await bits(other)).toEqual(await bits(one));
    expect(await bits(other), "and not that of training without it").not.toEqual(await bits(plain));
  });

  test("several inputs and outputs, tensors and nested arrays", async () => {
    const make = (): Model => {
      const [a, b] = [input({ shape: [5, 2], name: "a" }), input({ shape: [1], name: "b" })];
      const h = concatenate().apply([lstm({ units: 3 }).apply(a), b]);
      const outputs = [dense({ units: 1, name: "p" }).apply(h), dense({ units: 1, name: "q" }).apply(h)];
      return model({ inputs: [a, b], outputs, seed: 4 }).compile({ loss: ["mse", "mae"], lossWeights: [1, 0.5] });
    };
    const nested = Array.from(y.data, (value) => [value]);
    const [one, other] = [make(), make()];
    const inputs = [tensor(x.data, x.shape), y];
    const { seconds: _, ...here } = await one.fit(inputs, [nested, y], { epochs: 2 });
    const { seconds: __, ...there } = await fitElsewhere(other, inputs as never, [nested, y], { epochs: 2 });
    expect(there).toEqual(here);
    expect(await bits(other)).toEqual(await bits(one));
  });
});

describe("what stays on the page", () => {
  test("hooks come in order, each with the weights of the moment, and may change them", async () => {
    const run = async (fit: (model: Model, options: FitOptions) => Promise<History>): Promise<unknown> => {
      const model = smallModel();
      const seen: unknown[] = [];
      const hook =
        (name: string): NonNullable<Callback["onBatchEnd"]> =>
        async ({ epoch, step, logs, resumed, model: given }) => {
          expect(given).toBe(model);
          seen.push([name, epoch, step, logs, resumed, await bits(model)]);
          if (name === "epoch end" && epoch === 0) {
            model.setWeights(
              new Map(
                [...(await model.weights())].map(([path, { shape, data }]) => [path, { shape, data: data.map((w) => w / 2) }]),
              ),
            );
            model.optimizer.learningRateScale = 0.5;
            (model.layers[0] as NonNullable<Model["layers"][0]>).trainable = false;
          }
        };
      const stops: Callback = { onEpochEnd: ({ epoch, stop }) => void (epoch === 2 && stop("enough")) };
      const logs: Callback = {
        onTrainBegin: hook("train begin"),
        onEpochBegin: hook("epoch begin"),
        onBatchBegin: hook("batch begin"),
        onBatchEnd: hook("batch end"),
        onEpochEnd: hook("epoch end"),
        onTrainEnd: hook("train end"),
      };
      const { seconds: _, ...history } = await fit(model, { epochs: 5, batchSize: 8, callbacks: [logs, stops] });
      return { seen, history, end: await bits(model), frozen: model.parameters.map(({ trainable }) => trainable) };
    };
    const expected = await run((model, options) => model.fit(x, y, options));
    const actual = await run((model, options) => fitElsewhere(model, x, y, options));
    expect(actual).toEqual(expected);
    expect((actual as { history: History }).history).toMatchObject({ stopped: "enough", epochs: 3 });
  });

  test("data sets and streams give their batches there", async () => {
    const dataset: Dataset = {
      length: 20,
      batch: async (rows) => ({ x: gatherRows(x, rows), y: gatherRows(y, rows) }),
    };
    let opened = 0;
    let closed = 0;
    const stream: BatchStream = {
      batches: 5,
      async *[Symbol.asyncIterator]() {
        opened++;
        try {
          for (let k = 0; k < 5; k++) yield dataset.batch(Int32Array.from({ length: 4 }, (_, row) => 4 * k + row));
        } finally {
          closed++;
        }
      },
    };
    const validationData = [wave([6, 5, 2], 0.2), wave([6, 1], 0.9)] as const;
    for (const [given, options] of [
      [dataset, { validationSplit: 0.3 }],
      [dataset, { validationData: dataset, validationSteps: 2 }],
      [stream, { validationData }],
      [stream, { stepsPerEpoch: 3, validationData: stream }],
    ] as const) {
      const [one, other] = [smallModel(), smallModel()];
      const { seconds: _, ...here } = await one.fit(given, { epochs: 2, batchSize: 4, ...options });
      const { seconds: __, ...there } = await fitElsewhere(other, given, { epochs: 2, batchSize: 4, ...options });
      expect(there).toEqual(here);
      expect(await bits(other)).toEqual(await bits(one));
    }
    expect(closed, "every stream that was opened is closed").toBe(opened);
    expect(opened).toBeGreaterThan(4);
  });

  test("an abort ends training after the step that runs, and fit returns", async () => {
    const model = smallModel();
    const abort = new AbortController();
    const onBatchEnd: Callback["onBatchEnd"] = ({ step }) => void (step === 7 && abort.abort());
    const history = await fitElsewhere(model, x, y, {
      epochs: 50,
      batchSize: 4,
      signal: abort.signal,
      callbacks: [{ onBatchEnd }],
    });
    expect(history).toMatchObject({ stopped: "aborted", steps: 7 });
    expect(model.trainingSteps).toBe(7);
    expect(await fitElsewhere(model, x, y, { signal: AbortSignal.abort() })).toMatchObject({ stopped: "aborted", epochs: 0 });
  });

  test("an abort without hooks is seen between steps", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const history = await fitElsewhere(smallModel(), x, y, { epochs: 1_000_000, signal: abort.signal });
    expect(history.stopped).toBe("aborted");
  });
});

describe("errors", () => {
  test("of training arrive with class, name and message, and the model keeps the steps before", async () => {
    const options = { epochs: 3, batchSize: 4, shuffle: false };
    const broken = { shape: y.shape, data: y.data.map((value, k) => (k === 9 ? 1e30 : value)) };
    const [one, other] = [smallModel(), smallModel()];
    const here = await one.fit(x, broken, options).catch((error: unknown) => error);
    const there = await fitElsewhere(other, x, broken, options).catch((error: unknown) => error);
    expect(there).toBeInstanceOf(NumericError);
    expect(there).toMatchObject({ name: "NumericError", message: (here as Error).message });
    expect(await bits(other)).toEqual(await bits(one));
    expect(other.trainingSteps).toBe(2);
  });

  test("of callbacks, data and stores come back as the objects that were thrown", async () => {
    class OwnError extends Error {
      readonly detail = { deep: [1, 2, () => 3] };
    }
    const mine = new OwnError("mine");
    const fail = (): never => {
      throw mine;
    };
    const store: CheckpointStore = { save: fail, load: async () => null };
    const dataset: Dataset = { length: 8, batch: fail };
    for (const [given, ...rest] of [
      [x, y, { callbacks: [{ onEpochEnd: fail }] }],
      [x, y, { checkpoint: { store, everySteps: 1 } }],
      [dataset, {}],
    ] as const) {
      expect(await fitElsewhere(smallModel(), given, ...rest).catch((error: unknown) => error)).toBe(mine);
    }
  });

  test("of a store that are not fatal are warnings, there as here", async () => {
    const told: string[] = [];
    const save = async (): Promise<void> => {
      throw new StorageError("the disk is full", { fatal: false });
    };
    const history = await fitElsewhere(smallModel(), x, y, {
      checkpoint: { store: { save, load: async () => null } },
      callbacks: [{ onWarning: (message: string) => void told.push(message) }],
    });
    expect(history.warnings).toEqual(["the disk is full"]);
    expect(told).toEqual(["the disk is full"]);
  });

  test("one model in two workers at once is refused, as is compile in a hook", async () => {
    const model = smallModel();
    const first = fitElsewhere(model, x, y, { epochs: 2 });
    await expect(fitElsewhereUnstarted(model)).rejects.toThrow(/twice at once/);
    await first;
    const compiles: Callback = { onEpochBegin: () => void model.compile({ loss: "mae" }) };
    await expect(fitElsewhere(model, x, y, { callbacks: [compiles] })).rejects.toThrow(StateError);
  });

  test("a worker that dies is an error of fit, and leaves nothing waiting", async () => {
    const worker = startOnThisThread();
    const listeners: ((event: never) => void)[] = [];
    const dying: WorkerLike = {
      ...worker,
      addEventListener: (type, listener) =>
        type === "error" ? void listeners.push(listener as never) : worker.addEventListener(type, listener),
    };
    const die = (): void => {
      for (const listener of listeners) listener({ message: "out of memory", preventDefault: () => undefined } as never);
    };
    const model = smallModel();
    const data = await trainingData(model, x, y, {
      epochs: 1_000_000,
      callbacks: [{ onEpochBegin: ({ epoch }) => void (epoch === 2 && die()) }],
    });
    const error = await fitIn(() => dying, model, data).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StateError);
    expect((error as Error).message).toMatch(/its worker stopped \(out of memory\)/);
    expect(worker.ended).toBe(true);
  });
});

function fitElsewhereUnstarted(model: Model): Promise<unknown> {
  const never = (): never => {
    throw new ValueError("must not be started");
  };
  return trainingData(model, x, y, {}).then((data) => fitIn(never, model, data));
}

describe("what cannot be sent", () => {
  class OwnDense extends Dense {
    override readonly type = "OwnDense";
  }
  registerLayer({ type: "OwnDense", create: (options: ConstructorParameters<typeof Dense>[0]) => new OwnDense(options) });
  const compiled = (layers: Layer[], seed = 0): Model => sequential(layers, { seed }).compile({ loss: "mse" });
  const first = (): Layer => lstm({ units: 2, inputShape: [null, 2] });

  test.each([
    ["a loss that is a function", /a loss is a function/, () => smallModel().compile({ loss: (_, predicted) => predicted })],
    ["a layer type of the user's", /type "OwnDense"/, () => compiled([first(), new OwnDense({ units: 1 })])],
    [
      "one inside another layer",
      /type "OwnDense"/,
      () => compiled([timeDistributed(new OwnDense({ units: 1 }), { inputShape: [5, 2] })]),
    ],
    [
      "a layer with the seed of another model",
      /another model/,
      () => {
        const shared = first();
        compiled([shared, dense({ units: 1 })], 1);
        return compiled([shared, dense({ units: 1 })], 2);
      },
    ],
  ] as const)("%s keeps training on the page, and the reason is given", async (_, reason, make) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await fitElsewhereUnstarted(make())).toMatchObject({ obstacle: expect.stringMatching(reason) });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test("a worker that cannot be started is told once on the console, and every time to the caller", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (let time = 0; time < 2; time++)
      expect(await fitElsewhereUnstarted(smallModel())).toMatchObject({
        obstacle: expect.stringMatching(/must not be started.*worker-src/),
      });
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});

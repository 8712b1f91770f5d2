// Training runs for a page; `sluice` is the built library.

/** Numbers of any shape, the same on every host. */
export function wave(shape, frequency) {
  const count = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, k) => ((k * frequency) % 97) / 48.5 - 1) };
}

function model({ dense, dropout, lstm, sequential }, units = 6, loss = "mse") {
  const net = sequential([lstm({ units, inputShape: [null, 3], dropout: 0.1 }), dropout({ rate: 0.1 }), dense({ units: 1 })], {
    seed: 3,
  });
  return net.compile({ optimizer: "adam", loss, metrics: ["mae"] });
}

/** All numbers that training changed, as text. */
async function bits(net) {
  const arrays = [...net.parameters.map(({ tensor }) => tensor), ...net.optimizer.slots().values()];
  return (await Promise.all(arrays.map((tensor) => tensor.data()))).map((data) => Array.from(data).join(" ")).join("\n");
}

/** One run with callbacks of several kinds, in a worker unless `worker` is false: what came of it, and what happened in order. */
export async function trainWatched(sluice, worker) {
  const net = model(sluice);
  const events = [];
  const store = sluice.memoryCheckpoints();
  const watch =
    (name) =>
    ({ epoch, step, logs }) =>
      void events.push([name, epoch, step, logs]);
  const watcher = {
    onTrainBegin: watch("begin"),
    onBatchEnd: watch("batch"),
    onEpochEnd: watch("epoch"),
    onTrainEnd: watch("end"),
  };
  const { seconds, ...history } = await net.fit(wave([30, 7, 3], 31), wave([30, 1], 17), {
    epochs: 4,
    batchSize: 8,
    validationSplit: 0.2,
    callbacks: [
      watcher,
      sluice.earlyStopping({ patience: 9, restoreBestWeights: true }),
      sluice.reduceLROnPlateau({ patience: 0 }),
    ],
    checkpoint: { store, everySteps: 2 },
    ...(worker === undefined ? {} : { worker }),
  });
  return { events, history, bits: await bits(net), checkpoint: (await store.load()).name, timed: seconds > 0 };
}

/** Turns that the page gets between the beginning and the end of one long step. */
export async function turnsWithinAStep(sluice, worker) {
  let turns = 0;
  let before = 0;
  const timer = setInterval(() => turns++, 1);
  const callback = {
    onBatchBegin: () => {
      before = turns;
    },
    onBatchEnd: () => {
      turns -= before;
      clearInterval(timer);
    },
  };
  const options = { batchSize: 64, callbacks: [callback], ...(worker === undefined ? {} : { worker }) };
  await model(sluice, 128).fit(wave([64, 400, 3], 31), wave([64, 1], 17), options);
  return turns;
}

/** A run with work for so many threads, until somebody calls `stopTraining()`. */
export async function threadedRun(sluice, threads) {
  await sluice.init({ threads });
  const abort = new AbortController();
  globalThis.stopTraining = () => abort.abort();
  const options = { epochs: 1e9, signal: abort.signal };
  return (await model(sluice, 64).fit(wave([32, 50, 3], 31), wave([32, 1], 17), options)).stopped;
}

/** A run without end and without hooks that is aborted while it is under way. */
export async function abortedRun(sluice) {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 500);
  const net = model(sluice);
  const { stopped, steps } = await net.fit(wave([30, 7, 3], 31), wave([30, 1], 17), { epochs: 1e9, signal: abort.signal });
  return { stopped, counted: steps === net.trainingSteps };
}

/** The error of a run whose loss overflows. */
export async function failedRun(sluice, worker) {
  const y = wave([30, 1], 17);
  y.data[3] = 1e30;
  const failed = model(sluice).fit(wave([30, 7, 3], 31), y, worker === undefined ? {} : { worker });
  const error = await failed.catch((reason) => reason);
  return { name: error.name, message: error.message, ours: error instanceof sluice.NumericError };
}

/** A run whose loss is a function of the page's. */
export async function ownLoss(sluice) {
  const { mean, square, subtract } = sluice.ops;
  const net = model(sluice, 6, (actual, predicted) => mean(square(subtract(actual, predicted)), { axis: -1 }));
  return (await net.fit(wave([30, 7, 3], 31), wave([30, 1], 17))).warnings;
}

/** Plain runs of a small model, one behind the other: their warnings. */
export async function plainRuns(sluice, times) {
  const warnings = [];
  for (let time = 0; time < times; time++) {
    const history = await model(sluice).fit(wave([30, 7, 3], 31), wave([30, 1], 17));
    warnings.push(...history.warnings);
  }
  return warnings;
}

// Is an LSTM with attention and a second LSTM more accurate than models that dominate? It stands beside the last value, a linear model, a
// plain LSTM, the same two LSTMs without attention, and a Transformer: on a stock index, or with --data ETTh1.csv on oil temperatures.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { column, readCsv } from "@sluice/data";
import { earlyStopping } from "sluice";
import { main, mean, table, weightCount } from "../run.mjs";
import { models } from "./models.mjs";

/** Rows end with the first 12 months of 30 days, the next 4 and the next 4, as in the Informer paper. */
const etth1 = {
  names: ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"],
  target: "OT",
  ends: () => [8640, 11_520, 14_400],
  T: 96,
  K: 24,
  stride: 4,
  epochs: 8,
};
/** Days of trade; prices and volume as logarithms. */
const index = {
  names: ["open", "high", "low", "close", "volume"],
  target: "close",
  ends: (rows) => [0.7, 0.8, 1].map((share) => Math.floor(share * rows)),
  change: Math.log,
  T: 60,
  K: 20,
  stride: 2,
  epochs: 12,
};

const deviation = (values) => {
  const average = mean(values);
  return Math.sqrt(mean(values.map((v) => (v - average) ** 2)));
};

/** Columns standardised by the training part, where the three parts end, and how far a column moves in K steps there. */
async function readSeries(data) {
  const file = data ?? join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "../data/sp500-2000.csv");
  const { names, target, ends, change = (v) => v, ...sizes } = data ? etth1 : index;
  const read = await readCsv(readFileSync(file), { name: basename(file) });
  const [trainEnd, ...laterEnds] = ends(read.rows);
  const columns = names.map((name) => {
    const values = Array.from(column(read, name).values, change);
    const train = values.slice(0, trainEnd);
    const [average, std] = [mean(train), deviation(train)];
    return values.map((v) => (v - average) / std);
  });
  const moves = columns.map((values) => deviation(values.slice(sizes.K, trainEnd).map((v, t) => v - values[t])));
  return { columns, target: names.indexOf(target), ends: [trainEnd, ...laterEnds], moves, ...sizes };
}

/**
 * Windows whose K steps ahead lie in rows from … to − 1. All numbers are moves from the last row seen, in units of the move that is
 * usual in K steps: x [N, T, I] or [N, T, 1] of the target, y [N, K].
 */
function windows({ columns, target, moves, T, K }, from, to, stride, targetAlone) {
  const [first, last] = [Math.max(from, T) - 1, to - K - 1];
  const rows = Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, n) => first + n * stride);
  const reads = targetAlone ? [target] : columns.map((_, k) => k);
  const x = { shape: [rows.length, T, reads.length], data: new Float32Array(rows.length * T * reads.length) };
  const y = { shape: [rows.length, K], data: new Float32Array(rows.length * K) };
  const move = (k, row, now) => (columns[k][row] - columns[k][now]) / moves[k];
  rows.forEach((now, n) => {
    for (let t = 0; t < T; t++) {
      reads.forEach((k, at) => {
        x.data[(n * T + t) * reads.length + at] = move(k, now - T + 1 + t, now);
      });
    }
    for (let step = 0; step < K; step++) y.data[n * K + step] = move(target, now + 1 + step, now);
  });
  return { x, y };
}

/** Errors on the standardised scale. */
function errors({ moves, target }, { data }, told) {
  const off = Array.from(data, (v, k) => moves[target] * (v - told[k]));
  return { mse: mean(off.map((v) => v ** 2)), mae: mean(off.map(Math.abs)) };
}

async function trained({ make, targetAlone = false }, series, { units, epochs, stride, seed }) {
  const { columns, ends, T, K } = series;
  const [trainEnd, checkEnd, testEnd] = ends;
  const part = (from, to, every) => windows(series, from, to, every, targetAlone);
  const [train, check, test] = [part(0, trainEnd, stride), part(trainEnd, checkEnd, stride), part(checkEnd, testEnd, 1)];
  const network = make({ T, I: columns.length, K }, units, seed);
  network.compile({ optimizer: { type: "adam", learningRate: 0.002, globalClipNorm: 1 }, loss: "mse" });
  const began = performance.now();
  await network.fit(train.x, train.y, {
    batchSize: 64,
    epochs,
    validationData: [check.x, check.y],
    callbacks: [earlyStopping({ patience: 2, restoreBestWeights: true })],
  });
  const seconds = (performance.now() - began) / 1000;
  const told = await network.predict(test.x, { batchSize: 128 });
  return { ...errors(series, test.y, told.data), weights: weightCount(network), seconds };
}

export async function compare({ quick, seed, data }) {
  const series = await readSeries(data);
  const { units, epochs, stride, seeds } = quick
    ? { units: 4, epochs: 1, stride: 40, seeds: 1 }
    : { units: 32, epochs: series.epochs, stride: series.stride, seeds: 3 };
  const test = windows(series, series.ends[1], series.ends[2], 1, true);
  const rows = [
    { name: "last value", runs: [{ ...errors(series, test.y, new Float32Array(test.y.data.length)), weights: 0, seconds: 0 }] },
  ];
  for (const [name, kind] of Object.entries(models)) {
    const runs = [];
    for (let k = 0; k < seeds; k++) runs.push(await trained(kind, series, { units, epochs, stride, seed: seed + k }));
    rows.push({ name, runs });
  }
  const floor = rows[0].runs[0].mse;
  const of = (runs, what) => mean(runs.map((run) => run[what]));
  const text = table(
    ["model", "weights", "MSE", "by seed", "MAE", "MSE ÷ last value", "s a seed"],
    rows.map(({ name, runs }) => [
      name,
      runs[0].weights,
      of(runs, "mse").toFixed(4),
      runs.length > 1 ? runs.map(({ mse }) => mse.toFixed(4)).join(", ") : "",
      of(runs, "mae").toFixed(4),
      (of(runs, "mse") / floor).toFixed(3),
      of(runs, "seconds").toFixed(0),
    ]),
  );
  return { rows, text };
}

await main(import.meta.url, "compare", compare, { seed: 1 });

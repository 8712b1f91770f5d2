// Does it help to read a sequence from both ends? An LSTM, a bidirectional LSTM of as many weights, a dense network and a logistic regression
// over a window, and the most frequent class, on a labelling task where half of the answer stands after the step.
import { classBaselineSize, fitClassBaseline, predictClasses } from "@sluice/tasks";
import { bidirectional, dense, lstm, RandomStream, sequential } from "sluice";
import { main, mean, table, weightCount } from "../run.mjs";

export const steps = 40;
const symbols = 6;
/** Share of steps that are marks. The first and the last step always are. */
const marks = 0.15;
/** Steps that the dense network sees on either side. */
export const reach = 5;

/**
 * Sequences of marks (two kinds) and filler (four kinds). The class of a step is two bits: the kind of the last mark up to the step, and
 * that of the next mark after it (at the last step: of the mark itself).
 */
export function betweenMarks(count, seed, stream) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const x = { shape: [count, steps, symbols], data: new Float32Array(count * steps * symbols) };
  const y = { shape: [count, steps], data: new Float32Array(count * steps) };
  for (let n = 0; n < count; n++) {
    const isMark = (t) => t === 0 || t === steps - 1 || random.uniform() < marks;
    const row = Array.from({ length: steps }, (_, t) => (isMark(t) ? random.below(2) : 2 + random.below(4)));
    row.forEach((symbol, t) => {
      x.data[(n * steps + t) * symbols + symbol] = 1;
      const before = row.slice(0, t + 1).findLast((s) => s < 2);
      const after = row.slice(t + 1).find((s) => s < 2) ?? symbol;
      y.data[n * steps + t] = 2 * before + after;
    });
  }
  return { x, y };
}

/** For each step of its own, the symbols of the steps around it, nothing beyond the ends: [N·T, (2 reach + 1) · symbols]. */
function windows({ x, y }) {
  const [count] = x.shape;
  const width = (2 * reach + 1) * symbols;
  const data = new Float32Array(count * steps * width);
  for (let row = 0; row < count * steps; row++) {
    const t = row % steps;
    const [first, end] = [Math.max(0, t - reach), Math.min(steps, t + reach + 1)];
    const at = (row - t) * symbols;
    data.set(x.data.subarray(at + first * symbols, at + end * symbols), row * width + (first - t + reach) * symbols);
  }
  return { x: { shape: [count * steps, width], data }, y: { shape: [count * steps, 1], data: y.data } };
}

const asItIs = (labelled) => labelled;
const classes = () => dense({ units: 4, activation: "softmax" });
const inputShape = [null, symbols];
const directions = (units) => bidirectional(lstm({ units, returnSequences: true }), { inputShape });
/** The models: what they read, how many examples of it make a batch, and their layers for a size. */
const models = {
  "dense network, 11 steps": {
    reads: windows,
    batchSize: 32 * steps,
    layers: (units) => [dense({ units, activation: "relu", inputShape: [(2 * reach + 1) * symbols] }), classes()],
  },
  LSTM: { reads: asItIs, batchSize: 32, layers: (units) => [lstm({ units, returnSequences: true, inputShape }), classes()] },
  "bidirectional LSTM": { reads: asItIs, batchSize: 32, layers: (units) => [directions(units), classes()] },
};

/** Accuracy on sequences that it never saw. */
async function trained({ reads, batchSize, layers }, units, { train, test, epochs, seed }) {
  const model = sequential(layers(units), { seed });
  const optimizer = { type: "adam", learningRate: 0.01, globalClipNorm: 1 };
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const [seen, unseen] = [reads(train), reads(test)];
  await model.fit(seen.x, seen.y, { batchSize, epochs });
  const { accuracy } = await model.evaluate(unseen.x, unseen.y, { batchSize });
  return { accuracy, weights: weightCount(model) };
}

/** The most frequent class of the training part, told everywhere. */
function majority(train, test) {
  const counts = [0, 0, 0, 0];
  for (const label of train.y.data) counts[label]++;
  const told = counts.indexOf(Math.max(...counts));
  return { accuracy: test.y.data.filter((label) => label === told).length / test.y.data.length, weights: 0 };
}

/** A logistic regression over the same window as the dense network: its numbers are few, so some of the training sequences are enough. */
function linear(train, test) {
  const all = windows(train);
  const [width, rows] = [all.x.shape[1], Math.min(300, train.x.shape[0] / 4) * steps];
  const part = (from) => ({
    x: { shape: [rows, width], data: all.x.data.subarray(from * width, (from + rows) * width) },
    y: all.y.data.subarray(from, from + rows),
  });
  const model = fitClassBaseline("logistic", { train: part(0), validation: part(rows), classes: 4 });
  const told = predictClasses(model, windows(test));
  return {
    accuracy: told.filter((label, row) => label === test.y.data[row]).length / told.length,
    weights: classBaselineSize(model),
  };
}

/** The best that can be done with so many steps seen before and after: a bit whose mark is seen is known, the other is a coin. */
function best({ x, y }, before, after) {
  const isMark = (row) => x.data[row * symbols] + x.data[row * symbols + 1] > 0;
  const anyMark = (first, last) => Array.from({ length: last - first + 1 }, (_, k) => first + k).some(isMark);
  let sum = 0;
  for (let row = 0; row < y.data.length; row++) {
    const [start, end] = [row - (row % steps), row - (row % steps) + steps - 1];
    const knowsLast = anyMark(Math.max(start, row - before), row);
    const knowsNext = row === end || anyMark(row + 1, Math.min(end, row + after));
    sum += (knowsLast ? 1 : 0.5) * (knowsNext ? 1 : 0.5);
  }
  return sum / y.data.length;
}

export async function compare({ quick, seed }) {
  const [count, epochs, seeds] = quick ? [200, 6, 1] : [2000, 15, 3];
  const sizes = quick ? [7, 8, 5] : [43, 24, 16]; // as many weights each
  const limits = [
    [reach, reach],
    [steps, 0],
    [steps, steps],
  ];
  const simple = [
    { name: "most frequent class", run: majority, limit: () => 0.25 },
    { name: "logistic regression, 11 steps", run: linear, limit: (test) => best(test, reach, reach) },
  ];
  const rows = [...simple.map(({ name }) => name), ...Object.keys(models)].map((name) => ({ name, runs: [] }));
  for (let k = 0; k < seeds; k++) {
    const own = seed + k;
    const [train, test] = [betweenMarks(count, own, 0), betweenMarks(500, own, 1)];
    for (const [m, { run, limit }] of simple.entries()) rows[m].runs.push({ ...run(train, test), limit: limit(test) });
    for (const [m, model] of Object.values(models).entries()) {
      const limit = best(test, ...limits[m]);
      rows[simple.length + m].runs.push({ ...(await trained(model, sizes[m], { train, test, epochs, seed: own })), limit });
    }
  }
  const share = (value) => `${(100 * value).toFixed(1)} %`;
  const line = (name, values, ...rest) => [
    name,
    ...rest,
    ...values.map(share),
    share(mean(values)),
    share(Math.max(...values) - Math.min(...values)),
  ];
  const accuracies = ({ runs }) => runs.map(({ accuracy }) => accuracy);
  const [one, both] = rows.slice(-2);
  const gains = accuracies(both).map((accuracy, k) => accuracy - accuracies(one)[k]);
  const text = table(
    ["model", "weights", "best expected", ...gains.map((_, k) => `seed ${seed + k}`), "mean", "spread"],
    [
      ...rows.map((row) => line(row.name, accuracies(row), row.runs[0].weights, share(mean(row.runs.map(({ limit }) => limit))))),
      line("bidirectional − plain, same seed", gains, "", ""),
    ],
  );
  return { rows, gains, text };
}

await main(import.meta.url, "compare", compare, { seed: 1 });

// What the recipes of this folder share: patterns that repeat, the network that reads them, and networks of other sizes made of it.
import { dense, inspect, lstm, RandomStream, sequential, tensor } from "sluice";

export { main, mean, percent, table, weightCount } from "../run.mjs";

export const steps = 24;
/** The period: a marker and four bits. Once it has passed, nothing about the rest is new. */
const period = 5;

/**
 * Sequences that repeat a pattern from its marker on: marker, four bits, marker, the same four bits … The input is a symbol, the target the symbol
 * after it. A simple sequence always has the bits 0 1 1 0; a hard one has bits of its own, to be kept from the first round.
 * Only steps from the second round on count: `weight` is 0 before.
 */
export function repeats(count, { hard, seed, stream = 0 }) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const x = { shape: [count, steps, 3], data: new Float32Array(count * steps * 3) };
  const y = { shape: [count, steps], data: new Float32Array(count * steps) };
  const weight = { shape: [count, steps], data: new Float32Array(count * steps) };
  for (let n = 0; n < count; n++) {
    const bits = Array.from({ length: period - 1 }, (_, k) => (hard ? random.below(2) : [0, 1, 1, 0][k]));
    const symbol = (t) => (t % period === 0 ? 2 : bits[(t % period) - 1]);
    for (let t = 0; t < steps; t++) {
      x.data[(n * steps + t) * 3 + symbol(t)] = 1;
      y.data[n * steps + t] = symbol(t + 1);
      weight.data[n * steps + t] = t < period - 1 ? 0 : 1;
    }
  }
  return { x, y, weight };
}

/** One LSTM, and the symbol that comes next, by softmax. */
export function predictor(units, seed) {
  const model = sequential(
    [
      lstm({ units, returnSequences: true, inputShape: [null, 3], name: "lstm" }),
      dense({ units: 3, activation: "softmax", name: "dense" }),
    ],
    { seed },
  );
  const optimizer = { type: "adam", learningRate: 0.01, globalClipNorm: 1 };
  return model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
}

/** So many steps of training, each on 32 fresh sequences; the draws follow from the seed and the number of the first step. */
export async function train(model, updates, { hard, seed, from = 0 }) {
  const { x, y, weight } = repeats(32 * updates, { hard, seed, stream: 1000 + from });
  await model.fit(x, y, { sampleWeight: weight, batchSize: 32, shuffle: false });
}

/** Mean cross-entropy in nats, and the share of symbols told right, over the steps that count. */
export async function score(model, { x, y, weight }) {
  const { data } = await model.predict(x, { batchSize: 100 });
  let [loss, right, counted] = [0, 0, 0];
  for (let k = 0; k < y.data.length; k++) {
    if (weight.data[k] === 0) continue;
    const [first, second, third] = data.subarray(3 * k, 3 * k + 3);
    const told = [first, second, third];
    loss -= Math.log(Math.max(told[y.data[k]], 1e-7));
    if (told[y.data[k]] === Math.max(...told)) right++;
    counted++;
  }
  return { loss: loss / counted, accuracy: right / counted };
}

/**
 * What the units do: how many move, the mean |correlation| of two of them, how many uncorrelated ones would vary as they do
 * (the participation ratio H² / Σ r²), and for each the range and the mean of its output.
 */
export function unitsInUse(model, x) {
  const trace = inspect.trace(model, tensor(x.data, x.shape));
  const { count, range } = inspect.activeUnits(trace);
  const H = range.length;
  const moving = range.flatMap((span, j) => (span > 0 ? [j] : []));
  const r = inspect.unitCorrelation(trace);
  const pairs = moving.flatMap((i) => moving.map((j) => [i === j, r[i][j]]));
  const others = pairs.filter(([same]) => !same).map(([, value]) => Math.abs(value));
  const { data } = trace.states.hiddenState;
  const means = new Array(H).fill(0);
  data.forEach((value, k) => {
    means[k % H] += value / (data.length / H);
  });
  return {
    active: count,
    range,
    means,
    correlation: others.reduce((a, b) => a + b, 0) / Math.max(1, others.length),
    dimensions: moving.length ** 2 / pairs.reduce((sum, [, value]) => sum + value * value, 0),
  };
}

/**
 * The same network with other units. `units` names, for each unit of the new network, the old one it is, or null for one that is new. A new unit's
 * in-weights are drawn from U(−0.2, 0.2) and its out-weights are 0, so that the network computes what it did before [remedy 1 of the
 * abuse problem, Hochreiter & Schmidhuber 1997]. Where an old unit is left out, what it gave on average (`means`) goes into biases.
 */
export async function withUnits(model, units, { seed, means = [] }) {
  const random = new RandomStream({ seed, stream: units.length, step: 0 });
  const old = await model.weights();
  const next = predictor(units.length, seed);
  const weights = await next.weights();
  const H = old.get("dense/kernel").shape[0];
  const gone = means.flatMap((mean, k) => (units.includes(k) ? [] : [[k, mean]]));
  /** Rows feed the columns of `name`; `biasOf` takes over what the rows of units left out gave. */
  const fill = (name, rows, columns, width) => {
    const { data } = weights.get(name);
    const from = old.get(name).data;
    rows.forEach((row, k) => {
      columns.forEach((column, j) => {
        const kept = row === null ? 0 : from[row * width + column];
        data[k * columns.length + j] = column === null ? 0.4 * random.uniform() - 0.2 : kept;
      });
    });
  };
  const gates = [0, 1, 2, 3].flatMap((gate) => units.map((unit) => (unit === null ? null : gate * H + unit)));
  fill("lstm/kernel", [0, 1, 2], gates, 4 * H);
  fill("lstm/recurrentKernel", units, gates, 4 * H);
  fill("dense/kernel", units, [0, 1, 2], 3);
  const bias = (name, kernel, columns, width) => {
    const { data } = weights.get(name);
    columns.forEach((column, j) => {
      if (column === null) return; // a new unit begins with the layer's own bias
      data[j] = gone.reduce(
        (sum, [k, mean]) => sum + mean * old.get(kernel).data[k * width + column],
        old.get(name).data[column],
      );
    });
  };
  bias("lstm/bias", "lstm/recurrentKernel", gates, 4 * H);
  bias("dense/bias", "dense/kernel", [0, 1, 2], 3);
  next.setWeights(weights);
  return next;
}

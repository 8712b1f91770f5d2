// How much the starting weights decide, and how many bytes a streamed step reads for each operation: RNN, GRU and LSTM of one size.
import { dense, gru, lstm, RandomStream, sequential, simpleRnn } from "sluice";
import { main, table } from "./shared.mjs";

const layers = {
  RNN: (options) => simpleRnn(options),
  "RNN, relu from the identity": (options) =>
    simpleRnn({
      ...options,
      activation: "relu",
      recurrentInitializer: "identity",
      kernelInitializer: { type: "randomNormal", stddev: 0.1 },
    }),
  GRU: (options) => gru(options),
  LSTM: (options) => lstm(options),
};

/** The adding problem: numbers in [0, 1) with two of them marked, one in each half; the target is their sum. */
function adding(count, T, seed) {
  const random = new RandomStream({ seed, stream: T, step: 0 });
  const x = { shape: [count, T, 2], data: new Float32Array(count * T * 2) };
  const y = { shape: [count, 1], data: new Float32Array(count) };
  const half = Math.floor(T / 2);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) x.data[(n * T + t) * 2] = random.below(1000) / 1000;
    for (const t of [random.below(half), half + random.below(T - half)]) {
      x.data[(n * T + t) * 2 + 1] = 1;
      y.data[n] += x.data[(n * T + t) * 2];
    }
  }
  return { x, y };
}

/** Error on other sequences after `updates` batches. Seeds change the starting weights alone: all see the same sequences. */
async function errorOf(make, T, updates, seed) {
  const model = sequential([make({ units: 16, inputShape: [T, 2] }), dense({ units: 1 })], { seed });
  model.compile({ optimizer: { type: "adam", learningRate: 0.005, globalClipNorm: 1 }, loss: "meanSquaredError" });
  const train = adding(32 * updates, T, 1);
  await model.fit(train.x, train.y, { epochs: 1, batchSize: 32, shuffle: false });
  const test = adding(500, T, 2);
  return (await model.evaluate(test.x, test.y)).loss;
}

/** Bytes of weights a step reads, and its multiplications and additions, for `rows` sequences side by side. */
export function intensity(make, units, features, bytesPerWeight, rows) {
  const layer = make({ units });
  layer.build([[null, null, features]]);
  const matrices = layer.parameters.filter(({ tensor }) => tensor.rank === 2).reduce((sum, { tensor }) => sum + tensor.size, 0);
  return { bytes: matrices * bytesPerWeight, operations: 2 * matrices * rows };
}

export async function sensitivity({ quick, seed }) {
  const { T, updates, seeds } = quick ? { T: 6, updates: 20, seeds: 2 } : { T: 30, updates: 600, seeds: 10 };
  const rows = [];
  for (const [name, make] of Object.entries(layers)) {
    const errors = [];
    for (let k = 0; k < seeds; k++) errors.push(await errorOf(make, T, updates, seed + k));
    rows.push({ name, errors: errors.sort((a, b) => a - b) });
  }
  const shown = (value) => value.toFixed(4);
  const middle = (values) => (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
  const spread = table(
    ["cell", "best", "median", "worst", "worst ÷ best"],
    rows.map(({ name, errors }) => {
      const [best, worst] = [errors[0], errors.at(-1)];
      return [name, shown(best), shown(middle(errors)), shown(worst), (worst / best).toFixed(1)];
    }),
  );
  const sizes = [
    ["float32", 4],
    ["float16", 2],
    ["int8", 1],
  ];
  const streams = [1, 8, 32];
  const bandwidth = table(
    ["weights", ...streams.map((rows) => `${rows} ${rows === 1 ? "stream" : "streams"}`)],
    sizes.map(([name, size]) => [
      name,
      ...streams.map((rows) => {
        const { bytes, operations } = intensity(layers.LSTM, 256, 64, size, rows);
        return (bytes / operations).toPrecision(2);
      }),
    ]),
  );
  return { rows, text: `${spread}\n\nBytes of weights for each operation of a streamed step:\n\n${bandwidth}` };
}

await main(import.meta.url, "sensitivity", sensitivity);

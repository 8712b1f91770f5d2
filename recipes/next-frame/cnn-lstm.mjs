// Which way does it move? A CNN looks at each frame and an LSTM at what the CNN saw, beside an LSTM on bare pixels and a linear model.
import { conv2d, dense, flatten, lstm, maxPooling2d, RandomStream, sequential, timeDistributed } from "sluice";
import { main, mean, percent, table, weightCount } from "../run.mjs";

const [steps, side] = [6, 12];
const ways = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
];

/**
 * Films of a blob that moves one pixel a frame, up, down, left or right, somewhere on grey ground with noise. The blob is lighter than the ground or darker, as
 * often one as the other, so that a weighted sum of pixels which is right about a film is wrong about its negative.
 */
export function movingBlobs(count, { seed, stream }) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const x = { shape: [count, steps, side, side, 1], data: new Float32Array(count * steps * side * side) };
  const y = { shape: [count, 1], data: new Float32Array(count) };
  for (let n = 0; n < count; n++) {
    const way = random.below(ways.length);
    const shade = random.below(2) === 0 ? 1 : -1;
    const start = ways[way].map((speed) => {
      const free = speed === 0 ? side : side - (steps - 1);
      return (speed < 0 ? steps - 1 : 0) + random.below(free);
    });
    y.data[n] = way;
    for (let t = 0; t < steps; t++) {
      const [p, q] = start.map((place, axis) => place + t * ways[way][axis]);
      for (let k = 0; k < side * side; k++) {
        const far = (Math.floor(k / side) - p) ** 2 + ((k % side) - q) ** 2;
        x.data[(n * steps + t) * side * side + k] = shade * Math.exp(-far / 2) + 0.3 * (random.uniform() - 0.5);
      }
    }
  }
  return { x, y };
}

const inputShape = [null, side, side, 1];
const answer = () => dense({ units: ways.length, activation: "softmax" });

export const models = {
  linear: (seed) => sequential([flatten({ inputShape: [steps, ...inputShape.slice(1)] }), answer()], { seed }),
  "LSTM on pixels": (seed) => sequential([timeDistributed(flatten(), { inputShape }), lstm({ units: 32 }), answer()], { seed }),
  "CNN–LSTM": (seed) =>
    sequential(
      [
        timeDistributed(conv2d({ filters: 8, kernelSize: 3, activation: "relu" }), { inputShape }),
        timeDistributed(maxPooling2d({ poolSize: 2 })),
        timeDistributed(flatten()),
        lstm({ units: 32 }),
        answer(),
      ],
      { seed },
    ),
};

export async function cnnLstm({ quick, seed }) {
  const counts = quick ? [64] : [100, 200, 400];
  const [seen, seeds, tested] = quick ? [128, 1, 64] : [12_000, 3, 1000];
  const rows = Object.entries(models).map(([name, make]) => ({ name, make, weights: 0, accuracies: counts.map(() => []) }));
  for (let k = seed; k < seed + seeds; k++) {
    const test = movingBlobs(tested, { seed: k, stream: 0 });
    for (const [at, count] of counts.entries()) {
      const train = movingBlobs(count, { seed: k, stream: count });
      for (const row of rows) {
        const model = row.make(k);
        const optimizer = { type: "adam", learningRate: 0.005 };
        model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
        await model.fit(train.x, train.y, { epochs: seen / count, batchSize: 32 });
        row.accuracies[at].push((await model.evaluate(test.x, test.y, { batchSize: 100 })).accuracy);
        row.weights = weightCount(model);
      }
    }
  }
  const text = table(
    ["model", "weights", ...counts.map((count) => `${count} films`)],
    rows.map(({ name, weights, accuracies }) => [name, weights, ...accuracies.map((runs) => percent(mean(runs)))]),
  );
  return { rows, text };
}

await main(import.meta.url, "cnn-lstm", cnnLstm);

// What the recipes of this folder share: cells and the latch task.
import { dense, gru, lstm, RandomStream, sequential, simpleRnn } from "sluice";

export { lines } from "../lines.mjs";
export { main, mean, percent, table } from "../run.mjs";

/** The layers that the recipes compare, by name; `lag` is what chrono biases are told. */
export const cells = {
  RNN: (units, options) => simpleRnn({ units, ...options }),
  GRU: (units, options) => gru({ units, ...options }),
  LSTM: (units, options) => lstm({ units, ...options }),
  "LSTM without forget gate": (units, options) => lstm({ units, forgetGate: false, ...options }),
  "LSTM, chrono biases": (units, options, lag) => lstm({ units, gateBias: { chrono: { longest: lag + 2 } }, ...options }),
};

/**
 * The latch task, after experiment 2b of Hochreiter & Schmidhuber 1997: the first symbol is one of two, then come `lag` random symbols
 * of four others, and the class to tell at the end is the first symbol. Guessing scores one half.
 */
export function latch(count, lag, seed) {
  const random = new RandomStream({ seed, stream: lag, step: 0 });
  const [T, I] = [lag + 1, 6];
  const x = { shape: [count, T, I], data: new Float32Array(count * T * I) };
  const y = { shape: [count, 1], data: new Float32Array(count) };
  for (let n = 0; n < count; n++) {
    y.data[n] = random.below(2);
    for (let t = 0; t < T; t++) x.data[(n * T + t) * I + (t === 0 ? y.data[n] : 2 + random.below(4))] = 1;
  }
  return { x, y };
}

/** A classifier of sequences of one-hot symbols: one recurrent layer, one logistic unit. */
export function classifier(layer, seed, learningRate = 0.01) {
  const model = sequential([layer, dense({ units: 1, activation: "sigmoid" })], { seed });
  const optimizer = { type: "adam", learningRate, globalClipNorm: 1 };
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  return model;
}

/**
 * Trains on at most `steps` batches of 32 fresh sequences, and stops when 99 % of 200 others are right; gives the accuracy on 500 that
 * it never saw.
 */
export async function trainLatch(model, lag, steps, seed) {
  const [check, test] = [latch(200, lag, 9000 + seed), latch(500, lag, 5000 + seed)];
  const score = async ({ x, y }) => (await model.evaluate(x, y, { batchSize: 100 })).accuracy;
  const atOnce = 50;
  for (let done = 0; done < steps; done += atOnce) {
    const { x, y } = latch(32 * Math.min(atOnce, steps - done), lag, 10_000 + 1000 * seed + done);
    await model.fit(x, y, { batchSize: 32, epochs: 1, onNonFinite: "continue" });
    if ((await score(check)) >= 0.99) break;
  }
  return score(test);
}

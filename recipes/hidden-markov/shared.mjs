// What the recipes of this folder share: predictors of the next symbol, and the bits that each needs for sequences it never saw.
import { hiddenMarkov } from "@sluice/tasks";
import { dense, earlyStopping, lstm, sequential } from "sluice";
import { weightCount } from "../run.mjs";

export { main, mean, table } from "../run.mjs";

// A predictor is made by learning from `train` and `validation`, lists of sequences of one length. It has `weights`, how many numbers it
// learned, and `told(sequences)`: for each sequence P(o_t = k | o_1 … o_t−1), row-major [T, M].

/** A hidden Markov model by Baum–Welch: of the restarts the one that fits the training part best. */
export function hmm(states, { symbols, seed, restarts, iterations }) {
  return ({ train }) => {
    const options = { states, symbols, seed, restarts, iterations, tolerance: 1e-5, pseudocount: 0.01 };
    const { model } = hiddenMarkov.fit(train, options);
    const weights = states - 1 + states * (states - 1) + states * (symbols - 1);
    return { weights, told: (sequences) => toldByModel(model, sequences) };
  };
}

/** What a given hidden Markov model tells. */
export function toldByModel(model, sequences) {
  return sequences.map((sequence) =>
    hiddenMarkov.symbolProbabilities(model, sequence).subarray(0, sequence.length * model.symbols),
  );
}

/**
 * Counts of what followed the last n symbols, n = `order` − 1 … 0: the shares of each length are mixed with those of the next shorter one, which
 * weigh as much as the kinds of symbols that were seen there [Witten & Bell 1991].
 */
export function ngram(order, { symbols }) {
  return ({ train }) => {
    const counts = new Map();
    const contexts = (sequence, t) => Array.from({ length: Math.min(order, t + 1) }, (_, n) => sequence.slice(t - n, t).join());
    for (const sequence of train) {
      sequence.forEach((symbol, t) => {
        for (const context of contexts(sequence, t)) {
          if (!counts.has(context)) counts.set(context, new Array(symbols).fill(0));
          counts.get(context)[symbol]++;
        }
      });
    }
    const mixed = (shorter, context) => {
      const seen = counts.get(context);
      if (!seen) return shorter;
      const kinds = seen.filter((count) => count > 0).length;
      const sum = seen.reduce((a, b) => a + b, kinds);
      return shorter.map((p, k) => (seen[k] + kinds * p) / sum);
    };
    const uniform = new Array(symbols).fill(1 / symbols);
    const told = (sequences) =>
      sequences.map((sequence) => sequence.flatMap((_, t) => contexts(sequence, t).reduce(mixed, uniform)));
    return { weights: counts.size * (symbols - 1), told };
  };
}

/** One LSTM and a softmax: at each step it reads the symbol before, at the first nothing. */
export function lstmPredictor(units, options) {
  const { symbols } = options;
  const layers = [
    lstm({ units, returnSequences: true, inputShape: [null, symbols] }),
    dense({ units: symbols, activation: "softmax" }),
  ];
  return network(layers, 1, options);
}

/** A softmax of the last `window` symbols: logistic regression. */
export function linearWindow(window, options) {
  const { symbols } = options;
  return network([dense({ units: symbols, activation: "softmax", inputShape: [null, window * symbols] })], window, options);
}

/** Trains until eight epochs have gained nothing on the validation part, and keeps the best epoch. */
function network(layers, window, { symbols, seed, epochs, batchSize = 16, learningRate = 0.01 }) {
  const reads = (sequences) => lastSymbols(sequences, window, symbols);
  const labels = (sequences) => ({ shape: [sequences.length, sequences[0].length], data: Float32Array.from(sequences.flat()) });
  return async ({ train, validation }) => {
    const model = sequential(layers, { seed });
    const optimizer = { type: "adam", learningRate, globalClipNorm: 1 };
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
    await model.fit(reads(train), labels(train), {
      batchSize,
      epochs,
      validationData: [reads(validation), labels(validation)],
      callbacks: [earlyStopping({ patience: 8, restoreBestWeights: true })],
    });
    const told = async (sequences) => {
      const { data } = await model.predict(reads(sequences), { batchSize: 100 });
      const width = sequences[0].length * symbols;
      return sequences.map((_, n) => data.subarray(n * width, (n + 1) * width));
    };
    return { weights: weightCount(model), told };
  };
}

/** One-hots of the `window` symbols before each step, the latest last; zeros before the beginning. [N, T, window · M] */
function lastSymbols(sequences, window, symbols) {
  const T = sequences[0].length;
  const data = new Float32Array(sequences.length * T * window * symbols);
  sequences.forEach((sequence, n) => {
    for (let t = 0; t < T; t++) {
      for (let w = Math.max(0, window - t); w < window; w++)
        data[((n * T + t) * window + w) * symbols + sequence[t - window + w]] = 1;
    }
  });
  return { shape: [sequences.length, T, window * symbols], data };
}

/** Mean bits for a symbol, −log₂ of what was told for it, over the steps t of sequences n that `counts` picks. */
export function bits(sequences, told, symbols, counts = () => true) {
  let [sum, steps] = [0, 0];
  sequences.forEach((sequence, n) => {
    sequence.forEach((symbol, t) => {
      if (!counts(n, t)) return;
      sum -= Math.log2(told[n][t * symbols + symbol]);
      steps++;
    });
  });
  return sum / steps;
}

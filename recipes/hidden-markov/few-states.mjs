// Sequences that a hidden Markov model of three states made: how close each predictor comes to it, and from how many sequences.
import { RandomStream } from "sluice";
import { bits, hmm, linearWindow, lstmPredictor, main, mean, ngram, table, toldByModel } from "./shared.mjs";

/** Three states that last twenty steps on average, each with another favourite among four symbols. */
export const truth = {
  kind: "hiddenMarkov",
  states: 3,
  symbols: 4,
  initial: [1 / 3, 1 / 3, 1 / 3],
  transition: [0.95, 0.05, 0, 0, 0.95, 0.05, 0.05, 0, 0.95],
  emission: [0.55, 0.25, 0.1, 0.1, 0.1, 0.1, 0.55, 0.25, 0.25, 0.1, 0.1, 0.55],
};
const length = 100;

/** Sequences that the model makes. */
export function sample({ states: N, symbols: M, initial, transition, emission }, count, seed, stream) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const row = (rows, width, k) => rows.slice(k * width, (k + 1) * width);
  return Array.from({ length: count }, () => {
    let state = draw(initial, random);
    return Array.from({ length }, () => {
      const symbol = draw(row(emission, M, state), random);
      state = draw(row(transition, N, state), random);
      return symbol;
    });
  });
}

function draw(distribution, random) {
  let left = random.uniform();
  for (let k = 0; k < distribution.length - 1; k++) {
    left -= distribution[k];
    if (left < 0) return k;
  }
  return distribution.length - 1;
}

export async function fewStates({ quick, seed }) {
  const [counts, seeds, tests] = quick ? [[40], 1, 50] : [[10, 100, 1000], 3, 500];
  const { symbols } = truth;
  const [restarts, iterations, epochs] = quick ? [2, 30, 5] : [3, 300, 60];
  const predictors = {
    "frequencies (n-gram of order 1)": () => ngram(1, { symbols }),
    "n-gram of order 2": () => ngram(2, { symbols }),
    "n-gram of order 3": () => ngram(3, { symbols }),
    "n-gram of order 5": () => ngram(5, { symbols }),
    "linear, last 10 symbols": (options) => linearWindow(10, options),
    "HMM, 2 states": (options) => hmm(2, options),
    "HMM, 3 states": (options) => hmm(3, options),
    "HMM, 8 states": (options) => hmm(8, options),
    "LSTM, 4 units": (options) => lstmPredictor(4, options),
    "LSTM, 16 units": (options) => lstmPredictor(16, options),
  };
  const rows = [];
  for (const [name, make] of Object.entries(predictors)) {
    const cells = [];
    for (const count of counts) {
      const runs = [];
      for (let k = 0; k < seeds; k++) {
        const own = seed + k;
        const parts = { train: sample(truth, count, own, 0), validation: sample(truth, Math.max(10, count / 5), own, 1) };
        const test = sample(truth, tests, own, 2);
        const { weights, told } = await make({ symbols, seed: own, restarts, iterations, epochs })(parts);
        runs.push({ weights, bits: bits(test, await told(test), symbols), floor: bits(test, toldByModel(truth, test), symbols) });
      }
      cells.push(runs);
    }
    rows.push({ name, cells });
  }
  const show = (runs) => mean(runs.map((run) => run.bits - run.floor)).toFixed(3);
  const floor = mean(rows[0].cells.at(-1).map((run) => run.floor));
  const text = [
    `The model that made the sequences needs ${floor.toFixed(3)} bits a symbol. Bits above that:`,
    "",
    table(
      ["predictor", "weights", ...counts.map((count) => `${count} sequences`)],
      rows.map(({ name, cells }) => [name, Math.round(mean(cells.at(-1).map((run) => run.weights))), ...cells.map(show)]),
    ),
  ].join("\n");
  return { rows, floor, text };
}

await main(import.meta.url, "few-states", fewStates, { seed: 1 });

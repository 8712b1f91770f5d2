// How many states it takes to remember: k bits are shown, time passes, and the same bits are asked for.
import { RandomStream } from "sluice";
import { lines } from "../lines.mjs";
import { bits, hmm, linearWindow, lstmPredictor, main, ngram, table, toldByModel } from "./shared.mjs";

/** Symbols: the two bits, a pause, the question. */
export const [symbols, pause, question] = [4, 2, 3];
const length = 40;
/** A pause goes on with this probability, so that a hidden state can make one by itself. */
export const goesOn = 0.5;

/**
 * Sequences of rounds: k random bits, at least one pause, the question, and the same k bits again. `asked[n][t]` tells
 * whether symbol t of sequence n repeats a bit: without memory it is a coin, with memory it is certain.
 */
export function rounds(k, count, seed, stream) {
  const random = new RandomStream({ seed, stream, step: k });
  const sequences = [];
  const asked = [];
  for (let n = 0; n < count; n++) {
    const [sequence, repeats] = [[], []];
    while (sequence.length < length) {
      const shown = Array.from({ length: k }, () => random.below(2));
      const pauses = [pause];
      while (random.uniform() < goesOn) pauses.push(pause);
      const round = [...shown, ...pauses, question, ...shown];
      sequence.push(...round);
      repeats.push(...round.map((_, t) => t >= round.length - k));
    }
    sequences.push(sequence.slice(0, length));
    asked.push(repeats.slice(0, length));
  }
  return { sequences, asked };
}

/**
 * A hidden Markov model that plays the game without a mistake. Its states are the prefixes seen so far, one pause and one question for each
 * word of k bits, and what is left to repeat: 2 (2^k − 1) + 2 · 2^k + 2 (2^k − 1) = 6 · 2^k − 4.
 */
export function perfectPlayer(k) {
  const words = (n) => Array.from({ length: 2 ** n }, (_, word) => word.toString(2).padStart(n, "0"));
  const some = Array.from({ length: k }, (_, n) => words(n + 1)).flat();
  const all = words(k);
  const names = [
    ...some.map((word) => `show ${word}`),
    ...all.map((word) => `pause ${word}`),
    ...all.map((word) => `ask ${word}`),
    ...some.map((word) => `repeat ${word}`),
  ];
  const [N, M] = [names.length, symbols];
  const model = {
    kind: "hiddenMarkov",
    states: N,
    symbols: M,
    initial: new Array(N).fill(0),
    transition: new Array(N * N).fill(0),
    emission: new Array(N * M).fill(0),
  };
  const at = (name) => names.indexOf(name);
  names.forEach((name, i) => {
    const [what, word] = name.split(" ");
    const move = (to, p) => {
      model.transition[i * N + at(to)] = p;
    };
    const emits = { show: Number(word.at(-1)), pause, ask: question, repeat: Number(word[0]) }[what];
    model.emission[i * M + emits] = 1;
    if (what === "show" && word.length < k) for (const bit of [0, 1]) move(`show ${word}${bit}`, 0.5);
    if (what === "show" && word.length === k) move(`pause ${word}`, 1);
    if (what === "pause") {
      move(name, goesOn);
      move(`ask ${word}`, 1 - goesOn);
    }
    if (what === "ask") move(`repeat ${word}`, 1);
    if (what === "repeat" && word.length > 1) move(`repeat ${word.slice(1)}`, 1);
    if (what === "repeat" && word.length === 1) for (const bit of [0, 1]) move(`show ${bit}`, 0.5);
  });
  for (const bit of [0, 1]) model.initial[at(`show ${bit}`)] = 0.5;
  return model;
}

/**
 * Bits for a repeated bit that no model of N states can go below, on average over all words w. It knows w by a mixture of what its states promise, so
 * P(w) ≤ max_i P(w | s = i); the sum of that over the 2^k words is at most N, and the mean of −log₂ at least log₂(2^k / N).
 */
const leastBits = (k, N) => Math.max(0, (k - Math.log2(N)) / k);

export async function recall({ quick, seed }) {
  const [ks, states, count] = quick ? [[1], [2, 8], 60] : [[1, 2, 3], [2, 4, 8, 16, 32, 64], 300];
  const [iterations, epochs] = quick ? [20, 60] : [150, 200];
  const predictors = {
    "n-gram of order 8": () => ngram(8, { symbols }),
    "linear, last 12 symbols": (options) => linearWindow(12, options),
    ...Object.fromEntries(
      states.map((N) => [`HMM, ${N} states`, (options) => hmm(N, { ...options, restarts: Math.min(4, Math.ceil(64 / N)) })]),
    ),
    "LSTM, 4 units": (options) => lstmPredictor(4, options),
    "LSTM, 16 units": (options) => lstmPredictor(16, options),
  };
  const data = ks.map((k) => ({
    train: rounds(k, count, seed, 0).sequences,
    validation: rounds(k, count / 5, seed, 1).sequences,
    test: rounds(k, 300, seed, 2),
  }));
  const score = ({ sequences, asked }, told) => ({
    all: bits(sequences, told, symbols),
    asked: bits(sequences, told, symbols, (n, t) => asked[n][t]),
  });
  const players = ks.map((k, n) => {
    const model = perfectPlayer(k);
    return { states: model.states, ...score(data[n].test, toldByModel(model, data[n].test.sequences)) };
  });
  const rows = [];
  for (const [name, make] of Object.entries(predictors)) {
    const cells = [];
    for (const { train, validation, test } of data) {
      const { weights, told } = await make({ symbols, seed, iterations, epochs })({ train, validation });
      cells.push({ weights, ...score(test, await told(test.sequences)) });
    }
    rows.push({ name, cells });
  }
  const byHand = players.map((player) => ({ ...player, name: `${player.asked.toFixed(2)} (${player.states} states)` }));
  const text = table(
    ["bits for a repeated bit", "weights", ...ks.map((k) => `k = ${k}`)],
    [
      ["HMM made by hand", "–", ...byHand.map(({ name }) => name)],
      ...rows.map(({ name, cells }) => [
        name,
        [...new Set(cells.map(({ weights }) => weights))].join(", "),
        ...cells.map(({ asked }) => asked.toFixed(2)),
      ]),
    ],
  );
  const found = (N, n) => rows.find(({ name }) => name === `HMM, ${N} states`).cells[n].asked;
  const last = ks.length - 1;
  const figure = lines({
    id: "recall",
    label: "Bits for a repeated bit against the number of hidden states",
    x: { name: "hidden states", values: states },
    y: "bits for a repeated bit (a coin: 1)",
    series: [
      ...ks.map((k, n) => ({ name: `HMM, k = ${k}`, values: states.map((N) => found(N, n)) })),
      { name: `least of any HMM, k = ${ks[last]}`, values: states.map((N) => leastBits(ks[last], N)) },
      { name: `LSTM, 16 units, k = ${ks[last]}`, values: states.map(() => rows.at(-1).cells[last].asked) },
    ],
    min: 0,
  });
  return { rows, players, text, figures: { recall: figure } };
}

await main(import.meta.url, "recall", recall, { seed: 1 });

// Where the truncated gradient ends: strongly delayed XOR and counting exact steps, beside the full gradient of the same LSTM without forget gate.
import { lstm, RandomStream } from "sluice";
import { classifier, main, table } from "./shared.mjs";

const gradients = [
  ["truncated gradient", true],
  ["full gradient", false],
];

/**
 * Strongly delayed XOR: two bits with noise between and behind them; the class is their XOR, asked at the end. The first bit alone says
 * nothing about the class, so storing it brings no error down.
 */
function delayedXor(count, gap, seed) {
  const random = new RandomStream({ seed, stream: 21, step: 0 });
  const T = 2 * gap + 2;
  const x = { shape: [count, T, 4], data: new Float32Array(count * T * 4) };
  const y = { shape: [count, 1], data: new Float32Array(count) };
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) {
      const bit = t === 0 || t === gap + 1;
      const value = random.below(2);
      x.data[(n * T + t) * 4 + (bit ? 0 : 2) + value] = 1; // two symbols for the bits, two for the noise
      if (bit) y.data[n] = (y.data[n] + value) % 2;
    }
  }
  return { x, y };
}

/** Every input is the same; a sequence of `steps` is of class 0, one of a step more is of class 1. */
function counting(steps) {
  const T = steps + 1;
  const ones = { shape: [2, T, 1], data: new Float32Array(2 * T).fill(1) };
  const mask = { shape: [2, T], data: new Float32Array(2 * T).fill(1) };
  mask.data[T - 1] = 0;
  return { x: ones, y: { shape: [2, 1], data: Float32Array.of(0, 1) }, mask };
}

/** @returns the number of updates until 99 % of 500 other sequences are right, null when they never are. */
async function xorTrial(gap, truncatedGradient, updates, units, seed) {
  const layer = lstm({ units, forgetGate: false, truncatedGradient, inputShape: [null, 4] });
  const model = classifier(layer, seed);
  const test = delayedXor(500, gap, seed + 1_000_000);
  for (let done = 0; done < updates; done += 25) {
    const train = delayedXor(32 * 25, gap, 1000 * seed + done);
    await model.fit(train.x, train.y, { epochs: 1, onNonFinite: "continue" });
    if ((await model.evaluate(test.x, test.y, { batchSize: 100 })).accuracy >= 0.99) return done + 25;
  }
  return null;
}

/** @returns the number of updates until both sequences are told apart with an error below 0.3, null when they never are. */
async function countingTrial(steps, truncatedGradient, updates, units, seed) {
  const layer = lstm({ units, forgetGate: false, truncatedGradient, inputShape: [null, 1] });
  const model = classifier(layer, seed);
  const { x, y, mask } = counting(steps);
  for (let done = 0; done < updates; done += 25) {
    await model.fit(x, y, { mask, epochs: 25, onNonFinite: "continue" });
    const [short, long] = (await model.predict(x, { mask })).data;
    if (short < 0.3 && long > 0.7) return done + 25;
  }
  return null;
}

export async function limits({ quick, seed }) {
  const { gaps, counts, updates, sizes, seeds } = quick
    ? { gaps: [2], counts: [3], updates: 25, sizes: [4], seeds: 1 }
    : { gaps: [5, 20], counts: [9, 29, 99], updates: 600, sizes: [2, 8], seeds: 3 };
  const xorTasks = sizes.flatMap((units) => gaps.map((gap) => ({ units, gap, run: (...rest) => xorTrial(gap, ...rest) })));
  const countingTasks = counts.map((steps) => ({ units: sizes.at(-1), steps, run: (...rest) => countingTrial(steps, ...rest) }));
  const needed = async ({ units, run }) => {
    const byGradient = [];
    for (const [, truncated] of gradients) {
      const runs = [];
      for (let k = 0; k < seeds; k++) runs.push(await run(truncated, updates, units, seed + k));
      byGradient.push(runs);
    }
    return byGradient;
  };
  const rows = [];
  for (const task of [...xorTasks, ...countingTasks]) rows.push({ ...task, needed: await needed(task) });
  const name = ({ units, gap, steps }) =>
    steps === undefined
      ? `delayed XOR, ${gap} steps between the bits and behind, ${units} cells`
      : `${steps} or ${steps + 1} steps, ${units} cells`;
  const text = table(
    ["updates until solved, by seed", ...gradients.map(([which]) => which)],
    rows.map((row) => [name(row), ...row.needed.map((runs) => runs.map((count) => count ?? "never").join(", "))]),
  );
  return { rows, text };
}

await main(import.meta.url, "limits", limits);

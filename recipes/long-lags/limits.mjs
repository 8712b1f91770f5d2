// Where the truncated gradient ends: strongly delayed XOR and counting exact steps, beside the full gradient of the same LSTM.
import { lstm, RandomStream } from "sluice";
import { classifier, main, mean, percent, table } from "./shared.mjs";

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

async function xorTrial(gap, truncatedGradient, steps, units, seed) {
  const model = classifier(lstm({ units, truncatedGradient, inputShape: [null, 4] }), seed);
  const [train, test] = [delayedXor(32 * steps, gap, seed), delayedXor(500, gap, seed + 1000)];
  await model.fit(train.x, train.y, { epochs: 1, onNonFinite: "continue" });
  return (await model.evaluate(test.x, test.y, { batchSize: 100 })).accuracy;
}

/** @returns the number of updates until both sequences are told apart with an error below 0.3, null when they never are. */
async function countingTrial(steps, truncatedGradient, updates, units, seed) {
  const model = classifier(lstm({ units, truncatedGradient, inputShape: [null, 1] }), seed);
  const { x, y, mask } = counting(steps);
  for (let done = 0; done < updates; done += 25) {
    await model.fit(x, y, { mask, epochs: 25, onNonFinite: "continue" });
    const [short, long] = (await model.predict(x, { mask })).data;
    if (short < 0.3 && long > 0.7) return done + 25;
  }
  return null;
}

export async function limits({ quick, seed }) {
  const { gaps, xorSteps, counts, updates, units, seeds } = quick
    ? { gaps: [2], xorSteps: 20, counts: [3], updates: 25, units: 4, seeds: 1 }
    : { gaps: [2, 5, 10], xorSteps: 600, counts: [9, 29, 99], updates: 600, units: 8, seeds: 3 };
  const seedList = Array.from({ length: seeds }, (_, k) => seed + k);
  const xor = [];
  const count = [];
  for (const [name, truncated] of gradients) {
    const [accuracies, needed] = [[], []];
    for (const gap of gaps) {
      const runs = [];
      for (const each of seedList) runs.push(await xorTrial(gap, truncated, xorSteps, units, each));
      accuracies.push(runs);
    }
    for (const steps of counts) {
      const runs = [];
      for (const each of seedList) runs.push(await countingTrial(steps, truncated, updates, units, each));
      needed.push(runs);
    }
    xor.push({ name, accuracies });
    count.push({ name, needed });
  }
  const text = [
    `Strongly delayed XOR, accuracy on 500 sequences after ${xorSteps} updates of 32 sequences, mean (and each seed):`,
    table(
      ["", ...gaps.map((gap) => `${gap} steps between the bits, and behind`)],
      xor.map(({ name, accuracies }) => [
        name,
        ...accuracies.map((runs) => `${percent(mean(runs))} (${runs.map(percent).join(", ")})`),
      ]),
    ),
    `Counting: updates until n and n + 1 equal steps are told apart (both errors below 0.3), at most ${updates}, by seed:`,
    table(
      ["", ...counts.map((steps) => `${steps} or ${steps + 1}`)],
      count.map(({ name, needed }) => [
        name,
        ...needed.map((runs) => runs.map((updatesNeeded) => updatesNeeded ?? "never").join(", ")),
      ]),
    ),
  ].join("\n\n");
  return { xor, count, text };
}

await main(import.meta.url, "limits", limits);

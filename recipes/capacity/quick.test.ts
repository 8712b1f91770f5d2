import { expect, test } from "vitest";
import { growth } from "./growth.mjs";
import { redundancy } from "./redundancy.mjs";
import { predictor, repeats, steps, train, withUnits } from "./shared.mjs";

// The recipes in their smallest form: that they run, and that what they measure is what they say.
const quick = { quick: true, seed: 1 };

const symbolsOf = (data: Float32Array, n: number): number[] =>
  Array.from({ length: steps }, (_, t) => data.subarray((n * steps + t) * 3, (n * steps + t) * 3 + 3).indexOf(1));

test("patterns repeat after five symbols, and only what has been seen is asked for", () => {
  const { x, y, weight } = repeats(40, { hard: true, seed: 3 });
  const seen = new Set<string>();
  for (let n = 0; n < 40; n++) {
    const symbols = symbolsOf(x.data, n);
    const targets = [...y.data.slice(n * steps, (n + 1) * steps)];
    expect(targets.slice(0, -1)).toEqual(symbols.slice(1));
    for (let t = 0; t < steps; t++) {
      const counts = weight.data[n * steps + t] === 1;
      expect(counts).toBe(t + 1 >= 5); // the target is symbol t + 1, and its like stood at t − 4
      if (counts) expect(targets[t]).toBe(symbols[t - 4]);
    }
    seen.add(symbols.slice(0, 5).join(""));
  }
  expect(seen.size).toBeGreaterThan(8); // of 16
  const simple = repeats(2, { hard: false, seed: 3 });
  expect(symbolsOf(simple.x.data, 0)).toEqual(symbolsOf(simple.x.data, 1));
});

test("units that are added change nothing that the network computes, and can learn", async () => {
  const { x } = repeats(4, { hard: true, seed: 1 });
  const small = predictor(3, 1);
  await train(small, 20, { hard: true, seed: 1 });
  const before = (await small.predict(x)).data;
  const grown = await withUnits(small, [0, 1, 2, null, null], { seed: 9 });
  const far = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Math.max(...Array.from(a, (value, k) => Math.abs(value - (b[k] as number))));
  expect(far((await grown.predict(x)).data, before)).toBeLessThan(1e-6); // float32, sums in another order
  const back = await withUnits(grown, [0, 1, 2], { seed: 9, means: [0, 0, 0, 0.5, -0.5] });
  expect(far((await back.predict(x)).data, before)).toBeLessThan(1e-6);
  await train(grown, 5, { hard: true, seed: 1, from: 20 });
  const { data } = (await grown.weights()).get("dense/kernel") as { data: Float32Array };
  expect(data.slice(9).every((value) => value !== 0)).toBe(true); // rows 3 and 4: they began at 0
});

test("what a constant unit gave is kept when it is left out", async () => {
  const { x } = repeats(1, { hard: false, seed: 1 });
  const model = predictor(3, 4);
  const weights = await model.weights();
  const set = (name: string, at: number[], value: number): void => {
    for (const k of at) (weights.get(name) as { data: Float32Array }).data[k] = value;
  };
  const gates = [2, 5, 8, 11]; // of unit 2, in rows of 12: i f g o
  set(
    "lstm/kernel",
    [0, 1, 2].flatMap((row) => gates.map((gate) => 12 * row + gate)),
    0,
  );
  set(
    "lstm/recurrentKernel",
    [0, 1, 2].flatMap((row) => gates.map((gate) => 12 * row + gate)),
    0,
  );
  set("lstm/bias", [2, 8, 11], 50); // i, g, o = 1
  set("lstm/bias", [5], -50); // f = 0, so h = tanh(1) at each step
  model.setWeights(weights);
  const lastOf = ({ data }: { data: ArrayLike<number> }): number[] => Array.from(data).slice(-3);
  const want = lastOf(await model.predict(x));
  const differs = async (means: number[]): Promise<number> => {
    const got = lastOf(await (await withUnits(model, [0, 1], { seed: 1, means })).predict(x));
    return Math.max(...got.map((value, k) => Math.abs(value - (want[k] as number))));
  };
  expect(await differs([0, 0, Math.tanh(1)])).toBeLessThan(1e-4); // before the first step the unit gave 0: that has faded
  expect(await differs([0, 0, 0])).toBeGreaterThan(0.01);
});

test("redundancy: every unit moves, and few of them do not do", async () => {
  const { rows, text } = await redundancy(quick);
  for (const { units, runs } of rows) {
    expect(runs[0]?.active).toBe(units);
    expect(runs[0]?.accuracy).toBeGreaterThan(0.9);
    expect(runs[0]?.dimensions).toBeGreaterThan(1);
    expect(runs[0]?.dimensions).toBeLessThan(units);
  }
  expect(text).not.toMatch(/NaN|undefined/);
});

test("growth: the network that stands still becomes larger, the fixed one does not", async () => {
  const { rows, text } = await growth(quick);
  const units = rows.map(({ runs }) => [runs[0]?.afterSimple.units, runs[0]?.afterHard.units]);
  expect(units[0]).toEqual([9, 9]);
  expect(units[1]?.[1]).toBeGreaterThan(1);
  expect(text).not.toMatch(/NaN|undefined/);
});

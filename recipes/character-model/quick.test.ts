import { RandomStream } from "sluice";
import { describe, expect, test } from "vitest";
import { characters } from "./characters.mjs";
import { memory } from "./memory.mjs";
import { neurons } from "./neurons.mjs";
import { countedFrom } from "./ngrams.mjs";
import { carried, characterModel, forgetful, plays } from "./shared.mjs";

// The recipes in their smallest form: that they run, and that what they measure is what they say.
const quick = { quick: true, seed: 1 };

describe("n-grams", () => {
  const random = new RandomStream({ seed: 4, stream: 0, step: 0 });
  const symbols = Int32Array.from({ length: 3000 }, (_, k) => (k % 3 === 0 ? random.below(5) : random.below(2)));

  test("are those of a plain count", () => {
    const [size, order] = [5, 4];
    const model = countedFrom(symbols, { size, order });
    /** Witten-Bell as it is written down, by looking through the whole text. */
    const naive = (context: number[], word: number): number => {
      const after: number[] = [];
      for (let at = context.length; at < symbols.length; at++) {
        if (context.every((symbol, k) => symbols[at - context.length + k] === symbol)) after.push(symbols[at] as number);
      }
      const lower = context.length === 0 ? 1 / size : naive(context.slice(1), word);
      if (after.length === 0) return lower;
      const types = new Set(after).size;
      return (after.filter((symbol) => symbol === word).length + types * lower) / (after.length + types);
    };
    const other = Int32Array.of(0, 4, 4, 3, 1, 0, 0, 1, 2, 4, 4, 4);
    for (let at = 3; at < other.length; at++) {
      const told = model.probabilities(other, at);
      for (let n = 1; n <= order; n++) {
        const context = [...other.subarray(at - n + 1, at)];
        expect(told[n - 1]).toBeCloseTo(naive(context, other[at] as number), 12);
      }
    }
  });

  test("give each context probabilities that add up to 1", () => {
    const model = countedFrom(symbols, { size: 5, order: 8 });
    const sums = new Array(8).fill(0);
    for (let word = 0; word < 5; word++) {
      const text = Int32Array.of(1, 0, 4, 1, 1, 3, 0, 1, word);
      model.probabilities(text, 8).forEach((p: number, n: number) => {
        sums[n] += p;
      });
    }
    for (const sum of sums) expect(sum).toBeCloseTo(1, 12);
  });
});

test("what a model says with its state carried, and when it forgets, is what it predicts from these characters", async () => {
  const model = characterModel(7, 5, 2);
  const ids = Int32Array.from({ length: 60 }, (_, k) => (k * k + 3 * k) % 7);
  const chanceOf = async (from: number, at: number): Promise<number> => {
    const { data } = await model.predict({ shape: [1, at - from], data: ids.slice(from, at) });
    return data[(at - from - 1) * 7 + (ids[at] as number)] as number;
  };
  const told = carried(model, ids, 20, 60, 10);
  const short = await forgetful(model, ids, 20, 57, 4);
  expect([told.length, short.length]).toEqual([40, 37]);
  for (let at = 20; at < 57; at++) {
    expect(told[at - 20]).toBeCloseTo(await chanceOf(10, at), 5); // float32, sums in another order
    expect(short[at - 20]).toBeCloseTo(await chanceOf(at - ((at - 20) % 4) - 4, at), 5);
  }
});

test("the quick text is a play: the same for the same seed, with names that come again", () => {
  const text = plays(2000, 1);
  expect(text).toHaveLength(2000);
  expect(plays(2000, 1)).toBe(text);
  expect(plays(2000, 2)).not.toBe(text);
  const names = text.match(/^[A-Z]+(?=:$)/gm) ?? [];
  expect(new Set(names).size).toBeLessThan(names.length / 2);
});

describe("quick runs", () => {
  test("characters: every model beside the LSTM", async () => {
    const { rows, text } = await characters(quick);
    expect(rows).toHaveLength(10);
    const [alone, pairs] = rows.map(({ nats }) => nats);
    expect(pairs).toBeLessThan(alone as number);
    expect(rows.at(-1)?.nats).toBeLessThan(0.6 * (alone as number));
    expect(text).toContain("| LSTM, 24 units |");
    expect(text).not.toMatch(/NaN|undefined/);
  });

  test("memory: every error is taken away once, and a summary of what was read helps", async () => {
    const { errors, rows, share, text } = await memory(quick);
    expect(errors.rows.reduce((sum: number, { taken }: { taken: number }) => sum + taken, 0)).toBe(errors.all);
    expect(share).toBeGreaterThan(0);
    expect(rows[0]?.both).toBeLessThan(rows[0]?.long as number);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  test("neurons: gates, units that follow something, and a page", async () => {
    const { gates, found, text, pages } = await neurons(quick);
    expect(gates.map(({ gate }) => gate)).toEqual(["inputGate", "forgetGate", "outputGate"]);
    for (const { r } of found) expect(Math.abs(r)).toBeLessThanOrEqual(1);
    expect(Math.max(...found.map(({ r }) => Math.abs(r)))).toBeGreaterThan(0.5);
    expect(pages.neurons).toMatch(/^<!doctype html>/);
    expect(`${text}${pages.neurons}`).not.toMatch(/NaN|undefined|<script/);
  });
});

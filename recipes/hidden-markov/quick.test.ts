import { describe, expect, test } from "vitest";
import { fewStates, sample, truth } from "./few-states.mjs";
import { goesOn, pause, perfectPlayer, question, recall, rounds, symbols } from "./recall.mjs";
import { bits, ngram, toldByModel } from "./shared.mjs";

// The recipes in their smallest form: that they run, and that what they measure is what they say.
const quick = { quick: true, seed: 1 };

test("sequences come from the model: starts, and what follows what", () => {
  const sequences = sample(truth, 400, 3, 0) as number[][];
  const share = (of: (sequence: number[]) => boolean): number => sequences.filter(of).length / sequences.length;
  expect(share(([first]) => first === 2)).toBeCloseTo((0.1 + 0.55 + 0.1) / 3, 1);
  expect(sequences[0]).toHaveLength(100);
  expect(sample(truth, 2, 3, 0)).toEqual(sequences.slice(0, 2));
  const worse = { ...truth, emission: [...truth.emission.slice(4), ...truth.emission.slice(0, 4)] };
  const other = { ...worse, transition: [0.5, 0.5, 0, 0, 0.5, 0.5, 0.5, 0, 0.5] };
  expect(bits(sequences, toldByModel(truth, sequences), 4)).toBeLessThan(bits(sequences, toldByModel(other, sequences), 4));
});

test("bits are −log₂ of what was told, where they count", () => {
  expect(bits([[0, 1, 1]], [[0.5, 0.5, 0.75, 0.25, 0.5, 0.5]], 2)).toBeCloseTo((1 + 2 + 1) / 3, 12);
  expect(bits([[0, 1, 1]], [[0.5, 0.5, 0.75, 0.25, 0.5, 0.5]], 2, (_: number, t: number) => t === 1)).toBe(2);
});

test("an n-gram mixes what followed the last symbols with what followed fewer", async () => {
  const { told } = ngram(2, { symbols: 2 })({ train: [[0, 1, 0, 1, 1]] });
  const [row] = told([[0, 1]]) as [number[]];
  const p0 = (2 + 2 * 0.5) / 7; // Witten–Bell: 2 of 5, two kinds seen, mixed with 1/2
  expect(row[0]).toBeCloseTo(p0, 12);
  expect(row[2]).toBeCloseTo((0 + p0) / 3, 12); // after 0 came 1 twice, one kind
  expect(row[2] + row[3]).toBeCloseTo(1, 12);
});

describe("rounds", () => {
  test("k bits, pauses, the question, the same bits; what is asked for is marked", () => {
    const k = 3;
    const { sequences, asked } = rounds(k, 30, 5, 0) as { sequences: number[][]; asked: boolean[][] };
    for (const [n, sequence] of sequences.entries()) {
      let t = 0;
      while (t < sequence.length) {
        const shown = sequence.slice(t, t + k);
        for (t += k; sequence[t] === pause; t++);
        if (t < sequence.length) expect(sequence[t]).toBe(question);
        const repeated = sequence.slice(t + 1, t + 1 + k);
        expect(repeated).toEqual(shown.slice(0, repeated.length));
        expect(asked[n]?.slice(t + 1, t + 1 + k).every(Boolean)).toBe(true);
        t += 1 + k;
      }
      expect(asked[n]?.slice(0, k).some(Boolean)).toBe(false);
    }
  });

  test("the model made by hand has 6 · 2^k − 4 states and needs the bits of the game: shown bits and pauses", () => {
    for (const k of [1, 2, 3]) {
      const player = perfectPlayer(k);
      expect(player.states).toBe(6 * 2 ** k - 4);
      const { sequences, asked } = rounds(k, 20, 2, 0) as { sequences: number[][]; asked: boolean[][] };
      const told = toldByModel(player, sequences);
      expect(bits(sequences, told, symbols, (n: number, t: number) => asked[n]?.[t])).toBeCloseTo(0, 12);
      expect(bits(sequences, told, symbols, (_: number, t: number) => t < k)).toBeCloseTo(1, 12);
      const afterPause = (n: number, t: number): boolean => sequences[n]?.[t - 1] === pause;
      const ends = sequences.flatMap((sequence, n) =>
        sequence.flatMap((symbol, t) => (afterPause(n, t) ? [symbol === question] : [])),
      );
      const cost = ends.map((end) => -Math.log2(end ? 1 - goesOn : goesOn)).reduce((a, b) => a + b, 0) / ends.length;
      expect(bits(sequences, told, symbols, afterPause)).toBeCloseTo(cost, 12);
    }
  });
});

describe("quick runs", () => {
  test("few-states: the model of three states comes closest to the one that made the data", async () => {
    const { rows, floor, text } = await fewStates(quick);
    const above = (name: string): number => {
      const run = rows.find((row) => row.name === name)?.cells[0]?.[0] as { bits: number; floor: number };
      return run.bits - run.floor;
    };
    expect(floor).toBeGreaterThan(1.5);
    expect(above("HMM, 3 states")).toBeLessThan(0.02);
    expect(above("HMM, 2 states")).toBeGreaterThan(above("HMM, 3 states") + 0.02);
    expect(above("LSTM, 16 units")).toBeLessThan(above("frequencies (n-gram of order 1)"));
    expect(text).not.toMatch(/NaN|undefined/);
  });

  test("recall: the LSTM remembers a bit, a model of two states cannot even say when it is asked", async () => {
    const { rows, players, text, figures } = await recall(quick);
    const asked = (name: string): number => rows.find((row) => row.name === name)?.cells[0]?.asked as number;
    expect(players[0]?.states).toBe(8);
    expect(players[0]?.asked).toBeCloseTo(0, 12);
    expect(asked("LSTM, 16 units")).toBeLessThan(0.3);
    expect(asked("HMM, 2 states")).toBeGreaterThan(0.9);
    expect(figures.recall).toMatch(/^<svg role="img".*<\/svg>$/s);
    expect(`${text}${figures.recall}`).not.toMatch(/NaN|undefined/);
  });
});

import { lstm } from "sluice";
import { describe, expect, test } from "vitest";
import { continualReber } from "./continual-reber.mjs";
import { gradientReach } from "./gradient-reach.mjs";
import { lagCurve } from "./lag-curve.mjs";
import { learningRates } from "./learning-rates.mjs";
import { limits } from "./limits.mjs";
import { intensity, sensitivity } from "./sensitivity.mjs";
import { latch } from "./shared.mjs";

// The recipes in their smallest form: that they run, and that what they measure is what they say.
const quick = { quick: true, seed: 0 };

test("the latch task asks for its first symbol", () => {
  const { x, y } = latch(20, 3, 1);
  expect(x.shape).toEqual([20, 4, 6]);
  for (let n = 0; n < 20; n++) {
    const row = [...x.data.slice(n * 24, (n + 1) * 24)];
    expect(row.slice(0, 2)).toEqual(y.data[n] === 0 ? [1, 0] : [0, 1]);
    expect(row.filter((v) => v === 1)).toHaveLength(4); // one symbol a step
  }
  expect(new Set(y.data).size).toBe(2);
});

describe("quick runs", () => {
  test("lag-curve: every cell bridges five steps", async () => {
    const { rows, linear, text, figures } = await lagCurve(quick);
    expect(rows.map(({ name }) => name)).toEqual(["RNN", "GRU", "LSTM", "LSTM without forget gate", "LSTM, chrono biases"]);
    for (const { accuracies } of rows) expect(accuracies[0]?.[0]).toBeGreaterThan(0.9);
    expect(linear[0]?.[0]).toBe(1); // the symbol asked for is one of its inputs
    expect(text).toContain("| LSTM |");
    expect(figures["lag-curve"]).toMatch(/^<svg role="img".*<\/svg>$/s);
    expect(figures["lag-curve"]).not.toMatch(/NaN|undefined/);
  });
  test("gradient-reach: an error for each step, and figures", async () => {
    const { rows, figures } = await gradientReach(quick);
    expect(rows).toHaveLength(10);
    for (const { hidden } of rows) {
      expect(hidden).toHaveLength(11);
      expect(hidden.every((norm: number) => norm > 0)).toBe(true);
    }
    for (const svg of Object.values(figures)) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
  test("continual-reber: 424 weights with forget gates, 360 without; only the cell without them drifts", async () => {
    const { rows } = await continualReber(quick);
    expect(rows.map(({ trials }) => trials[0]?.weights)).toEqual([360, 360, 424, 424]);
    const [, old, forgetting] = rows.map(({ trials }) => trials[0]?.drift[1] as number);
    expect(old).toBeGreaterThan(3 * (forgetting as number));
  });
  test("limits and learning-rates run", async () => {
    const { rows, text } = await limits(quick);
    expect(rows.map(({ needed }) => needed.length)).toEqual([2, 2]); // truncated and full gradient
    expect(text).toContain("| 3 or 4 steps, 4 cells |");
    const { rows: grid } = await learningRates(quick);
    for (const { accuracies } of grid) expect(accuracies[0]).toBeGreaterThan(0.9);
  });
  test("sensitivity: errors from best to worst, and two bytes of float32 for each operation", async () => {
    const { rows, text } = await sensitivity(quick);
    expect(rows.map(({ name }) => name)).toEqual(["RNN", "RNN, relu from the identity", "GRU", "LSTM"]);
    for (const { errors } of rows) expect(errors[1]).toBeGreaterThan(errors[0] as number);
    expect(text).toContain("| float32 | 2.0 | 0.25 | 0.063 |");
    const { bytes, operations } = intensity((options: { units: number }) => lstm(options), 3, 2, 4, 5);
    expect([bytes, operations]).toEqual([4 * 60, 2 * 60 * 5]); // 4 H (I + H) weights
  });
});

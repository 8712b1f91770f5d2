import { expect, test } from "vitest";
import { compare } from "./compare.mjs";

// The recipe in its smallest form: that it runs, and that what it measures is what it says.
test("compare: every model forecasts the index, and the last value is the floor that others are measured by", async () => {
  const { rows, text } = await compare({ quick: true, seed: 1 });
  expect(rows.map(({ name }: { name: string }) => name)).toEqual([
    "last value",
    "linear, target alone",
    "LSTM",
    "LSTM, LSTM (no attention)",
    "LSTM, attention, LSTM",
    "LSTM, attention, LSTM step by step",
    "Transformer",
  ]);
  for (const { runs } of rows) expect(runs[0].mse).toBeGreaterThan(0);
  expect(rows[1].runs[0].weights).toBe(60 * 20 + 20);
  expect(text).toContain("| last value | 0 |");
  expect(text).not.toMatch(/NaN|undefined/);
});

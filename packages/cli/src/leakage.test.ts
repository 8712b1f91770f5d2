import { readCsv } from "@sluice/data";
import { expect, test } from "vitest";
import { leaks } from "./leakage.ts";

const y = Array.from({ length: 60 }, (_, t) => Math.sin(t * t * 0.7) + 0.1 * t);
const noisy = (t: number) => Math.cos(3.3 * t * t);

async function leaksOf(column: (t: number) => number | ""): Promise<string[]> {
  const rows = y.map((value, t) => `${value},${column(t)}`);
  const table = await readCsv(`y,x\n${rows.join("\n")}\n`, { name: "t.csv" });
  return leaks(
    table,
    "y",
    table.columns.filter(({ name }) => name !== "y"),
  ).map(({ text }) => text);
}

test.each([
  ["itself", (t: number) => y[t] ?? "", 'Column "x" is "y" itself'],
  ["from a later row", (t: number) => y[t + 3] ?? "", 'Column "x" is "y" from 3 rows later'],
  ["from an earlier row", (t: number) => y[t - 1] ?? "", 'Column "x" is "y" from 1 row before'],
  ["in another unit", (t: number) => 32 + 1.8 * (y[t] ?? 0), 'Column "x" is "y" in another form (correlation 1.00000)'],
  ["upside down", (t: number) => -(y[t] ?? 0), 'Column "x" is "y" in another form (correlation -1.00000)'],
] as const)("the target %s is a leak", async (_, column, text) => {
  const found = await leaksOf(column);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(text);
});

test.each([
  ["noise", noisy],
  ["a constant", () => 3],
  ["the target with noise", (t: number) => (y[t] ?? 0) + 0.3 * noisy(t)],
  ["a few equal rows among gaps", (t: number) => (t < 9 ? (y[t] ?? "") : "")],
] as const)("%s is none", async (_, column) => {
  expect(await leaksOf(column)).toEqual([]);
});

import { expect, test } from "vitest";
import { compileTime } from "./compile-time.mjs";

test("compile-time: a first and a next step for each way and length", async () => {
  const { rows, text } = await compileTime({ quick: true });
  expect(rows.map(({ T, runs }) => [T, runs.length])).toEqual([
    [3, 2],
    [5, 2],
  ]);
  for (const { runs } of rows) for (const { first, next } of runs) expect([first, next].every(Number.isFinite)).toBe(true);
  expect(text).toContain("| 5 |");
});

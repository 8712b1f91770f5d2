import { expect, test } from "vitest";
import { fanChart, sparkline } from "./text-charts.ts";

test("a sparkline shows the shape, gaps and constants", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([0, 0, 7, 7], 2)).toBe("▁█");
  expect(sparkline([1, Number.NaN, 2], 3)).toBe("▁ █");
  expect(sparkline([5, 5, 5], 3)).toBe("▅▅▅");
  expect(sparkline([], 10)).toBe("");
  expect(sparkline([Number.NaN, Number.NaN], 2)).toBe("  ");
});

test("a fan chart draws the history, then the band around the median", () => {
  const chart = fanChart({ history: [0, 1, 2, 3], median: [3, 3], low: [2, 1], high: [4, 5] }, 8, 3);
  const lines = chart.split("\n");
  expect(lines.map((line) => line.length)).toEqual([8, 8, 8]);
  const dots = (line: string | undefined) => [...(line ?? "")].map((c) => c.charCodeAt(0) !== 0x2800);
  expect([dots(lines[0])[0], dots(lines[0])[7]]).toEqual([false, true]); // 5, the high end, is at the top right
  expect(dots(lines[2])[0]).toBe(true); // the history begins at the bottom left
  expect(fanChart({ history: [1], median: [1], low: [Number.NaN], high: [Number.NaN] }, 4, 1)).toHaveLength(4);
});

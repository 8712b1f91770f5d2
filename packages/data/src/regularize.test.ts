import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillMissing } from "./fill.ts";
import type { Frequency } from "./frequency.ts";
import { regularize } from "./regularize.ts";

const HOUR = 3_600_000;
const hourly: Frequency = { unit: "hour", count: 1 };
const hours = (...steps: number[]) => Float64Array.from(steps, (h) => h * HOUR);
const columns = (...values: number[]) => [{ name: "y", kind: "number" as const, values: Float64Array.from(values) }];

describe("regularize", () => {
  test("a regular series comes back as the arrays that were given", () => {
    const [times, given] = [hours(0, 1, 2), columns(5, 6, 7)];
    const result = regularize(times, given, hourly);
    expect(result).toEqual({ times, columns: given, notes: [] });
    expect(result.times).toBe(times);
    expect(result.columns[0]?.values).toBe(given[0]?.values);
  });

  test("sorts, merges and inserts, and says each", () => {
    const result = regularize(hours(4, 0, Number.NaN, 1, 1), columns(40, 0, 99, 10, 20), hourly, "store 7");
    expect([...result.times]).toEqual([...hours(0, 1, 2, 3, 4)]);
    expect([...(result.columns[0]?.values ?? [])]).toEqual([0, 15, Number.NaN, Number.NaN, 40]);
    expect(result.notes.map((n) => [n.kind, n.count])).toEqual([
      ["missingTimes", 1],
      ["sorted", 5],
      ["merged", 1],
      ["insertedGaps", 2],
    ]);
    expect(result.notes[3]?.text).toBe(
      'Series "store 7": 2 steps are missing (hourly; the first at 1970-01-01 02:00); inserted as missing values.',
    );
  });

  test("clocks set forward and back: one missing hour, one double hour", () => {
    const local = hours(0, 1, 3, 4, 5, 5, 6); // the local hour 2 does not exist, hour 5 comes twice
    const {
      columns: [y],
      notes,
    } = regularize(local, columns(0, 1, 3, 4, 5, 7, 6), hourly);
    expect([...(y?.values ?? [])]).toEqual([0, 1, Number.NaN, 3, 4, 6, 6]);
    expect(notes.map((n) => n.kind)).toEqual(["merged", "insertedGaps"]);
  });

  test("moves times beside the grid, merges those that meet, and keeps the first of two codes", () => {
    const times = Float64Array.of(0, HOUR + 60_000, 2 * HOUR, 2 * HOUR + 1000);
    const coded = [{ name: "c", kind: "code" as const, values: Float64Array.of(3, 1, 2, 0) }];
    const result = regularize(times, coded, hourly);
    expect([...result.times]).toEqual([...hours(0, 1, 2)]);
    expect([...(result.columns[0]?.values ?? [])]).toEqual([3, 1, 2]);
    expect(result.notes.map((n) => [n.kind, n.count])).toEqual([
      ["movedToGrid", 2],
      ["merged", 1],
    ]);
  });

  test("steps are sorted and merged, and nothing is inserted", () => {
    const result = regularize(Float64Array.of(9, 2, 2, 70), columns(9, 1, 3, 7), { unit: "step", count: 1 });
    expect([...result.times, ...(result.columns[0]?.values ?? [])]).toEqual([2, 9, 70, 2, 9, 7]);
  });

  test("refuses a grid that a mistyped year would make endless", () => {
    const times = Float64Array.of(0, HOUR, Date.UTC(9999, 0, 1));
    expect(() => regularize(times, columns(1, 2, 3), hourly)).toThrow(
      /from 1970-01-01 to 9999-01-01: 70,\d{3},\d{3} steps for 3 rows/,
    );
  });

  test("any rows of an hourly series come back in order, each value in its hour", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 }), (slots) => {
        const {
          times,
          columns: [y],
        } = regularize(hours(...slots), columns(...slots), hourly);
        const first = Math.min(...slots);
        expect([...times]).toEqual(Array.from({ length: Math.max(...slots) - first + 1 }, (_, i) => (first + i) * HOUR));
        expect([...(y?.values ?? [])]).toEqual(Array.from(times, (t) => (slots.includes(t / HOUR) ? t / HOUR : Number.NaN)));
      }),
    );
  });
});

describe("fillMissing", () => {
  const N = Number.NaN;
  test.each([
    ["linear", [4, 4, 3, 2, 1, 1], 2],
    ["forward", [4, 4, 4, 4, 1, 1], 2],
    ["zero", [0, 4, 0, 0, 1, 0], 2],
  ] as const)("%s", (rule, expected, inner) => {
    const values = Float32Array.of(N, 4, N, N, 1, N);
    expect(fillMissing(values, rule)).toEqual({ values: Float32Array.from(expected), inner, outer: 2 });
    expect(values[0]).toBeNaN(); // the table keeps what the file says
  });

  test("a whole column comes back itself; one without values becomes 0", () => {
    const whole = Float64Array.of(1, 2);
    expect(fillMissing(whole, "linear").values).toBe(whole);
    expect(fillMissing(Float64Array.of(N, N), "forward")).toEqual({ values: Float64Array.of(0, 0), inner: 0, outer: 2 });
  });

  test("leaves no gap and changes no value that was there", () => {
    const values = fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { nil: N, freq: 2 })).map((v) => Float64Array.from(v));
    fc.assert(
      fc.property(values, fc.constantFrom("linear" as const, "forward" as const, "zero" as const), (given, rule) => {
        const { values: filled, inner, outer } = fillMissing(given, rule);
        expect(filled.some(Number.isNaN)).toBe(false);
        expect(filled.map((x, i) => (Number.isNaN(given[i]) ? Number.NaN : x))).toEqual(given);
        expect(inner + outer).toBe(given.filter(Number.isNaN).length);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { splitByTime } from "./split.ts";

describe("splitByTime", () => {
  test("takes 15 % and 15 % of the rest from the end", () => {
    expect(splitByTime({ rows: 144, horizon: 12 })).toEqual({
      train: { from: 0, to: 104 },
      validation: { from: 104, to: 122 },
      test: { from: 122, to: 144 },
    });
  });

  test("takes counts and shares as given", () => {
    const { train, validation, test: last } = splitByTime({ rows: 1000, horizon: 10, test: 100, validation: 0.2 });
    expect([train.to, validation.to, last.to]).toEqual([720, 900, 1000]);
  });

  test("says how many rows are needed", () => {
    expect(() => splitByTime({ rows: 31, horizon: 12, file: "sales.csv", series: "store 7" })).toThrow(
      new DataError(
        'sales.csv: series "store 7" has 31 rows; horizon 12 needs at least 37: 13 to train, 12 to validate, 12 to test.\n' +
          "  Use a shorter horizon (10 or less), or a longer history.",
      ),
    );
    expect(() => splitByTime({ rows: 100, horizon: 12, test: 5 })).toThrow("A test part of 5 cannot hold a horizon of 12");
    expect(() => splitByTime({ rows: 100, horizon: 12, validation: 0.05 })).toThrow(/validation part of 0.05 \(4 rows of 88\)/);
  });

  test("parts follow one another, hold the horizon, and the training part a window; a shorter series is refused", () => {
    const sizes = fc.record({
      rows: fc.nat(300),
      horizon: fc.integer({ min: 1, max: 40 }),
      windowLength: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(sizes, (options) => {
        const { rows, horizon, windowLength } = options;
        if (rows < windowLength + 3 * horizon) {
          expect(() => splitByTime(options)).toThrow(DataError);
          return;
        }
        const { train, validation, test: last } = splitByTime(options);
        expect([train.from, validation.from, last.from, last.to]).toEqual([0, train.to, validation.to, rows]);
        expect(train.to).toBeGreaterThanOrEqual(windowLength + horizon);
        expect(Math.min(validation.to - validation.from, last.to - last.from)).toBeGreaterThanOrEqual(horizon);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTimes } from "./frequency.ts";
import { stepTimes, withNextTimes } from "./row-times.ts";

const HOUR = 3_600_000;
const hourly = { unit: "hour", count: 1 } as const;

describe("times that follow from a rule", () => {
  test("are read as the array of the same times", () => {
    const given = Float64Array.of(5, 7 * HOUR, 8 * HOUR);
    const continued = Float64Array.from([...given, ...nextTimes(8 * HOUR, hourly, 4)]);
    const pairs = [
      { times: stepTimes(7), array: Float64Array.of(0, 1, 2, 3, 4, 5, 6) },
      { times: withNextTimes(given, hourly, 4), array: continued },
      { times: withNextTimes(stepTimes(3), { unit: "step", count: 1 }, 4), array: Float64Array.of(0, 1, 2, 3, 4, 5, 6) },
    ];
    const bound = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(fc.constantFrom(...pairs), bound, bound, bound, ({ times, array }, from, to, row) => {
        const [part, expected] = [times.subarray(from, to), array.subarray(from, to)];
        expect([...part]).toEqual([...expected]);
        expect([...part.subarray(1)]).toEqual([...expected.subarray(1)]);
        expect([part.length, part.at(row), times.at(row)]).toEqual([expected.length, expected.at(row), array.at(row)]);
      }),
    );
  });

  test("take no memory for their rows", () => {
    const before = process.memoryUsage().arrayBuffers;
    const times = stepTimes(1e9).subarray(5);
    expect([times.length, times.at(-1)]).toEqual([1e9 - 5, 1e9 - 1]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});

import { describe, expect, test } from "vitest";
import { type Frequency, STEPS } from "./frequency.ts";
import { seasonCandidates, seasonLength } from "./seasonality.ts";

/** Numbers without pattern, −0.5 to 0.5, the same on every run [xorshift32]. */
function noise(n: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 32;
  });
}

const FREQUENCIES: [Frequency, number[]][] = [
  [{ unit: "minute", count: 30 }, [2, 48, 336]],
  [{ unit: "hour", count: 1 }, [24, 168]],
  [{ unit: "day", count: 1 }, [7, 365]],
  [{ unit: "weekday", count: 1 }, [5, 261]],
  [{ unit: "week", count: 1 }, [52]],
  [{ unit: "month", count: 1 }, [12]],
  [{ unit: "quarter", count: 1 }, [4]],
  [{ unit: "year", count: 1 }, []],
  [STEPS, []],
];

describe("seasonLength", () => {
  test.each(FREQUENCIES)("candidates of %j", (frequency, expected) => {
    expect(seasonCandidates(frequency)).toEqual(expected);
  });

  test.each([
    ...FREQUENCIES.flatMap(([f, c]) => c.filter((m) => m > 2).map((m) => [f, m] as const)),
    [STEPS, 48] as const,
  ])("%j: finds a season of %i under noise and trend, also with gaps", (frequency, season) => {
    const e = noise(6 * season + 50, 5);
    const y = e.map((x, t) =>
      t % 11 === 3 ? Number.NaN : 0.2 * t + 10 * Math.sin((2 * Math.PI * t) / season) * (1 + (t % season) / season) + x,
    );
    expect(seasonLength(y, frequency)).toBe(season);
  });

  test("finds none in noise, random walks, constants, trends and short series", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const e = noise(600, seed * 2654435);
      let level = 0;
      const walk = e.map((x) => (level += x));
      for (const frequency of [STEPS, { unit: "hour", count: 1 }, { unit: "month", count: 1 }] as const) {
        expect([seed, frequency, seasonLength(e, frequency), seasonLength(walk, frequency)]).toEqual([seed, frequency, 1, 1]);
      }
    }
    for (const y of [
      new Float64Array(100),
      Float64Array.from({ length: 100 }, (_, t) => t),
      Float64Array.of(1, 2),
      new Float64Array(),
    ]) {
      expect(seasonLength(y, { unit: "hour", count: 1 })).toBe(1);
    }
  });
});

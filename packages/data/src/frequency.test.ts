import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { civilFromDays, daysFromCivil, epochMs, timeText } from "./civil.ts";
import { addSteps, detectFrequency, type Frequency, frequencyLabel, nextTimes, stepsBetween } from "./frequency.ts";

const at = (text: string) => Date.parse(`${text}Z`);
const units = ["second", "minute", "hour", "day", "weekday", "week", "month", "quarter", "year"] as const;
const frequencies = fc.record({ unit: fc.constantFrom(...units), count: fc.integer({ min: 1, max: 12 }) });
const instants = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) });

describe("the civil calendar", () => {
  test("agrees with Date for every day of four centuries", () => {
    for (let days = daysFromCivil(1850, 1, 1); days < daysFromCivil(2250, 1, 1); days++) {
      const date = new Date(days * 86_400_000);
      const { year, month, day } = civilFromDays(days);
      if (year !== date.getUTCFullYear() || month !== date.getUTCMonth() + 1 || day !== date.getUTCDate())
        throw new Error(String(days));
      if (daysFromCivil(year, month, day) !== days) throw new Error(String(days));
    }
  });

  test("has no 30 February and no 29 February 2023", () => {
    expect([epochMs(2024, 2, 30), epochMs(2023, 2, 29), epochMs(1900, 2, 29), epochMs(2024, 13, 1)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(epochMs(2000, 2, 29)).toBe(Date.UTC(2000, 1, 29));
  });

  test("writes times as short as they are", () => {
    expect([at("2024-01-05T00:00:00"), at("2024-01-05T06:07:00"), at("2024-01-05T06:07:08.5")].map(timeText)).toEqual([
      "2024-01-05",
      "2024-01-05 06:07",
      "2024-01-05 06:07:08.5",
    ]);
  });
});

describe("addSteps and stepsBetween", () => {
  test("undo each other", () => {
    fc.assert(
      fc.property(instants, frequencies, fc.integer({ min: -500, max: 500 }), (time, frequency, n) => {
        const start = frequency.unit === "weekday" ? addSteps(time, 0, frequency) : time; // a Saturday counts as the Monday after
        expect(Math.round(stepsBetween(start, addSteps(start, n, frequency), frequency))).toBe(n);
      }),
      { numRuns: 500 },
    );
  });

  test("months keep their day, and the last day stays the last", () => {
    const month: Frequency = { unit: "month", count: 1 };
    const dates = (from: string, frequency: Frequency) => [...nextTimes(at(from), frequency, 4)].map(timeText);
    expect(dates("1960-12-01T00:00:00", month)).toEqual(["1961-01-01", "1961-02-01", "1961-03-01", "1961-04-01"]);
    expect(dates("2023-12-31T00:00:00", month)).toEqual(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]);
    expect(dates("2023-11-15T06:00:00", { unit: "quarter", count: 1 })).toEqual([
      "2024-02-15 06:00",
      "2024-05-15 06:00",
      "2024-08-15 06:00",
      "2024-11-15 06:00",
    ]);
    expect(dates("2024-02-29T00:00:00", { unit: "year", count: 1 })).toEqual([
      "2025-02-28",
      "2026-02-28",
      "2027-02-28",
      "2028-02-29",
    ]);
  });

  test("weekdays step over the weekend", () => {
    expect([...nextTimes(at("2024-03-07T09:00:00"), { unit: "weekday", count: 1 }, 3)].map(timeText)).toEqual([
      "2024-03-08 09:00",
      "2024-03-11 09:00",
      "2024-03-12 09:00",
    ]);
  });
});

describe("detectFrequency", () => {
  const generated = (from: string, frequency: Frequency, n: number) =>
    Float64Array.from({ length: n }, (_, i) => addSteps(at(from), i, frequency));

  test("finds the frequency that made the times, also with gaps", () => {
    const named = frequencies.map(({ unit, count }): Frequency => {
      if (unit === "month") return { unit, count: count % 3 === 0 ? 1 : count };
      if (unit === "quarter") return { unit, count: count % 4 === 0 ? 1 : count };
      return {
        unit,
        count: unit === "year" ? count : unit === "day" && count === 7 ? 1 : unit === "weekday" || count === 12 ? 1 : count,
      };
    });
    fc.assert(
      fc.property(named, fc.boolean(), (frequency, gaps) => {
        const times = generated("2001-03-05T00:00:00", frequency, 60).filter((_, i) => !gaps || i % 9 !== 4);
        expect(detectFrequency(times)).toEqual({ frequency, regularShare: 1 });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["month ends", generated("2020-01-31T00:00:00", { unit: "month", count: 1 }, 30), { unit: "month", count: 1 }, "monthly"],
    [
      "28 days, which is not a month",
      generated("2020-01-31T00:00:00", { unit: "day", count: 28 }, 30),
      { unit: "week", count: 4 },
      "4 weeks",
    ],
    [
      "half hours",
      generated("2020-01-31T00:00:00", { unit: "minute", count: 30 }, 30),
      { unit: "minute", count: 30 },
      "30 minutes",
    ],
    ["tenths of a second", Float64Array.from({ length: 9 }, (_, i) => i * 100), { unit: "second", count: 0.1 }, "0.1 seconds"],
    ["one row", Float64Array.of(5), { unit: "step", count: 1 }, "steps"],
  ] as const)("%s", (_, times, frequency, label) => {
    const found = detectFrequency(times).frequency;
    expect(found).toEqual(frequency);
    expect(frequencyLabel(found)).toBe(label);
  });

  test("sees through the jitter of a clock", () => {
    const times = Float64Array.from({ length: 500 }, (_, i) => i * 60_000 + ((i * 7919) % 97) * 20);
    expect(detectFrequency(times).frequency).toEqual({ unit: "minute", count: 1 });
  });

  test("says when times are irregular", () => {
    let t = 0;
    const times = Float64Array.from({ length: 300 }, (_, i) => (t += 1000 + ((i * 7919) % 9973) * 50));
    expect(detectFrequency(times).regularShare).toBeLessThan(0.9);
  });
});

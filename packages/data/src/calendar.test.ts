import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendarColumns, calendarFor, calendarNames, cyclePosition } from "./calendar.ts";

const DAY = 86_400_000;

describe("calendar", () => {
  test.each([
    [{ unit: "minute", count: 30 }, 60, ["day", "week"]],
    [{ unit: "hour", count: 1 }, 1000, ["day", "week", "year"]],
    [{ unit: "second", count: 1 }, 1, ["minute", "hour"]],
    [{ unit: "day", count: 1 }, 1000, ["week", "month", "year"]],
    [{ unit: "weekday", count: 1 }, 30, ["week"]],
    [{ unit: "month", count: 1 }, 5000, ["year"]],
    [{ unit: "quarter", count: 1 }, 5000, ["year"]],
    [{ unit: "year", count: 1 }, 50_000, []],
    [{ unit: "step", count: 1 }, 1000, []],
  ] as const)("%j over %i days reads %j", (frequency, days, cycles) => {
    expect(calendarFor(frequency, days * DAY)).toEqual({ cycles });
  });

  test.each([
    ["minute", "2024-01-01T05:30:15", 0.25],
    ["hour", "2024-01-01T05:30:00", 0.5],
    ["day", "2024-01-01T18:00:00", 0.75],
    ["week", "2024-01-01T00:00:00", 0], // a Monday
    ["week", "2024-01-04T12:00:00", 0.5],
    ["month", "2024-02-15T12:00:00", 0.5],
    ["year", "2024-07-02T00:00:00", 0.5], // 183 of 366 days
    ["year", "1969-01-01T00:00:00", 0],
  ] as const)("%s of %s", (cycle, time, part) => {
    expect(cyclePosition(cycle, Date.parse(`${time}Z`))).toBeCloseTo(part, 12);
  });

  test("columns are sines and cosines of the position, in the order of their names", () => {
    const spec = { cycles: ["day", "week"] } as const;
    expect(calendarNames(spec)).toEqual(["sin(day)", "cos(day)", "sin(week)", "cos(week)"]);
    const values = calendarColumns(spec, Float64Array.of(Date.parse("2024-01-04T12:00:00Z"))).map((c) => c[0]);
    for (const [i, x] of [0, -1, 0, -1].entries()) expect(values[i]).toBeCloseTo(x, 6);
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (time) => {
        const [s = 0, c = 0] = calendarColumns({ cycles: ["year"] }, Float64Array.of(time)).map((column) => column[0] as number);
        expect(s * s + c * c).toBeCloseTo(1, 5);
      }),
    );
  });
});

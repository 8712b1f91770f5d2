import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCsv } from "./csv.ts";
import { DataError } from "./errors.ts";
import { frequencyLabel } from "./frequency.ts";
import { seasonLength } from "./seasonality.ts";
import { type SeriesSet, type ToSeriesOptions, toSeries } from "./series.ts";
import { column } from "./table.ts";
import { haveRealFiles, readReal } from "./testing/real-files.ts";
import { findTimeAxis } from "./time.ts";

const prepare = async (text: string, options: ToSeriesOptions) => toSeries(await readCsv(text, { name: "f.csv" }), options);
const refusal = async (text: string, options: ToSeriesOptions) => {
  const error = await prepare(text, options).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  return (error as DataError).message;
};
const days = (...rows: string[]) => ["day,y,x,w", ...rows].join("\n");

describe("toSeries", () => {
  test("a regular file of numbers is not copied", async () => {
    const table = await readCsv("day,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n", { name: "f.csv" });
    const set = toSeries(table, { targets: ["y"] });
    expect(set).toMatchObject({
      name: "f.csv",
      frequency: { unit: "day", count: 1 },
      time: ["day"],
      targets: ["y"],
      covariates: [],
      notes: [],
    });
    expect(set.series[0]).toMatchObject({ id: "", rows: 3, ahead: 0, start: Date.UTC(2024, 0, 1), observed: {} });
    const given = column(table, "y");
    expect(given.kind === "number" && set.series[0]?.columns.y?.buffer).toBe(given.kind === "number" && given.values.buffer);
  });

  test("fills, remembers what was there, turns words into columns, and notes all of it", async () => {
    const text = days("2024-01-01,1,5,sun", "2024-01-02,,6,rain", "2024-01-04,4,,", "2024-01-05,5,9,sun");
    const set = await prepare(text, { targets: ["y"], covariates: ["x", "w"] });
    expect(set.covariates).toEqual(["x", "w=rain", "w=sun", "w=(other)"]);
    const { columns, observed, rows } = set.series[0] ?? expect.fail();
    expect(rows).toBe(5);
    expect(Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, [...values]]))).toEqual({
      y: [1, 2, 3, 4, 5],
      x: [5, 6, 7, 8, 9],
      "w=rain": [0, 1, 0, 0, 0],
      "w=sun": [1, 0, 0, 0, 1],
      "w=(other)": [0, 0, 1, 1, 0],
    });
    expect({ ...observed }).toEqual({ y: Uint8Array.of(1, 0, 0, 1, 1) });
    expect(set.notes.map((n) => `${n.kind} ${n.column ?? ""} ${n.count}`)).toEqual([
      "missingValues y 1",
      "missingValues x 1",
      "missingValues w 1",
      "insertedGaps  1",
      "filled y 2",
      "filled x 2",
      "filled w 2",
    ]);
  });

  test("rows after the last target are what is known ahead; rows around the targets are trimmed", async () => {
    const text = days(
      "2024-01-01,,1,a",
      "2024-01-02,2,2,a",
      "2024-01-03,3,3,a",
      "2024-01-04,,4,a",
      "2024-01-05,,5,a",
      "2024-01-06,,,a",
    );
    const set = await prepare(text, { targets: ["y"], future: ["x"] });
    const { columns, times, rows, ahead, start } = set.series[0] ?? expect.fail();
    expect([rows, ahead, start, times.length]).toEqual([2, 2, Date.UTC(2024, 0, 2), 4]);
    expect([[...(columns.y ?? [])], [...(columns.x ?? [])]]).toEqual([
      [2, 3],
      [2, 3, 4, 5],
    ]);
    expect(set.notes.at(-1)).toMatchObject({ kind: "trimmed", count: 2 });
  });

  test("drop leaves out rows that lack a value", async () => {
    const text = days(
      "2024-01-01,1,1,a",
      "2024-01-02,,2,a",
      "2024-01-03,3,,a",
      "2024-01-04,4,4,a",
      "2024-01-05,,5,a",
      "2024-01-06,,6,a",
    );
    const set = await prepare(text, { targets: ["y"], future: ["x"], fill: "drop" });
    const { columns, rows, ahead } = set.series[0] ?? expect.fail();
    expect([rows, ahead, [...(columns.y ?? [])], [...(columns.x ?? [])]]).toEqual([2, 2, [1, 4], [1, 4, 5, 6]]);
    expect(set.notes.at(-1)).toMatchObject({ kind: "dropped", count: 2 });
  });

  test("splits by a series column, rows together or scattered, names or whole numbers", async () => {
    const rows = (order: [string, number][]) =>
      `shop,day,y\n${order.map(([shop, d]) => `${shop},2024-01-0${d},${d}`).join("\n")}\n`;
    const together = rows([
      ["b", 1],
      ["b", 2],
      ["b", 3],
      ["a", 2],
      ["a", 3],
    ]);
    const scattered = rows([
      ["b", 1],
      ["a", 2],
      ["b", 2],
      ["b", 3],
      ["a", 3],
    ]);
    const numbered = scattered.replaceAll("a,", "10,").replaceAll("b,", "7,");
    for (const [text, names] of [
      [together, ["b", "a"]],
      [scattered, ["b", "a"]],
      [numbered, ["7", "10"]],
    ] as const) {
      const set = await prepare(text, { targets: ["y"], series: "shop" });
      expect(set.series.map((s) => [s.id, [...(s.columns.y ?? [])]])).toEqual([
        [names[0], [1, 2, 3]],
        [names[1], [2, 3]],
      ]);
    }
  });

  test("a series without a target is left out, and said", async () => {
    const set = await prepare("s,day,y\na,2024-01-01,1\na,2024-01-02,2\nb,2024-01-01,\n", { targets: ["y"], series: "s" });
    expect(set.series.map((s) => s.id)).toEqual(["a"]);
    expect(set.notes.at(-1)?.text).toBe('Series "b" has no value of "y"; it was left out.');
  });

  test("uses the vocabulary and the frequency of a model, and counts words it does not know", async () => {
    const text = days("2024-01-01,1,1,fog", "2024-01-03,3,3,sun");
    const encodings = [{ column: "w", vocabulary: ["rain", "sun"] }];
    const set = await prepare(text, { targets: ["y"], covariates: ["w"], encodings, frequency: { unit: "day", count: 1 } });
    expect([...(set.series[0]?.columns["w=(other)"] ?? [])]).toEqual([1, 1, 0]);
    expect(set.notes[0]).toMatchObject({ kind: "unknownCategories", count: 1 });
  });

  test("without times rows are steps; with irregular ones too, and said", async () => {
    const plain = await prepare("y\n1\n2\n4\n", { targets: ["y"] });
    expect([plain.frequency.unit, plain.time, [...(plain.series[0]?.times ?? [])]]).toEqual(["step", [], [0, 1, 2]]);
    const irregular = await prepare(
      `t,y\n${[0, 1, 5, 7, 20, 21, 22, 59]
        .map((m) =>
          `2024-01-01 00:${m}0:00`
            .replace(/:(\d)0:/, ":0$1:")
            .replace(":590:", ":59:")
            .replace(/:(2\d)0:/, ":$1:"),
        )
        .map((t, i) => `${t},${i}`)
        .join("\n")}\n`,
      { targets: ["y"] },
    );
    expect(irregular.frequency.unit).toBe("step");
    expect(irregular.notes[0]?.kind).toBe("irregular");
  });

  test("refuses a file without times where a model expects them, and drop where nothing is whole", async () => {
    expect(await refusal("y\n1\n2\n", { targets: ["y"], frequency: { unit: "day", count: 1 } })).toContain(
      "daily data is expected",
    );
    const holes = days("2024-01-01,1,,a", "2024-01-02,2,,b");
    expect(await refusal(holes, { targets: ["y"], covariates: ["x"], fill: "drop" })).toContain(
      "no row has a value in every column",
    );
  });

  test("of many series, notes of one kind become one", async () => {
    const rows = Array.from({ length: 9 }, (_, s) => `s${s},2024-01-01,1\ns${s},2024-01-02,1\ns${s},2024-01-04,3`).join("\n");
    const set = await prepare(`s,d,y\n${rows}\n`, { targets: ["y"], series: "s" });
    expect(set.notes.map((n) => [n.kind, n.count])).toEqual([
      ["insertedGaps", 9],
      ["filled", 9],
    ]);
    expect(set.notes[0]?.text).toContain("Likewise in 8 other series (9 cases in all).");
  });

  test.each([
    [{ targets: ["Y "] }, 'no column "Y ". Did you mean "y"?'],
    [{ targets: ["z"] }, 'no column "z". Its columns are "day", "y", "x", "w".'],
    [{ targets: ["w"] }, 'column "w" holds words, and numbers are needed here. Columns of numbers are "y", "x".'],
    [{ targets: [] }, "name at least one target"],
    [{ targets: ["y"], covariates: ["day"] }, 'column "day" holds times and cannot be an input'],
    [{ targets: ["y"], series: "w", covariates: ["w"] }, 'column "w" tells the series apart'],
    [{ targets: ["y"], time: "w" }, 'column "w" cannot be read as a time'],
    [
      { targets: ["y"], covariates: ["x"], encodings: [{ column: "x", vocabulary: ["a"] }] },
      'column "x" holds numbers; the model learned from a column of words',
    ],
  ] as [ToSeriesOptions, string][])("refuses %j", async (options, message) => {
    expect(await refusal(days("2024-01-01,1,1,a", "2024-01-02,2,2,b"), options)).toContain(message);
  });

  test("refuses several series in one another, and names the column that may part them", async () => {
    const text = "d,shop,y\n2024-01-01,a,1\n2024-01-01,b,2\n2024-01-02,a,3\n2024-01-02,b,4\n";
    expect(await refusal(text, { targets: ["y"] })).toMatch(/occurs 2\.0 times on average.*such as "shop"/);
    expect(await refusal("d,y\n2024-01-01,\n2024-01-02,\n", { targets: ["y"] })).toContain('"y" has no value in any row');
  });
});

test("any small table becomes series without a gap, or a DataError", async () => {
  const cell = fc.constantFrom("1", "2.5", "-3", "", "NA", "1e9", "x");
  const time = fc.constantFrom(
    "2024-01-01",
    "2024-01-02",
    "2024-01-03",
    "2024-02-01",
    "2024-03-01",
    "2031-12-31",
    "9999-01-01",
    "",
  );
  const row = fc.tuple(time, cell, cell, fc.constantFrom("a", "b", "")).map((cells) => cells.join(","));
  const options = fc.record({
    targets: fc.constant(["y"]),
    covariates: fc.constantFrom([], ["x"], ["g"]),
    future: fc.constantFrom([], ["x"]),
    series: fc.constantFrom(undefined, "g"),
    fill: fc.constantFrom("linear" as const, "forward" as const, "zero" as const, "drop" as const),
    frequency: fc.constantFrom(undefined, { unit: "day", count: 1 } as const, { unit: "month", count: 1 } as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), options, async (rows, given) => {
      const set = await prepare(`t,y,x,g\n${rows.join("\n")}\n`, given as ToSeriesOptions).catch((e: unknown) => e);
      if (set instanceof DataError) return;
      for (const s of (set as SeriesSet).series) {
        expect(s.rows).toBeGreaterThan(0);
        expect(s.times).toHaveLength(s.rows + s.ahead);
        for (const values of Object.values(s.columns)) {
          expect(values.length).toBeGreaterThanOrEqual(s.rows);
          expect(values.some(Number.isNaN)).toBe(false);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

describe("findTimeAxis", () => {
  test("seconds of a long column, held in float32, are the times of the file", () => {
    const part = (name: string, value: number) => ({ kind: "number", name, values: Float32Array.of(value), missing: 0 }) as const;
    const parts = { year: 2024, month: 5, day: 6, hour: 7, minute: 8, second: 12.345 };
    const columns = Object.entries(parts).map(([name, value]) => part(name, value));
    const found = findTimeAxis({ name: "f.csv", rows: 1, columns, notes: [] });
    expect(found?.times).toEqual(Float64Array.of(Date.UTC(2024, 4, 6, 7, 8, 12, 345)));
  });

  const axis = async (text: string, name?: string) => {
    const found = findTimeAxis(await readCsv(text, { name: "f.csv" }), name);
    return found && { columns: found.columns, first: new Date(found.times[0] ?? 0).toISOString().slice(0, 16) };
  };
  test.each([
    ["parts", "No,year,month,day,hour,y\n1,2010,1,2,3,5\n2,2010,1,2,4,5\n", ["year", "month", "day", "hour"], "2010-01-02T03:00"],
    ["a year alone", "year,y\n1950,5\n1951,6\n", ["year"], "1950-01-01T00:00"],
    ["epoch seconds", "timestamp,y\n1700000000,5\n1700000060,6\n", ["timestamp"], "2023-11-14T22:13"],
    ["epoch milliseconds", "time_ms,y\n1700000000000,5\n1700000060000,6\n", ["time_ms"], "2023-11-14T22:13"],
    ["YYYYMMDD", "date,y\n20160701,5\n20160702,6\n", ["date"], "2016-07-01T00:00"],
    ["a named column", "a,b,y\n2020-01-01,2021-01-01,1\n2020-01-02,2021-01-02,2\n", ["b"], "2021-01-01T00:00"],
  ])("%s", async (what, text, columns, first) => {
    expect(await axis(text, what === "a named column" ? "b" : undefined)).toEqual({ columns, first });
  });

  test("numbers that only look like times are none", async () => {
    expect(await axis("volume,y\n1700000000,5\n1700000060,6\n")).toBeUndefined();
    expect(await axis("date,y\n20161701,5\n20160702,6\n")).toBeUndefined();
  });
});

describe.skipIf(!haveRealFiles)("real files (skipped where the folder shared/data is not beside the repository)", () => {
  test.each([
    ["classic-series/airline-passengers.csv", { targets: ["Passengers"] }, 144, "monthly", 12],
    ["classic-series/daily-min-temperatures.csv", { targets: ["Temp"] }, 3652, "daily", 365],
    ["classic-series/monthly-sunspots.csv", { targets: ["Sunspots"] }, 2820, "monthly", 1],
    ["classic-series/monthly-shampoo-sales.csv", { targets: ["Sales"] }, 36, "monthly", 1],
    ["classic-series/taxi_new_york_passengers.csv", { targets: ["#Passengers"] }, 10320, "30 minutes", 336],
    ["classic-series/taylor.csv", { targets: ["Y"] }, 4032, "steps", 336],
    ["ett/ETTh1.csv.gz", { targets: ["OT"], covariates: ["HUFL"] }, 17420, "hourly", 24],
    ["beijing-pm25/pollution.csv.gz", { targets: ["pm2.5"], covariates: ["TEMP", "cbwd"] }, 43800, "hourly", 1],
    ["exchange-rate/exchange_rate.txt.gz", { targets: ["column8"] }, 7588, "steps", 1],
    ["weather/seattle-weather.csv", { targets: ["temp_max"], covariates: ["wind", "weather"] }, 1461, "daily", 365],
    ["stocks/sp500-2000.csv.gz", { targets: ["close"] }, 5295, "weekdays", 1],
    ["stocks/stocks.csv", { targets: ["price"], series: "symbol" }, 123, "monthly", 1],
    ["skab/anomaly-free/anomaly-free.csv.gz", { targets: ["Current"] }, 9961, "every second", 1],
  ] as const)("%s", async (path, options, rows, label, season) => {
    const set = toSeries(await readReal(path), options);
    const first = set.series[0] ?? expect.fail();
    expect([first.rows, frequencyLabel(set.frequency)]).toEqual([rows, label]);
    expect(seasonLength(first.columns[options.targets[0]] ?? expect.fail(), set.frequency)).toBe(season);
  });

  test("M4: 414 rows of 961 columns, short ones padded", async () => {
    const table = await readReal("m4-hourly/Hourly-train.csv.gz");
    expect([table.rows, table.columns.length, table.columns.at(-1)?.missing]).toEqual([414, 961, 169]);
  });
});

import { DataError } from "@sluice/data";
import { memoryCheckpoints, StorageError } from "sluice";
import { describe, expect, test } from "vitest";
import { renderReport } from "../report/index.ts";
import { gaussians } from "../testing/gaussians.ts";
import { days, tableOf } from "../testing/tables.ts";
import { forecast, plan } from "./forecast.ts";
import type { ForecastEvent, ForecastOptions } from "./forecast-types.ts";
import { loadForecaster } from "./load-forecaster.ts";

const noise = gaussians(1200, 5);
/** A weekly season that depends on a price known ahead, and noise. */
const price = Array.from({ length: 400 }, (_, t) => 10 + 3 * Math.sign(Math.sin(t * t)));
const sales = price.map((p, t) => 60 + 12 * Math.sin((2 * Math.PI * t) / 7) - 2 * p + noise[t]!);
const wind = Array.from({ length: 400 }, (_, t) => 5 + noise[t + 400]!);
const small = { units: 4, epochs: 2, windowLength: 14, horizon: 5 } satisfies Partial<ForecastOptions>;
const shop = tableOf("shop.csv", { time: days(400), sales, wind, price });

/** Words that belong to the inside of the library. */
const INSIDE = /tensor|shape|dimension|axis|undefined|NaN|\[object|internal/i;

describe("forecast", () => {
  test("learns what there is to learn, tells what it does, and makes a whole report", async () => {
    const events: ForecastEvent[] = [];
    const { result, report } = await forecast(shop, {
      target: "sales",
      horizon: 5,
      windowLength: 14,
      units: 4,
      epochs: 25,
      learningRate: 0.01,
      future: ["price"],
      covariates: ["wind"],
      onEvent: (event) => events.push(event),
    });
    for (const kind of ["naive", "seasonalNaive", "drift", "mean"] as const) {
      expect(result.metrics.model.mase).toBeLessThan(0.6 * result.metrics.baselines[kind]!.mase!);
    }
    expect(result.metrics.model.coverage80).toBeGreaterThan(0.6);
    expect(result.split.train + result.split.validation + result.split.test).toBe(400);
    expect(result).toMatchObject({ schema: "sluice.train/1", target: "sales", horizon: 5, rows: 400, seed: 0 });
    expect(result.verdict.echo).toBeNull();
    expect(report.data.columns.map(({ role }) => role)).toEqual(["time", "target", "past covariate", "known future"]);
    expect(report.split.map(({ from }) => from)[0]).toBe("2020-01-01");
    expect(report.targets[0]!.fans).toHaveLength(3);
    expect(report.targets[0]!.fans[0]!.fan.bands.map(({ level }) => level)).toEqual([0.5, 0.8, 0.95]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(renderReport(report)).toContain("shop.csv: sales, 5 steps ahead");
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["plan", "baseline", "batch", "epoch", "evaluate"]));
    const epochs = events.filter((event) => event.kind === "epoch");
    expect(epochs).toHaveLength(result.epochs);
    expect(epochs[0]!.baseline?.name).toBe("ridge");
    expect(epochs.at(-1)!.bestValidationLoss).toBe(Math.min(...epochs.map(({ validationLoss }) => validationLoss)));
  });

  test("a random walk is no one's to forecast, and the verdict does not claim it", async () => {
    let level = 100;
    const walk = tableOf("walk.csv", { time: days(500), y: Array.from({ length: 500 }, (_, t) => (level += noise[t]!)) });
    const { result } = await forecast(walk, { ...small, target: "y" });
    expect(result.verdict.outcome).not.toBe("model");
    expect(result.verdict.sentences[0]).toMatch(/simpler model wins|too little to call a win/);
  });

  test("the same seed gives the same weights, another seed others", async () => {
    const run = async (seed: number) => (await forecast(shop, { ...small, target: "sales", seed })).forecaster.describe().weights;
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("several targets and several series, words as covariates", async () => {
    const rows = 120;
    const both = Array.from({ length: 3 * rows }, (_, i) => i);
    const table = tableOf("stores.csv", {
      time: both.map((i) => Date.UTC(2020, 0, 1 + (i % rows))),
      store: both.map((i) => ["a", "b", "c"][Math.floor(i / rows)]!),
      units: both.map((i) => (1 + Math.floor(i / rows)) * (20 + 5 * Math.sin((2 * Math.PI * i) / 7)) + noise[i]!),
      visits: both.map((i) => 50 + 5 * Math.cos((2 * Math.PI * i) / 7) + noise[i + 400]!),
      weather: both.map((i) => (i % 3 === 0 ? "rain" : "sun")),
    });
    const { forecaster, result } = await forecast(table, {
      ...small,
      target: ["units", "visits"],
      series: "store",
      covariates: ["weather"],
    });
    expect(result.target).toEqual(["units", "visits"]);
    expect(result.verdict.sentences.map((sentence) => sentence.split(":")[0])).toEqual(["units", "visits"]);
    const rowsAhead = await forecaster.predict(table, { levels: [50, 80, 95] });
    expect(rowsAhead).toHaveLength(3 * 2 * 5);
    const [first] = rowsAhead;
    expect(first).toMatchObject({ series: "a", time: "2020-04-30", target: "units" });
    for (const { forecast: median, intervals } of rowsAhead) {
      const ends = ["95", "80", "50"].map((level) => intervals[level]![0]);
      expect([...ends, median]).toEqual([...ends, median].sort((a, b) => a - b));
      const tops = ["50", "80", "95"].map((level) => intervals[level]![1]);
      expect(tops).toEqual([...tops].sort((a, b) => a - b));
    }
    const level = (store: string) => rowsAhead.find((row) => row.series === store && row.target === "units")!.forecast;
    expect(level("c")).toBeGreaterThan(level("b"));
    expect(level("b")).toBeGreaterThan(level("a"));
    const scored = await forecaster.evaluate(table);
    const reach = rows - 5 + 1 - scored.origins / 3;
    expect(reach).toBeGreaterThanOrEqual(14); // the window, and a season before it where the base is seasonal
    expect(reach).toBeLessThanOrEqual(14 + 7);
    expect(scored.metrics.model.mase).toBeGreaterThan(0);
  });

  test("columns known ahead must reach over the horizon", async () => {
    const { forecaster } = await forecast(shop, { ...small, target: "sales", future: ["price"] });
    await expect(forecaster.predict(shop)).rejects.toThrow(
      'shop.csv: "price" must be known for the 5 steps after the last value; the file has 0.',
    );
    const ahead = (value: number) =>
      tableOf("next.csv", {
        time: days(405),
        sales: [...sales, ...Array(5).fill(Number.NaN)],
        price: [...price, ...Array(5).fill(value)],
      });
    const cheap = await forecaster.predict(ahead(7));
    const dear = await forecaster.predict(ahead(13));
    expect(cheap.map(({ time }) => time)).toEqual(["2021-02-04", "2021-02-05", "2021-02-06", "2021-02-07", "2021-02-08"]);
    expect(cheap[0]!.forecast).not.toBe(dear[0]!.forecast);
    const { price: _left, ...rest } = { time: days(400), sales, price };
    await expect(forecaster.predict(tableOf("less.csv", rest))).rejects.toThrow(/less.csv has no column "price"/);
  });

  test("values that are missing are neither learned from nor scored, and no input tells what came after them", async () => {
    const holes = sales.map((value, t) => (t % 11 === 5 ? Number.NaN : value));
    const table = tableOf("holes.csv", { time: days(400), sales: holes });
    const { report } = await forecast(table, { ...small, target: "sales" });
    const { used, missing } = report.targets[0]!.methods[0]!.metrics;
    expect(missing).toBeGreaterThan(0);
    expect(used + missing).toBe(report.split[2]!.origins * 5);
    expect(report.data.notes.some((note) => /missing|filled/.test(note))).toBe(true);
    expect(plan(table, { ...small, target: "sales" }).trainWindows).toBe(plan(shop, { ...small, target: "sales" }).trainWindows);
  });
});

describe("a forecaster's file", () => {
  test("holds everything: the same forecasts and scores after loading", async () => {
    const { forecaster, result } = await forecast(shop, { ...small, target: "sales" });
    const file = await forecaster.save();
    const loaded = await loadForecaster(file);
    expect(await loaded.predict(shop, { levels: [80, 95] })).toEqual(await forecaster.predict(shop, { levels: [80, 95] }));
    const [ours, theirs] = [await forecaster.evaluate(shop), await loaded.evaluate(shop)];
    expect(theirs.metrics.model).toEqual(ours.metrics.model);
    expect(Object.keys(theirs.metrics.baselines)).toEqual(Object.keys(ours.metrics.baselines));
    expect(theirs.metrics.baselines.ridge!.mase).toBeCloseTo(ours.metrics.baselines.ridge!.mase!, 9);
    expect(loaded.describe().training).toEqual({ ...result, history: forecaster.describe().training.history });
    expect(loaded).toMatchObject({ target: ["sales"], horizon: 5, windowLength: 14 });
    expect(ours.drift).toEqual([]);
    const shifted = tableOf("shifted.csv", { time: days(400), sales: sales.map((value) => value + 500) });
    expect((await loaded.evaluate(shifted)).drift[0]).toMatch(/"sales" has mean .* here and .* in training/);
  });

  test("is refused with a sentence when it is something else or damaged", async () => {
    const { forecaster } = await forecast(shop, { ...small, target: "sales", epochs: 1 });
    const file = await forecaster.save();
    await expect(loadForecaster(new Uint8Array(9))).rejects.toThrow(/Cannot/);
    await expect(loadForecaster(file.slice(0, file.length / 2))).rejects.toThrow(/Cannot/);
    const text = new TextDecoder("latin1").decode(file);
    const edited = (from: string, to: string) => {
      expect(text).toContain(from);
      return Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0));
    };
    await expect(loadForecaster(edited('\\"horizon\\":5', '\\"horizon\\":x'))).rejects.toThrow(/missing or damaged/);
    await expect(loadForecaster(edited('\\"season\\":7', '\\"season\\":-'))).rejects.toThrow(/damaged/);
    await expect(loadForecaster(edited('\\"version\\":1', '\\"version\\":2'))).rejects.toThrow(/version 2.*Update sluice/);
  });
});

describe("training that is cut off", () => {
  test("an abort keeps the best so far, and the report says so", async () => {
    const abort = new AbortController();
    const { result, report, forecaster } = await forecast(shop, {
      ...small,
      epochs: 50,
      target: "sales",
      signal: abort.signal,
      onEvent: (event) => {
        if (event.kind === "epoch" && event.epoch === 2) abort.abort();
      },
    });
    expect(report.training.ended).toMatch(/^Stopped on request after 2 whole epochs/);
    expect(result.epochs).toBe(2);
    expect(await forecaster.predict(shop)).toHaveLength(5);
  });

  test("a run that dies and is called again ends with the weights of one that did not", async () => {
    const options = { ...small, epochs: 4, target: "sales" };
    const straight = await forecast(shop, options);
    const kept = memoryCheckpoints();
    let saves = 0;
    const store = {
      load: () => kept.load(),
      save: async (...args: Parameters<typeof kept.save>) => {
        await kept.save(...args);
        if (++saves === 2) throw new StorageError("the machine is gone", { fatal: true });
      },
    };
    await expect(forecast(shop, { ...options, checkpoint: { store, everySeconds: 0 } })).rejects.toThrow("the machine is gone");
    const resumed = await forecast(shop, { ...options, checkpoint: { store: kept } });
    expect(resumed.forecaster.describe().weights).toEqual(straight.forecaster.describe().weights);
    expect(resumed.result.metrics.model).toEqual(straight.result.metrics.model);
    expect(resumed.report.training.epochs.map(({ validation }) => validation)).toEqual(
      straight.report.training.epochs.map(({ validation }) => validation),
    );
  });
});

describe("data that is short, odd or empty gives a result or a sentence", () => {
  const cases: Record<string, { table: ReturnType<typeof tableOf>; says?: RegExp }> = {
    "a single row": {
      table: tableOf("one.csv", { time: days(1), y: [4] }),
      says: /one.csv: the series has 1 row; horizon 5 needs at least 16/,
    },
    short: {
      table: tableOf("short.csv", { time: days(12), y: sales.slice(0, 12) }),
      says: /has 12 rows; horizon 5 needs at least 16/,
    },
    "just long enough": { table: tableOf("enough.csv", { time: days(24), y: sales.slice(0, 24) }) },
    constant: { table: tableOf("flat.csv", { time: days(200), y: Array(200).fill(3) }) },
    "all missing": {
      table: tableOf("empty.csv", { time: days(50), y: Array(50).fill(Number.NaN) }),
      says: /"y" has no value in any row/,
    },
    unsorted: { table: tableOf("mixed.csv", { time: days(200).reverse(), y: sales.slice(0, 200) }) },
    "the same time twice": {
      table: tableOf("twice.csv", { time: days(200).map((t, i, all) => (i === 9 ? all[8]! : t)), y: sales.slice(0, 200) }),
    },
    "without times": { table: tableOf("steps.csv", { y: sales.slice(0, 200) }) },
    "times of the future": { table: tableOf("future.csv", { time: days(200).map((t) => t + 4e12), y: sales.slice(0, 200) }) },
    "huge values": { table: tableOf("huge.csv", { time: days(200), y: sales.slice(0, 200).map((value) => 1e30 * value) }) },
    "mostly missing": {
      table: tableOf("rare.csv", { time: days(200), y: sales.slice(0, 200).map((v, t) => (t % 9 === 0 ? v : Number.NaN)) }),
    },
    "a column of words": { table: tableOf("words.csv", { time: days(200), y: Array(200).fill("high") }), says: /"y"/ },
  };
  test.each(Object.entries(cases))("%s", async (_, { table, says }) => {
    const options = { target: "y", horizon: 5, units: 4, epochs: 1 };
    if (says !== undefined) {
      const error = await forecast(table, options).then(
        () => new Error("no error"),
        (reason: unknown) => reason as Error,
      );
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(says);
      expect(error.message).not.toMatch(INSIDE);
      return;
    }
    const { result, report, forecaster } = await forecast(table, options);
    for (const sentence of [...result.verdict.sentences, ...report.data.notes]) expect(sentence).not.toMatch(INSIDE);
    for (const row of await forecaster.predict(table)) expect(Number.isFinite(row.forecast)).toBe(true);
    expect(renderReport(report)).not.toMatch(/NaN|undefined/);
  });

  test("options outside their rule are refused before the data is read", async () => {
    await expect(forecast(shop, { target: "sales", horizon: 0 })).rejects.toThrow(
      "Cannot use horizon 0: it is a whole number from 1 up.",
    );
    await expect(forecast(shop, { target: "sales", horizon: 5, quantiles: [0.9, 0.1] })).rejects.toThrow(/levels ascend/);
    await expect(forecast(shop, { target: "sales", horizon: 5, windowLength: 390 })).rejects.toThrow(
      /windows of \d+ needs at least/,
    );
    await expect(forecast(shop, { target: "nothing", horizon: 5 })).rejects.toThrow(/shop.csv has no column "nothing"/);
  });
});

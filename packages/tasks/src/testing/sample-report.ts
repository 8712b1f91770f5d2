import { BASELINE_KINDS, baselineName, fitBaseline, forecastOrigins } from "../baselines/index.ts";
import type { BaselineSeries } from "../baselines/types.ts";
import {
  actualsAt,
  evaluateForecast,
  type OriginMatrix,
  originLosses,
  originMatrix,
  seasonalNaiveScale,
} from "../metrics/index.ts";
import { errorHistogram } from "../report/index.ts";
import type { ForecastReport, TargetReport } from "../report/report-data.ts";
import { echoTest, weigh } from "../verdict/index.ts";
import { gaussians } from "./gaussians.ts";

const ROWS = 1500;
const HORIZON = 14;
const SEASON = 7;
const LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
const Z = [-1.645, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.645];

/**
 * A report over a simulated daily series with a week and a year in it. The "model" knows the signal and adds noise of the given size, so a small
 * `noise` wins and a large one loses.
 */
export function sampleReport({ noise = 0.3 }: { noise?: number } = {}): ForecastReport {
  const e = gaussians(ROWS, 1);
  const signal = (t: number) => 120 + 25 * Math.sin((2 * Math.PI * t) / 365) + 12 * Math.sin((2 * Math.PI * t) / SEASON);
  let shock = 0;
  const values = e.map((shake, t) => {
    shock = 0.7 * shock + 4 * shake;
    return signal(t) + shock;
  });
  const one: BaselineSeries = { id: "store 7", values, train: { from: 0, to: 1000 }, validation: { from: 1000, to: 1250 } };
  const origins = Array.from({ length: ROWS - 1250 - HORIZON + 1 }, (_, i) => 1250 + i);
  const actual = actualsAt(values, origins, HORIZON);
  const scale = seasonalNaiveScale(values.slice(0, 1000), SEASON);

  const predicted = modelForecast(values, signal, origins, noise);
  const sigma = (h: number) => 4 * Math.sqrt((1 - 0.49 ** (h + 1)) / 0.51) + noise;
  const quantiles = {
    origins: origins.length,
    horizon: HORIZON,
    levels: LEVELS,
    values: Float64Array.from({ length: predicted.values.length * LEVELS.length }, (_, i) => {
      const point = Math.floor(i / LEVELS.length);
      return (predicted.values[point] as number) + sigma(point % HORIZON) * (Z[i % LEVELS.length] as number);
    }),
  };
  const baselines = BASELINE_KINDS.map((kind) => {
    const model = fitBaseline(kind, { series: [one], horizon: HORIZON, season: SEASON, levels: LEVELS });
    return { kind, name: baselineName(kind), ...forecastOrigins(model, one, origins) };
  });
  const methods: TargetReport["methods"] = [
    {
      name: "LSTM",
      kind: "model",
      metrics: evaluateForecast({ actual, predicted, quantiles, scale }),
      fitSeconds: 21.4,
      forecastSeconds: 0.09,
    },
    ...baselines.map(({ kind, name, points, quantiles: own }) => ({
      name,
      kind,
      metrics: evaluateForecast({ actual, predicted: points, quantiles: own, scale }),
      fitSeconds: 0.02,
      forecastSeconds: 0.01,
    })),
  ];
  const losses = originLosses(actual, predicted, scale);
  const verdict = weigh({
    metric: "MASE",
    model: { name: "LSTM", score: methods[0]?.metrics.mase ?? null, losses },
    baselines: baselines.map(({ name, points }, b) => ({
      name,
      score: methods[b + 1]?.metrics.mase ?? null,
      losses: originLosses(actual, points, scale),
    })),
    overlap: HORIZON,
  });
  const best = baselines.find(({ name }) => name === verdict.bestBaseline) ?? baselines[0];
  const day = (row: number) => new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
  const fanAt = (o: number): TargetReport["fans"][number]["fan"] => {
    const origin = origins[o] as number;
    const row = (matrix: OriginMatrix) => Array.from(matrix.values.subarray(o * HORIZON, (o + 1) * HORIZON));
    const level = (q: number) =>
      Array.from({ length: HORIZON }, (_, h) => quantiles.values[(o * HORIZON + h) * LEVELS.length + q] as number);
    return {
      series: "store 7",
      labels: Array.from({ length: 56 + HORIZON }, (_, i) => day(origin - 56 + i)),
      history: Array.from(values.subarray(origin - 56, origin)),
      actual: row(actual),
      forecast: row(predicted),
      bands: [
        { level: 0.5, lower: level(2), upper: level(4) },
        { level: 0.8, lower: level(1), upper: level(5) },
        { level: 0.9, lower: level(0), upper: level(6) },
      ],
      baseline: best ? { name: best.name, values: row(best.points) } : null,
    };
  };
  const ranked = Array.from(losses.keys()).sort((a, b) => (losses[b] as number) - (losses[a] as number));
  const epochs = Array.from({ length: 24 }, (_, i) => ({
    epoch: i + 1,
    train: 0.08 + 0.5 * Math.exp(-i / 4),
    validation: 0.12 + 0.4 * Math.exp(-i / 4) + 0.0006 * Math.max(0, i - 12) ** 2,
    seconds: 0.9,
  }));
  const bestEpoch = epochs.reduce((a, b) => (b.validation < a.validation ? b : a)).epoch;
  return {
    schema: "sluice.forecast/1",
    title: "visits.csv: visitors, 14 days ahead",
    createdAt: "2026-01-31 12:00 UTC",
    command: "npx sluice train visits.csv --target visitors --horizon 14 --seed 7",
    seed: 7,
    horizon: HORIZON,
    windowLength: 56,
    data: {
      source: "visits.csv",
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      rows: ROWS,
      series: 1,
      frequency: "daily",
      from: day(0),
      to: day(ROWS - 1),
      columns: [
        { name: "date", role: "time", type: "date", missing: 0 },
        { name: "visitors", role: "target", type: "number", missing: 3 },
        { name: "weekday", role: "known future", type: "category", missing: 0 },
        { name: "note", role: "unused", type: "text", missing: 1211 },
      ],
      notes: [
        `3 missing values of "visitors" were filled on a line between their neighbours.`,
        "1 duplicate row (2021-03-28) was merged into one, the mean of both.",
      ],
    },
    split: [
      { name: "train", from: day(0), to: day(999), rows: 1000, origins: 931 },
      { name: "validation", from: day(1000), to: day(1249), rows: 250, origins: 237 },
      { name: "test", from: day(1250), to: day(ROWS - 1), rows: 250, origins: origins.length },
    ],
    training: {
      model: "LSTM",
      parameters: 19342,
      layers: [
        { name: "past", kind: "lstm", outputShape: "64", parameters: 17920 },
        { name: "head", kind: "dense", outputShape: "14 × 7", parameters: 1422 },
      ],
      loss: "pinball loss",
      epochs,
      bestEpoch,
      ended: "Stopped early: no better validation loss for 5 epochs.",
      seconds: 21.4,
      baseline: { name: "seasonal naive", value: 0.21 },
    },
    targets: [
      {
        target: "visitors",
        unit: null,
        season: SEASON,
        methods,
        verdict,
        echo: echoTest([{ values, origins, predicted }]),
        fans: [
          { caption: "a typical forecast", fan: fanAt(ranked[ranked.length >> 1] ?? 0) },
          { caption: "the worst forecast", fan: fanAt(ranked[0] ?? 0) },
        ],
        residuals: errorHistogram(actual, predicted),
        worst: ranked.slice(0, 5).map((o) => ({
          series: "store 7",
          from: day(origins[o] as number),
          loss: losses[o] ?? null,
          baselineLoss: best ? (originLosses(actual, best.points, scale)[o] ?? null) : null,
        })),
      },
    ],
    settings: { units: 64, batchSize: 64, learningRate: 0.003, quantiles: LEVELS, scaler: "standard", covariates: null },
    versions: { sluice: "0.1.0", node: "24.1.0" },
    environment: { backend: "wasm (relaxed FMA)", threads: "1" },
    runDir: "runs/visits",
    modelPath: "runs/visits/model.safetensors",
    reportPath: "runs/visits/report.html",
    next: [
      { title: "On the command line", code: "npx sluice predict runs/visits/model.safetensors visits.csv" },
      {
        title: "In Node",
        code: 'import { loadModel } from "sluice/node";\n\nconst model = await loadModel("runs/visits/model.safetensors");',
      },
    ],
  };
}

/** The signal plus what is left of the last shock, plus the model's own noise. */
function modelForecast(values: Float64Array, signal: (t: number) => number, origins: number[], noise: number): OriginMatrix {
  const out = originMatrix(origins.length, HORIZON);
  const own = gaussians(out.values.length, 99);
  origins.forEach((origin, o) => {
    const shock = (values[origin - 1] as number) - signal(origin - 1);
    for (let h = 0; h < HORIZON; h++) {
      const i = o * HORIZON + h;
      out.values[i] = signal(origin + h) + shock * 0.7 ** (h + 1) + noise * (own[i] as number);
    }
  });
  return out;
}

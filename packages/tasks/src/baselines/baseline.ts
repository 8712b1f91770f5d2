import { type OriginMatrix, originMatrix, type QuantileMatrix } from "../metrics/origin-matrix.ts";
import { fitRidge } from "./fit-ridge.ts";
import { ridgeForecaster } from "./ridge.ts";
import { drift, mean, naive, seasonalNaive } from "./simple.ts";
import type {
  BaselineKind,
  BaselineModel,
  BaselineSeries,
  BaselineTask,
  Forecaster,
  RidgeCoefficients,
  SeriesScale,
} from "./types.ts";
import { originsIn } from "./windows.ts";

/** Every baseline, in the order of a leaderboard without results. */
export const BASELINE_KINDS: readonly BaselineKind[] = ["naive", "seasonalNaive", "drift", "mean", "ridge"];

/** Origins from which the errors behind the quantiles are taken. */
const ERRORS_FROM = 2000;

/** What a baseline is called in a sentence: "the last value", "ridge regression". */
export function baselineName(kind: BaselineKind): string {
  return BASELINE_NAMES[kind];
}

const BASELINE_NAMES: Readonly<Record<BaselineKind, string>> = {
  naive: "last value",
  seasonalNaive: "seasonal naive",
  drift: "drift",
  mean: "mean",
  ridge: "ridge regression",
};

/**
 * Fits a baseline and measures its errors on the validation part, so that it forecasts quantiles as well as points.
 * The naive methods take each series by itself and read all rows before an origin; `ridge` is one regression over the standardised
 * windows of all series. Nothing after the validation part is read.
 * @throws {RangeError} for a horizon or season below 1, a task without series, or a training part too short for `ridge`.
 * @example
 * const model = fitBaseline("seasonalNaive", { series: [sales], horizon: 12, season: 12, levels: [0.1, 0.9] });
 * const forecast = baselineForecaster(model, sales);
 * forecast(120); // Float64Array(12): rows 120 … 131
 */
export function fitBaseline(kind: BaselineKind, task: BaselineTask): BaselineModel {
  requireTask(kind, task);
  const scales = task.series.map(fitScale);
  const model: BaselineModel = {
    kind,
    horizon: task.horizon,
    season: task.season,
    levels: [...(task.levels ?? [])],
    scales,
    errorQuantiles: [],
    errorsFrom: "none",
  };
  if (kind === "ridge") model.ridge = fitRidge(task, scales);
  return model.levels.length === 0 ? model : { ...model, ...fitErrors(model, task) };
}

/** The point forecasts of a fitted baseline for one series. Ask for origins in ascending order where there are many. */
export function baselineForecaster(model: BaselineModel, series: BaselineSeries): Forecaster {
  const { horizon, season } = model;
  switch (model.kind) {
    case "naive":
      return naive(series, horizon);
    case "seasonalNaive":
      return seasonalNaive(series, horizon, season);
    case "drift":
      return drift(series, horizon);
    case "mean":
      return mean(series, horizon);
    case "ridge":
      return ridgeForecaster(model.ridge as RidgeCoefficients, series, scaleOf(model, series));
  }
}

/**
 * Points and quantiles of a fitted baseline at many origins of one series. A quantile is the point forecast plus that quantile of
 * the errors seen at the same step of the horizon; `quantiles` is absent when the model was fitted without levels.
 */
export function forecastOrigins(
  model: BaselineModel,
  series: BaselineSeries,
  origins: ArrayLike<number>,
): { points: OriginMatrix; quantiles?: QuantileMatrix } {
  const { horizon, levels } = model;
  const forecast = baselineForecaster(model, series);
  const points = originMatrix(origins.length, horizon);
  for (let o = 0; o < origins.length; o++) points.values.set(forecast(origins[o] as number), o * horizon);
  if (levels.length === 0) return { points };
  const { std } = scaleOf(model, series);
  const values = new Float64Array(points.values.length * levels.length);
  for (let i = 0, at = 0; i < points.values.length; i++) {
    for (let q = 0; q < levels.length; q++) {
      const error = model.errorQuantiles[(i % horizon) * levels.length + q] as number;
      values[at++] = (points.values[i] as number) + std * error;
    }
  }
  return { points, quantiles: { origins: points.origins, horizon, levels, values } };
}

function fitErrors(model: BaselineModel, task: BaselineTask): Pick<BaselineModel, "errorQuantiles" | "errorsFrom"> {
  const reach = Math.max(2, model.ridge?.layout.lags ?? 0, model.kind === "seasonalNaive" ? model.season : 0);
  for (const part of ["validation", "train"] as const) {
    const { origins } = originsIn(task, part, part === "train" ? reach : 1, ERRORS_FROM);
    if (origins.length === 0) continue;
    const errors: number[][] = Array.from({ length: model.horizon }, () => []);
    const forecasters = task.series.map((series) => baselineForecaster(model, series));
    for (const { series, row } of origins) {
      const { values } = task.series[series] as BaselineSeries;
      const forecast = forecasters[series]?.(row) ?? [];
      errors.forEach((ofStep, h) => {
        const error = ((values[row + h] as number) - (forecast[h] as number)) / (model.scales[series] as SeriesScale).std;
        if (!Number.isNaN(error)) ofStep.push(error);
      });
    }
    const errorQuantiles = errors.flatMap((ofStep) => {
      const sorted = Float64Array.from(ofStep).sort();
      return model.levels.map((level) => quantileOfSorted(sorted, level));
    });
    return { errorQuantiles, errorsFrom: part };
  }
  return { errorQuantiles: new Array(model.horizon * model.levels.length).fill(0), errorsFrom: "none" };
}

/** Quantile of ascending values by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996); 0 of none. */
export function quantileOfSorted(sorted: ArrayLike<number>, level: number): number {
  if (sorted.length === 0) return 0;
  const at = level * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (at - Math.floor(at)) * (high - low);
}

function scaleOf(model: BaselineModel, series: BaselineSeries): SeriesScale {
  return model.scales.find((scale) => scale.id === series.id) ?? fitScale(series);
}

function fitScale({ id, values, train }: BaselineSeries): SeriesScale {
  const known: number[] = [];
  for (let row = train.from; row < train.to; row++) {
    const y = values[row] as number;
    if (!Number.isNaN(y)) known.push(y);
  }
  const average = known.reduce((sum, y) => sum + y, 0) / Math.max(1, known.length);
  const std = Math.sqrt(known.reduce((sum, y) => sum + (y - average) ** 2, 0) / Math.max(1, known.length));
  return { id, mean: average, std: std > 0 ? std : 1 };
}

function requireTask(kind: BaselineKind, { series, horizon, season }: BaselineTask): void {
  for (const [name, value] of [
    ["horizon", horizon],
    ["season", season],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot fit the baseline "${kind}" with ${name} ${value}: it is a whole number of steps, 1 or more.`);
    }
  }
  if (series.length === 0) throw new RangeError(`Cannot fit the baseline "${kind}" to no series: pass at least one.`);
}

import { accumulate, PENALTIES, solveRidge, standardisedForecaster } from "./ridge.ts";
import { ownCount, type RidgeSeries, ridgeSeries, sharedCount } from "./ridge-features.ts";
import type { BaselineTask, ColumnScale, RidgeCoefficients, RidgeLayout, SeriesScale } from "./types.ts";
import { type Origin, originsIn } from "./windows.ts";

/** Multiplications that reading the windows may cost, and most windows read; beyond these, windows are read evenly spaced. */
const BUDGET = 2e9;
const MOST_WINDOWS = 200_000;
/** Validation windows on which the penalties are compared. */
const CHOOSE_ON = 1000;

/**
 * Lags that ridge reads unless told: the horizon, or a season when that is longer, between 8 and 96, and at most a quarter of the
 * training rows of the shortest series that can be used at all.
 */
export function defaultLags({ series, horizon, season }: BaselineTask): number {
  const wanted = Math.min(96, Math.max(8, horizon, season <= 96 ? season : 0));
  const rows = series.map(({ train }) => train.to - train.from).filter((length) => length >= 2 * horizon + 4);
  return Math.max(1, Math.min(wanted, Math.floor(Math.min(...rows) / 4)));
}

/**
 * Fits one ridge autoregression to the standardised windows of all series, λ chosen by the mean squared error on the validation part
 * (the middle of the grid when no validation window exists).
 * @throws {RangeError} when the training part holds no window at all.
 */
export function fitRidge(task: BaselineTask, scales: readonly SeriesScale[]): RidgeCoefficients {
  const lags = task.lags ?? defaultLags(task);
  const layout: RidgeLayout = {
    lags,
    season: task.season,
    horizon: task.horizon,
    seasonLag: task.season > lags && task.series.some(({ train }) => train.to - train.from >= 2 * task.season + task.horizon),
    future: futureScales(task),
  };
  const series = task.series.map((one, s) => ridgeSeries(one, scales[s] as SeriesScale, layout));
  const reach = Math.max(lags, layout.seasonLag ? layout.season : 0);
  const limit = Math.max(64, Math.min(MOST_WINDOWS, Math.floor(BUDGET / costPerWindow(layout))));
  const { origins, total } = originsIn(task, "train", reach, limit);
  const equations = accumulate(series, origins, layout);
  if (equations.windows === 0) {
    throw new RangeError(
      `Cannot fit ridge regression on ${task.series.length} series: no training part holds ${reach} known rows followed by ` +
        `${task.horizon} to forecast. Use a shorter horizon, fewer lags, or longer series.`,
    );
  }
  const { origins: validation } = originsIn(task, "validation", reach, CHOOSE_ON);
  const { lambda, shared, own } = best(
    PENALTIES.map((lambda) => {
      const solved = solveRidge(equations, layout, lambda);
      return { lambda, ...solved, loss: squaredError({ layout, ...solved }, series, validation) };
    }),
  );
  return {
    layout,
    lambda,
    shared: Array.from(shared),
    own: Array.from(own),
    windowsRead: equations.windows,
    windows: total,
  };
}

/** The lowest loss; without a loss the middle of the grid. */
function best<T extends { loss: number }>(candidates: readonly T[]): T {
  const start = candidates[candidates.length >> 1] as T;
  return candidates.reduce((kept, next) => (next.loss < kept.loss ? next : kept), start);
}

function squaredError(
  fitted: { layout: RidgeLayout; shared: Float64Array; own: Float64Array },
  series: readonly RidgeSeries[],
  origins: readonly Origin[],
): number {
  const forecasters = series.map((one) => standardisedForecaster(fitted, one));
  let sum = 0;
  let count = 0;
  for (const { series: which, row } of origins) {
    const forecast = forecasters[which]?.(row) ?? [];
    const actual = series[which]?.past.subarray(row, row + fitted.layout.horizon) ?? new Float64Array();
    actual.forEach((y, h) => {
      if (Number.isNaN(y)) return;
      sum += (y - (forecast[h] as number)) ** 2;
      count++;
    });
  }
  return sum / count;
}

function futureScales({ series }: BaselineTask): ColumnScale[] {
  const columns = series[0]?.future?.length ?? 0;
  return Array.from({ length: columns }, (_, c) => {
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (const { future, train } of series) {
      for (let row = train.from; row < train.to; row++) {
        const value = future?.[c]?.[row] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        count++;
        const step = value - sum / Math.max(1, count - 1);
        sum += value;
        squares += step * (value - sum / count); // Welford: no cancellation for values far from 0
      }
    }
    const std = Math.sqrt(squares / count);
    return { mean: count > 0 ? sum / count : 0, std: std > 0 ? std : 1 };
  });
}

function costPerWindow(layout: RidgeLayout): number {
  const P = sharedCount(layout);
  const R = ownCount(layout) + 1;
  return (P * P) / 2 + P * layout.horizon * R + layout.horizon * R * R;
}

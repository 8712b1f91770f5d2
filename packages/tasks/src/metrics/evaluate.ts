import { bias, mae, mape, mase, mse, r2, rmse, smape } from "./forecast-metrics.ts";
import type { OriginMatrix, QuantileMatrix } from "./origin-matrix.ts";
import { coverage, intervalScore, intervalWidth, meanPinball, quantileAt, weightedQuantileLoss } from "./quantile-metrics.ts";

/** How a central interval held: `level` is what it promises, `coverage` what it kept. */
export interface IntervalMetrics {
  level: number;
  coverage: number | null;
  width: number | null;
  score: number | null;
}

/** Share of the actual values at or below the forecast of quantile `level`; equal to `level` when calibrated. */
export interface QuantileCoverage {
  level: number;
  below: number | null;
}

/**
 * Every metric of one method as plain data; `null` where a metric is not defined (see the function of the same name).
 * `smape`, `mape`, `r2` and `coverage` are fractions, `mase` and `wql` ratios, the others in the unit of the series.
 */
export interface ForecastMetrics {
  mase: number | null;
  smape: number | null;
  mae: number | null;
  rmse: number | null;
  mse: number | null;
  mape: number | null;
  r2: number | null;
  bias: number | null;
  pinball: number | null;
  wql: number | null;
  intervals: IntervalMetrics[];
  quantileCoverage: QuantileCoverage[];
  byStep: { mase: (number | null)[]; mae: (number | null)[]; rmse: (number | null)[] };
  /** Points scored, and points without an actual value. */
  used: number;
  missing: number;
}

/**
 * All metrics of one method. `scale` is the denominator of MASE (`seasonalNaiveScale` of the training part), one for all or
 * one for each origin. Quantile levels that stand symmetric about 0.5 (0.1 and 0.9) are scored as intervals too (80 %).
 * @example
 * const metrics = evaluateForecast({ actual, predicted, scale: seasonalNaiveScale(train, 12) });
 * metrics.mase; // 0.83
 */
export function evaluateForecast({
  actual,
  predicted,
  quantiles,
  scale,
}: {
  actual: OriginMatrix;
  predicted: OriginMatrix;
  quantiles?: QuantileMatrix | undefined;
  scale: number | ArrayLike<number>;
}): ForecastMetrics {
  const absolute = mae(actual, predicted);
  const root = rmse(actual, predicted);
  const scaled = mase(actual, predicted, scale);
  return {
    mase: known(scaled.value),
    smape: known(smape(actual, predicted).value),
    mae: known(absolute.value),
    rmse: known(root.value),
    mse: known(mse(actual, predicted).value),
    mape: known(mape(actual, predicted).value),
    r2: known(r2(actual, predicted).value),
    bias: known(bias(actual, predicted).value),
    pinball: quantiles ? known(meanPinball(actual, quantiles).value) : null,
    wql: quantiles ? known(weightedQuantileLoss(actual, quantiles).value) : null,
    intervals: quantiles ? intervalsOf(actual, quantiles) : [],
    quantileCoverage: quantiles ? quantileCoverageOf(actual, quantiles) : [],
    byStep: { mase: scaled.byStep.map(known), mae: absolute.byStep.map(known), rmse: root.byStep.map(known) },
    used: absolute.used,
    missing: absolute.leftOut,
  };
}

function intervalsOf(actual: OriginMatrix, quantiles: QuantileMatrix): IntervalMetrics[] {
  const lows = quantiles.levels.filter(
    (low) => low < 0.5 - 1e-9 && quantiles.levels.some((high) => Math.abs(low + high - 1) < 1e-9),
  );
  return lows
    .map((low) => {
      const level = Number((1 - 2 * low).toFixed(9));
      const lower = quantileAt(quantiles, low);
      const upper = quantileAt(quantiles, 1 - low);
      return {
        level,
        coverage: known(coverage(actual, lower, upper).value),
        width: known(intervalWidth(actual, lower, upper).value),
        score: known(intervalScore(actual, lower, upper, level).value),
      };
    })
    .sort((a, b) => a.level - b.level);
}

function quantileCoverageOf(actual: OriginMatrix, quantiles: QuantileMatrix): QuantileCoverage[] {
  const nothing = { ...actual, values: new Float64Array(actual.values.length).fill(Number.NEGATIVE_INFINITY) };
  return quantiles.levels.map((level) => ({
    level,
    below: known(coverage(actual, nothing, quantileAt(quantiles, level)).value),
  }));
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

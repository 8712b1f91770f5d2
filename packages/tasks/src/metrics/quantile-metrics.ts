import { meanScore, type Score } from "./forecast-metrics.ts";
import { type OriginMatrix, originMatrix, type QuantileMatrix, requireSameShape } from "./origin-matrix.ts";

/** The forecasts of one quantile level. @throws {RangeError} when the level was not forecast. */
export function quantileAt(quantiles: QuantileMatrix, level: number): OriginMatrix {
  const which = quantiles.levels.findIndex((known) => Math.abs(known - level) < 1e-9);
  if (which < 0) {
    throw new RangeError(
      `Cannot read quantile ${level}: the forecasts hold ${quantiles.levels.join(", ")}. Ask for one of these, or train with it.`,
    );
  }
  const { origins, horizon, levels, values } = quantiles;
  const out = originMatrix(origins, horizon);
  for (let i = 0; i < out.values.length; i++) out.values[i] = values[i * levels.length + which] as number;
  return out;
}

/**
 * Pinball (quantile) loss of one level q, not doubled: mean max(q (y − ŷ), (q − 1) (y − ŷ)); at q = 0.5 it is half the MAE.
 * NeuralForecast prints this; Darts, GluonTS and pytorch-forecasting print twice as much.
 */
export function pinball(actual: OriginMatrix, predicted: OriginMatrix, level: number): Score {
  requireSameShape("the pinball loss", actual, predicted);
  return meanScore(actual, (y, i) => {
    const above = y - (predicted.values[i] as number);
    return Math.max(level * above, (level - 1) * above);
  });
}

/** The mean of `pinball` over all levels that were forecast. */
export function meanPinball(actual: OriginMatrix, quantiles: QuantileMatrix): Score {
  requireSameShape("the mean pinball loss", actual, quantiles);
  const scores = quantiles.levels.map((level) => pinball(actual, quantileAt(quantiles, level), level));
  const mean = (read: (score: Score) => number) => scores.reduce((sum, score) => sum + read(score), 0) / scores.length;
  const { used, leftOut } = scores[0] ?? { used: 0, leftOut: actual.values.length };
  return {
    value: mean((score) => score.value),
    byStep: Array.from({ length: actual.horizon }, (_, step) => mean((score) => score.byStep[step] as number)),
    used,
    leftOut,
  };
}

/**
 * Weighted quantile loss: for each level 2 Σ pinball / Σ |y|, averaged over the levels (GluonTS: mean_wQuantileLoss).
 * With many levels it approaches CRPS / mean |y|. NaN when every actual value is 0.
 */
export function weightedQuantileLoss(actual: OriginMatrix, quantiles: QuantileMatrix): Score {
  const loss = meanPinball(actual, quantiles);
  const size = meanScore(actual, (y) => Math.abs(y));
  const share = (part: number, whole: number) => (whole > 0 ? (2 * part) / whole : Number.NaN);
  return {
    ...loss,
    value: share(loss.value, size.value),
    byStep: loss.byStep.map((part, step) => share(part, size.byStep[step] as number)),
  };
}

/** Share of the actual values inside [lower, upper], borders included. Compare it with the level of the interval. */
export function coverage(actual: OriginMatrix, lower: OriginMatrix, upper: OriginMatrix): Score {
  requireSameShape("the coverage", actual, lower);
  requireSameShape("the coverage", actual, upper);
  return meanScore(actual, (y, i) => (y >= (lower.values[i] as number) && y <= (upper.values[i] as number) ? 1 : 0));
}

/** Mean of upper − lower, in the unit of the series, over the points that have an actual value. */
export function intervalWidth(actual: OriginMatrix, lower: OriginMatrix, upper: OriginMatrix): Score {
  requireSameShape("the interval width", actual, lower);
  requireSameShape("the interval width", actual, upper);
  return meanScore(actual, (_, i) => (upper.values[i] as number) - (lower.values[i] as number));
}

/**
 * Interval score of a central interval of `level` = 1 − α [Winkler 1972; Gneiting & Raftery 2007, doi:10.1198/016214506000001437]:
 * mean of (u − l) + 2/α (l − y) where y < l, + 2/α (y − u) where y > u. Lower is better: narrow, and seldom missed.
 */
export function intervalScore(actual: OriginMatrix, lower: OriginMatrix, upper: OriginMatrix, level: number): Score {
  requireSameShape("the interval score", actual, lower);
  requireSameShape("the interval score", actual, upper);
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot score an interval of level ${level}: a level lies between 0 and 1, such as 0.8 for 80 %.`);
  }
  const penalty = 2 / (1 - level);
  return meanScore(actual, (y, i) => {
    const l = lower.values[i] as number;
    const u = upper.values[i] as number;
    return u - l + penalty * (Math.max(0, l - y) + Math.max(0, y - u));
  });
}

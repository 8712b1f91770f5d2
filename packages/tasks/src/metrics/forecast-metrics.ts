import { type OriginMatrix, requireSameShape } from "./origin-matrix.ts";

/**
 * One metric over many origins: over everything, and for each step of the horizon.
 * `leftOut` counts the points that could not be scored (no actual value, or, where the metric says so, a zero to divide by).
 * With no point left, `value` is NaN. A NaN *forecast* is never left out: it makes the score NaN.
 */
export interface Score {
  value: number;
  byStep: number[];
  used: number;
  leftOut: number;
}

/** The mean of `loss(y, index)` over all points with an actual value; a loss of undefined leaves the point out. */
export function meanScore(actual: OriginMatrix, loss: (y: number, index: number) => number | undefined): Score {
  const { horizon, values } = actual;
  const sums = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  for (let index = 0; index < values.length; index++) {
    const y = values[index] as number;
    const term = Number.isNaN(y) ? undefined : loss(y, index);
    if (term === undefined) continue;
    const step = index % horizon;
    sums[step] = (sums[step] as number) + term;
    counts[step] = (counts[step] as number) + 1;
  }
  const used = counts.reduce((a, b) => a + b, 0);
  return {
    value: sums.reduce((a, b) => a + b, 0) / used, // 0 / 0 is NaN: nothing was scored
    byStep: Array.from(sums, (sum, step) => sum / (counts[step] as number)),
    used,
    leftOut: values.length - used,
  };
}

/** Mean absolute error: mean |y − ŷ|, in the unit of the series. */
export function mae(actual: OriginMatrix, predicted: OriginMatrix): Score {
  requireSameShape("the mean absolute error", actual, predicted);
  return meanScore(actual, (y, i) => Math.abs(y - at(predicted, i)));
}

/** Mean squared error: mean (y − ŷ)². */
export function mse(actual: OriginMatrix, predicted: OriginMatrix): Score {
  requireSameShape("the mean squared error", actual, predicted);
  return meanScore(actual, (y, i) => (y - at(predicted, i)) ** 2);
}

/** Root mean squared error: √ mean (y − ŷ)², in the unit of the series; each step has its own root. */
export function rmse(actual: OriginMatrix, predicted: OriginMatrix): Score {
  const squared = mse(actual, predicted);
  return { ...squared, value: Math.sqrt(squared.value), byStep: squared.byStep.map(Math.sqrt) };
}

/** Bias: mean (ŷ − y); above 0 the forecasts are too high. */
export function bias(actual: OriginMatrix, predicted: OriginMatrix): Score {
  requireSameShape("the bias", actual, predicted);
  return meanScore(actual, (y, i) => at(predicted, i) - y);
}

/**
 * Symmetric mean absolute percentage error as a fraction in [0, 2]: 2 · mean |y − ŷ| / (|y| + |ŷ|), and 0 where both are 0.
 * Times 100 it is the percentage of the M4 competition and of Darts; GluonTS and NeuralForecast give this fraction.
 */
export function smape(actual: OriginMatrix, predicted: OriginMatrix): Score {
  requireSameShape("sMAPE", actual, predicted);
  return meanScore(actual, (y, i) => {
    const size = Math.abs(y) + Math.abs(at(predicted, i));
    return size === 0 ? 0 : (2 * Math.abs(y - at(predicted, i))) / size;
  });
}

/** Mean absolute percentage error as a fraction: mean |y − ŷ| / |y|. Points with y = 0 are left out and counted. */
export function mape(actual: OriginMatrix, predicted: OriginMatrix): Score {
  requireSameShape("MAPE", actual, predicted);
  return meanScore(actual, (y, i) => (y === 0 ? undefined : Math.abs((y - at(predicted, i)) / y)));
}

/**
 * The scale of MASE: the mean absolute error of the seasonal-naive forecast inside the training part,
 * mean |y_t − y_(t−m)| with season m [Hyndman & Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001].
 * Pairs with a missing value are skipped; NaN when no pair is left, 0 when the training part repeats itself exactly.
 */
export function seasonalNaiveScale(train: ArrayLike<number>, season: number): number {
  if (!Number.isInteger(season) || season < 1) {
    throw new RangeError(`Cannot scale errors by season ${season}: a season is a whole number of steps, 1 or more.`);
  }
  let sum = 0;
  let count = 0;
  for (let t = season; t < train.length; t++) {
    const step = Math.abs((train[t] as number) - (train[t - season] as number));
    if (Number.isNaN(step)) continue;
    sum += step;
    count++;
  }
  return sum / count;
}

/**
 * Mean absolute scaled error: mean |y − ŷ| / scale, where `scale` is `seasonalNaiveScale` of the TRAINING part, one number or one
 * for each origin (many series). Below 1: better than the seasonal-naive forecast was, on average, one season ahead in training.
 * Origins whose scale is 0 or NaN (training part constant or too short) cannot be scaled: they are left out and counted,
 * and when none is left the score is NaN.
 */
export function mase(actual: OriginMatrix, predicted: OriginMatrix, scale: number | ArrayLike<number>): Score {
  requireSameShape("MASE", actual, predicted);
  return meanScore(actual, (y, i) => {
    const unit = typeof scale === "number" ? scale : (scale[Math.floor(i / actual.horizon)] ?? Number.NaN);
    return unit > 0 ? Math.abs(y - at(predicted, i)) / unit : undefined;
  });
}

/**
 * Coefficient of determination: 1 − Σ (y − ŷ)² / Σ (y − ȳ)², with ȳ the mean of the actual values that were scored
 * (of that step, in `byStep`). NaN when the actual values are constant.
 */
export function r2(actual: OriginMatrix, predicted: OriginMatrix): Score {
  const error = mse(actual, predicted);
  const mean = meanScore(actual, (y) => y);
  const spread = meanScore(actual, (y) => (y - mean.value) ** 2);
  const spreadByStep = meanScore(actual, (y, i) => (y - (mean.byStep[i % actual.horizon] as number)) ** 2).byStep;
  const share = (part: number, whole: number) => (whole > 0 ? 1 - part / whole : Number.NaN);
  return {
    ...error,
    value: share(error.value, spread.value),
    byStep: error.byStep.map((part, step) => share(part, spreadByStep[step] as number)),
  };
}

/**
 * The loss of each origin: mean |y − ŷ| over its horizon, divided by `scale` when given. NaN for an origin without an actual value.
 * This is what `compareLosses` tests.
 */
export function originLosses(actual: OriginMatrix, predicted: OriginMatrix, scale: number | ArrayLike<number> = 1): Float64Array {
  requireSameShape("the loss of each origin", actual, predicted);
  const { origins, horizon } = actual;
  return Float64Array.from({ length: origins }, (_, o) => {
    let sum = 0;
    let count = 0;
    for (let i = o * horizon; i < (o + 1) * horizon; i++) {
      const y = actual.values[i] as number;
      if (Number.isNaN(y)) continue;
      sum += Math.abs(y - at(predicted, i));
      count++;
    }
    const unit = typeof scale === "number" ? scale : (scale[o] ?? Number.NaN);
    return unit > 0 ? sum / count / unit : Number.NaN;
  });
}

function at(matrix: OriginMatrix, index: number): number {
  return matrix.values[index] as number;
}

import { formatCorrelation, formatPercent } from "../format.ts";
import type { OriginMatrix } from "../metrics/origin-matrix.ts";

/** Forecasts of one series, with the series they were made from. */
export interface EchoCase {
  /** The whole series, NaN where a value is missing. */
  readonly values: ArrayLike<number>;
  /** First row forecast by each row of `predicted`. */
  readonly origins: ArrayLike<number>;
  readonly predicted: OriginMatrix;
}

/** One step of the horizon. Correlations and skill are null where they are not defined (a constant, no points). */
export interface EchoStep {
  /** Steps ahead, from 1. */
  step: number;
  /** Correlation of the forecast with the last value known when it was made. */
  withLast: number | null;
  /** Correlation of the forecast with what came. */
  withActual: number | null;
  /** 1 − MAE / MAE of repeating the last value. */
  skill: number | null;
  isEcho: boolean;
}

/** What the echo test found, as plain data. */
export interface EchoVerdict {
  /** The model only repeats the last value. */
  isEcho: boolean;
  /** How many steps earlier the one-step forecast fits the series best; 0 for a forecast in time, 1 for an echo. */
  bestLag: number | null;
  steps: EchoStep[];
  sentence: string;
}

/** A forecast that correlates less than this with the last value does not repeat it, however poor it is. */
const RESEMBLES = 0.9;
/** Less gain than this over the last value counts as none. */
const NO_GAIN = 0.05;
/** Earlier steps to which the one-step forecast is compared. */
const LAGS = 12;

/**
 * Finds out whether forecasts merely repeat the last known value. On a plot such a forecast looks perfect, one step late.
 * A step is an echo when the forecast resembles the last value closely (correlation 0.9 or more), resembles it more than what came, and
 * gains less than 5 % of mean absolute error over repeating it. The model is an echo when its first step and at least half of its steps are.
 * Each series is brought to mean 0 and deviation 1 before correlations are taken over all of them.
 * @example
 * echoTest([{ values: price, origins, predicted }]).sentence;
 * // "This model is an echo: correlation with the value one step earlier 0.998, with the actual value 0.983, skill over the last value −0.3 %."
 */
export function echoTest(cases: readonly EchoCase[]): EchoVerdict {
  const horizon = cases[0]?.predicted.horizon ?? 0;
  const scaled = cases.map(standardised);
  const steps = Array.from({ length: horizon }, (_, h) => echoStep(scaled, h));
  const lags = Array.from({ length: LAGS + 1 }, (_, lag) => correlation(pairs(scaled, 0, lag)));
  const best = Math.max(...lags.filter((value) => value !== null));
  const bestLag = Number.isFinite(best) ? lags.indexOf(best) : null;
  const isEcho = steps[0]?.isEcho === true && steps.filter((step) => step.isEcho).length >= horizon / 2;
  return { isEcho, bestLag, steps, sentence: sentenceFor(isEcho, bestLag, steps) };
}

function echoStep(cases: readonly EchoCase[], h: number): EchoStep {
  const withActual = correlation(pairs(cases, h, 0));
  const withLast = correlation(pairs(cases, h, h + 1));
  const errors = absoluteErrors(cases, h);
  const skill = errors.ofLast > 0 ? 1 - errors.ofForecast / errors.ofLast : null;
  const resembles = withLast !== null && withLast >= RESEMBLES && withLast > (withActual ?? -1);
  const isEcho = resembles && skill !== null && skill < NO_GAIN;
  return { step: h + 1, withLast, withActual, skill, isEcho };
}

function sentenceFor(isEcho: boolean, bestLag: number | null, steps: readonly EchoStep[]): string {
  const first = steps[0];
  if (first === undefined || first.skill === null) return "The echo test has nothing to compare: the series does not change.";
  if (first.withLast === null) return `The forecast does not change from origin to origin, so it is no echo of the last value.`;
  const gain = (step: EchoStep) => formatPercent(step.skill).replace(/^(?=\d)/, "+");
  const figures =
    `correlation with the value one step earlier ${formatCorrelation(first.withLast)}, ` +
    `with the actual value ${formatCorrelation(first.withActual)}, skill over the last value ${gain(first)}`;
  if (isEcho) return `This model is an echo: ${figures}.`;
  const last = steps.at(-1) as EchoStep;
  const far = steps.length > 1 ? `, ${gain(last)} at step ${last.step}` : "";
  const late =
    bestLag === null || bestLag === 0
      ? ""
      : `; the forecast fits the series best ${bestLag} ${bestLag === 1 ? "step" : "steps"} late`;
  return `${first.isEcho ? "The first step is an echo, the later ones are not" : "No echo"}: ${figures}${far}${late}.`;
}

/** Forecasts of step `h` beside the value `lag` steps before the one forecast. */
function* pairs(cases: readonly EchoCase[], h: number, lag: number): Generator<[number, number]> {
  for (const { values, origins, predicted } of cases) {
    for (let o = 0; o < predicted.origins; o++) {
      const forecast = predicted.values[o * predicted.horizon + h] as number;
      const value = values[(origins[o] as number) + h - lag] ?? Number.NaN;
      if (Number.isFinite(forecast) && !Number.isNaN(value)) yield [forecast, value];
    }
  }
}

function absoluteErrors(cases: readonly EchoCase[], h: number): { ofForecast: number; ofLast: number } {
  let ofForecast = 0;
  let ofLast = 0;
  for (const { values, origins, predicted } of cases) {
    for (let o = 0; o < predicted.origins; o++) {
      const origin = origins[o] as number;
      const forecast = predicted.values[o * predicted.horizon + h] as number;
      const actual = values[origin + h] ?? Number.NaN;
      const last = values[origin - 1] ?? Number.NaN;
      if (!Number.isFinite(forecast) || Number.isNaN(actual + last)) continue;
      ofForecast += Math.abs(actual - forecast);
      ofLast += Math.abs(actual - last);
    }
  }
  return { ofForecast, ofLast };
}

/** Pearson's correlation in one pass, means updated as pairs arrive; null of fewer than 3 pairs or of a constant. */
function correlation(points: Iterable<[number, number]>): number | null {
  let [n, meanA, meanB, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (const [a, b] of points) {
    n++;
    const stepA = a - meanA;
    const stepB = b - meanB;
    meanA += stepA / n;
    meanB += stepB / n;
    aa += stepA * (a - meanA);
    bb += stepB * (b - meanB);
    ab += stepA * (b - meanB);
  }
  const size = Math.sqrt(aa * bb);
  return n >= 3 && size > 1e-12 * n ? Math.min(1, Math.max(-1, ab / size)) : null;
}

function standardised({ values, origins, predicted }: EchoCase): EchoCase {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const std = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length)) || 1;
  const scale = (value: number) => (value - mean) / std;
  return {
    values: Float64Array.from(values, scale),
    origins,
    predicted: { ...predicted, values: predicted.values.map(scale) },
  };
}

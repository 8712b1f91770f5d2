import type { Values } from "./table.ts";

/**
 * Scalers are plain data, one number a column: saved beside the model, shown in the report. Each is fitted on the training
 * part alone: statistics that have seen the test part carry the future into training. NaN is left out in fitting and stays
 * NaN in `transform`. A constant column keeps a divisor of 1, so it maps to 0 and back.
 */
export type Scaler = NoScaler | StandardScaler | MinMaxScaler | RobustScaler | LogScaler;

/** z = x. */
export interface NoScaler {
  readonly kind: "none";
}

/** z = (x − mean) / std, with the population standard deviation. */
export interface StandardScaler {
  readonly kind: "standard";
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** z = (x − min) / range, 0 to 1 on the training part. */
export interface MinMaxScaler {
  readonly kind: "minMax";
  readonly min: readonly number[];
  readonly range: readonly number[];
}

/** z = (x − median) / iqr, the distance between the quartiles: outliers do not move it. */
export interface RobustScaler {
  readonly kind: "robust";
  readonly median: readonly number[];
  readonly iqr: readonly number[];
}

/** z = (sign(x) log(1 + |x|) − mean) / std: for counts and prices that span orders of magnitude; any sign is allowed. */
export interface LogScaler {
  readonly kind: "log1p";
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Columns of the training part, in the order that `transform` will name them by. */
export type TrainingColumns = readonly Values[];

/** Fits a scaler of the named kind. */
export function fitScaler(kind: Scaler["kind"], train: TrainingColumns): Scaler {
  if (kind === "standard") return fitStandardScaler(train);
  if (kind === "minMax") return fitMinMaxScaler(train);
  if (kind === "robust") return fitRobustScaler(train);
  return kind === "log1p" ? fitLogScaler(train) : { kind: "none" };
}

/** Learns z = (x − mean) / std for each column. */
export function fitStandardScaler(train: TrainingColumns): StandardScaler {
  const moments = train.map((column) => meanAndStd(column, (x) => x));
  return { kind: "standard", mean: moments.map((m) => m.mean), std: moments.map((m) => divisor(m.std, m.mean)) };
}

/** Learns z = (x − min) / (max − min) for each column. */
export function fitMinMaxScaler(train: TrainingColumns): MinMaxScaler {
  const bounds = train.map((column) => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const x of column) {
      if (x < min) min = x;
      if (x > max) max = x;
    }
    return min > max ? { min: 0, range: 1 } : { min, range: divisor(max - min, max) };
  });
  return { kind: "minMax", min: bounds.map((b) => b.min), range: bounds.map((b) => b.range) };
}

/** Learns z = (x − median) / (third − first quartile) for each column; quantiles of type 7 [Hyndman & Fan 1996]. */
export function fitRobustScaler(train: TrainingColumns): RobustScaler {
  const quartiles = train.map((column) => {
    const sorted = Float64Array.from(column.filter((x) => !Number.isNaN(x))).sort();
    return { median: quantile(sorted, 0.5), iqr: quantile(sorted, 0.75) - quantile(sorted, 0.25) };
  });
  return { kind: "robust", median: quartiles.map((q) => q.median), iqr: quartiles.map((q) => divisor(q.iqr, q.median)) };
}

/** Learns z = (sign(x) log(1 + |x|) − mean) / std for each column. */
export function fitLogScaler(train: TrainingColumns): LogScaler {
  const moments = train.map((column) => meanAndStd(column, signedLog));
  return { kind: "log1p", mean: moments.map((m) => m.mean), std: moments.map((m) => divisor(m.std, m.mean)) };
}

/** Scales the values of the scaler's column number `column`: any part of it, any length. */
export function transform(scaler: Scaler, column: number, values: ArrayLike<number>): Float32Array {
  const { centre, scale } = placing(scaler, column);
  const bend = scaler.kind === "log1p" ? signedLog : undefined;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = values[i] as number;
    out[i] = ((bend === undefined ? x : bend(x)) - centre) / scale;
  }
  return out;
}

/** Undoes `transform`: scaled values of column number `column` in the file's units. */
export function inverse(scaler: Scaler, column: number, scaled: ArrayLike<number>): Float64Array {
  const { centre, scale } = placing(scaler, column);
  const unbend = scaler.kind === "log1p" ? signedExp : undefined;
  const out = new Float64Array(scaled.length);
  for (let i = 0; i < out.length; i++) {
    const x = (scaled[i] as number) * scale + centre;
    out[i] = unbend === undefined ? x : unbend(x);
  }
  return out;
}

function placing(scaler: Scaler, column: number): { centre: number; scale: number } {
  if (scaler.kind === "none") return { centre: 0, scale: 1 };
  const [centres, scales] =
    scaler.kind === "minMax"
      ? [scaler.min, scaler.range]
      : scaler.kind === "robust"
        ? [scaler.median, scaler.iqr]
        : [scaler.mean, scaler.std];
  const [centre, scale] = [centres[column], scales[column]];
  if (centre === undefined || scale === undefined) {
    throw new RangeError(`Cannot scale column number ${column}: the scaler was fitted on ${centres.length}, numbered from 0.`);
  }
  return { centre, scale };
}

/** One pass, numerically stable [Welford 1962, doi:10.1080/00401706.1962.10490022]. */
function meanAndStd(values: Values, of: (x: number) => number): { mean: number; std: number } {
  let [n, mean, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = of(values[i] as number);
    if (Number.isNaN(x)) continue;
    const delta = x - mean;
    mean += delta / ++n;
    squares += delta * (x - mean);
  }
  return { mean, std: n === 0 ? 0 : Math.sqrt(squares / n) };
}

/** 1 for a spread that is nothing but rounding. */
function divisor(spread: number, size: number): number {
  return spread <= 1e-12 * Math.abs(size) || !Number.isFinite(spread) ? 1 : spread;
}

function quantile(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) return 0;
  const place = p * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  return low + ((sorted[Math.ceil(place)] as number) - low) * (place - Math.floor(place));
}

function signedLog(x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x));
}

function signedExp(z: number): number {
  return Math.sign(z) * Math.expm1(Math.abs(z));
}

import type { BaselineSeries, Forecaster } from "./types.ts";

/** The last value, repeated:   ŷ_(t+h) = y_t. */
export function naive(series: BaselineSeries, horizon: number): Forecaster {
  return (origin) => new Float64Array(horizon).fill(series.values[lastRow(series, origin)] as number);
}

/**
 * The value one season earlier:   ŷ_(t+h) = y_(t+h−mk), k the fewest seasons that reach back to known rows.
 * A missing value is looked for one more season back, and where none is found the last value stands in.
 */
export function seasonalNaive(series: BaselineSeries, horizon: number, season: number): Forecaster {
  return (origin) => {
    const last = series.values[lastRow(series, origin)] as number;
    return Float64Array.from({ length: horizon }, (_, h) => {
      let row = seasonBefore(origin, h, season);
      while (row >= 0 && Number.isNaN(series.values[row])) row -= season;
      return row >= 0 ? (series.values[row] as number) : last;
    });
  };
}

/** The line from the first value to the last, drawn on:   ŷ_(t+h) = y_t + h (y_t − y_1) / (t − 1). */
export function drift(series: BaselineSeries, horizon: number): Forecaster {
  const { values } = series;
  let first = 0;
  while (first < values.length && Number.isNaN(values[first])) first++;
  return (origin) => {
    const row = lastRow(series, origin);
    const last = values[row] as number;
    const slope = row > first ? (last - (values[first] as number)) / (row - first) : 0;
    return Float64Array.from({ length: horizon }, (_, h) => last + slope * (origin + h - row));
  };
}

/** The mean of every value before the origin. Origins in ascending order cost one pass over the series. */
export function mean(series: BaselineSeries, horizon: number): Forecaster {
  const { values } = series;
  let row = 0;
  let sum = 0;
  let count = 0;
  return (origin) => {
    lastRow(series, origin); // the series must have begun
    if (origin < row) row = sum = count = 0;
    for (; row < origin && row < values.length; row++) {
      const y = values[row] as number;
      if (Number.isNaN(y)) continue;
      sum += y;
      count++;
    }
    return new Float64Array(horizon).fill(sum / count);
  };
}

/** The row one or more whole seasons before step `h` (from 0) of `origin`, the latest one that is known at the origin. */
export function seasonBefore(origin: number, h: number, season: number): number {
  return origin + h - season * (Math.floor(h / season) + 1);
}

/** The last row before `origin` that has a value. @throws {RangeError} when there is none. */
function lastRow(series: BaselineSeries, origin: number): number {
  let row = Math.min(origin, series.values.length) - 1;
  while (row >= 0 && Number.isNaN(series.values[row])) row--;
  if (row < 0) {
    throw new RangeError(
      `Cannot forecast series "${series.id}" from row ${origin}: it has no value before that row. Begin at a later row.`,
    );
  }
  return row;
}

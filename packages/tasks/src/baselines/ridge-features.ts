import { seasonBefore } from "./simple.ts";
import type { BaselineSeries, RidgeLayout, SeriesScale } from "./types.ts";

/** P, the number of shared features. */
export function sharedCount(layout: RidgeLayout): number {
  return layout.lags + 1;
}

/** Q, the number of features that each step has of its own. */
export function ownCount(layout: RidgeLayout): number {
  return (layout.seasonLag ? 1 : 0) + layout.future.length;
}

/** A series in standardised units; `past` keeps its gaps as NaN, `filled` carries the last value over them. */
export interface RidgeSeries {
  past: Float64Array;
  filled: Float64Array;
  future: Float64Array[];
}

/** Standardises a series and its future columns; a missing future value becomes the column's mean. */
export function ridgeSeries(series: BaselineSeries, scale: SeriesScale, layout: RidgeLayout): RidgeSeries {
  const past = Float64Array.from(series.values, (y) => (y - scale.mean) / scale.std);
  const filled = past.some(Number.isNaN) ? carried(past) : past;
  const future = layout.future.map(({ mean, std }, c) =>
    Float64Array.from(series.future?.[c] ?? [], (v) => (Number.isNaN(v) ? 0 : (v - mean) / std)),
  );
  return { past, filled, future };
}

function carried(values: Float64Array): Float64Array {
  let last = 0; // the mean, before the first value
  return values.map((value) => {
    if (!Number.isNaN(value)) last = value;
    return last;
  });
}

/** Writes x [P] of an origin and returns v. Rows before the series began read as its first row. */
export function readShared(y: Float64Array, origin: number, layout: RidgeLayout, x: Float64Array): number {
  const v = y[Math.max(0, origin - 1)] as number;
  x[0] = 1;
  x[1] = v;
  for (let lag = 2; lag <= layout.lags; lag++) x[lag] = (y[Math.max(0, origin - lag)] as number) - v;
  return v;
}

/** Writes z [Q] of step `h` of an origin into `own` from `at` on. */
export function readOwn(
  { future }: RidgeSeries,
  y: Float64Array,
  origin: number,
  h: number,
  v: number,
  layout: RidgeLayout,
  own: Float64Array,
  at: number,
): void {
  let next = at;
  if (layout.seasonLag) own[next++] = (y[Math.max(0, seasonBefore(origin, h, layout.season))] as number) - v;
  for (const column of future) own[next++] = column[origin + h] ?? 0;
}

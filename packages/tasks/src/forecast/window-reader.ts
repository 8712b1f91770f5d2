import { calendarColumns, type RowTimes, type Values } from "@sluice/data";
import type { NumericArray } from "sluice";
import { seasonBefore } from "../baselines/simple.ts";
import { inputSizes, type Moments, type Recipe, type TargetRecipe } from "./recipe.ts";

/** A series with its columns in the recipe's order. Columns are those of the table: nothing is copied or scaled ahead of time. */
export interface SeriesColumns {
  readonly id: string;
  /** Rows of history; future columns and times may reach further. */
  readonly rows: number;
  readonly times: RowTimes;
  readonly targets: readonly Values[];
  readonly covariates: readonly Values[];
  readonly future: readonly Values[];
  /** 1 where a target is in the file, 0 where it was filled; undefined where all are. */
  readonly observed: readonly (Uint8Array | undefined)[];
  /** Standardisation of each target. */
  readonly scale: readonly Moments[];
}

/** The first row of a horizon, in which series. */
export interface Place {
  readonly series: number;
  readonly row: number;
}

/**
 * Turns places into the network's inputs and targets, reading the columns where they lie. With z = (y − mean) / std,
 * v = z of the last row, m the season, r the residual scale, b the base (v, or z one season before the step):
 *
 *     past   [B, L, P]   z_t − v, and (z_t − z_(t−m)) / r where the base is seasonal; covariates; future columns at t
 *     lags   [B, (p+1) T + C]   the last p of (z_t − v) / r, or of (z_t − z_(t−m)) / r; and v; the calendar at the origin
 *     ahead  [B, H, F]   z one, two … seasons before the step, seen from v; future columns, calendar, place in the horizon
 *     target [B, H, T]   (z − b) / r
 *
 * Seen from v, a window looks the same at any level [Salinas et al. 2020; Lin et al. 2023, SegRNN, arXiv:2308.11200].
 */
export class WindowReader {
  readonly recipe: Recipe;
  readonly series: readonly SeriesColumns[];
  /** Whether some target was filled, so that windows need weights. */
  readonly hasGaps: boolean;

  constructor(recipe: Recipe, series: readonly SeriesColumns[]) {
    this.recipe = recipe;
    this.series = series;
    this.hasGaps = series.some(({ observed }) => observed.some((known) => known !== undefined));
  }

  /** past, lags, ahead. */
  inputs(places: readonly Place[]): NumericArray[] {
    const { windowLength: L, horizon: H } = this.recipe;
    const sizes = inputSizes(this.recipe);
    const past = new Float32Array(places.length * L * sizes.past);
    const lags = new Float32Array(places.length * sizes.lags);
    const ahead = new Float32Array(places.length * H * sizes.ahead);
    places.forEach(({ series, row }, b) => {
      const one = this.series[series] as SeriesColumns;
      this.readPast(one, row, past, b * L * sizes.past, sizes.past);
      this.readLags(one, row, lags, b * sizes.lags);
      this.readAhead(one, row, ahead, b * H * sizes.ahead, sizes.ahead);
    });
    return [
      { shape: [places.length, L, sizes.past], data: past },
      { shape: [places.length, sizes.lags], data: lags },
      { shape: [places.length, H, sizes.ahead], data: ahead },
    ];
  }

  /** [B, H, T], 0 where a target is missing. */
  targets(places: readonly Place[]): NumericArray {
    const { targets, horizon: H } = this.recipe;
    const data = new Float32Array(places.length * H * targets.length);
    let at = 0;
    for (const { series, row } of places) {
      const one = this.series[series] as SeriesColumns;
      for (let h = 0; h < H; h++) {
        targets.forEach((target, t) => {
          data[at++] = (standard(one, t, row + h) - this.base(one, t, row, h)) / target.residual;
        });
      }
    }
    return { shape: [places.length, H, targets.length], data };
  }

  /** [B, H]: 0 for a step in which a target was filled or is missing, 1 for others. */
  weights(places: readonly Place[]): NumericArray {
    const { horizon: H } = this.recipe;
    const data = new Float32Array(places.length * H);
    places.forEach(({ series, row }, b) => {
      const one = this.series[series] as SeriesColumns;
      for (let h = 0; h < H; h++) {
        const known = one.targets.every((values, t) => one.observed[t]?.[row + h] !== 0 && !Number.isNaN(values[row + h]));
        data[b * H + h] = known ? 1 : 0;
      }
    });
    return { shape: [places.length, H], data };
  }

  /** The base b of step `h` (from 0) of an origin, in standardised units. */
  base(series: SeriesColumns, target: number, origin: number, h: number): number {
    const { base, season } = this.recipe.targets[target] as TargetRecipe;
    return standard(series, target, base === "season" ? seasonBefore(origin, h, season) : origin - 1);
  }

  private readPast(one: SeriesColumns, origin: number, out: Float32Array, from: number, width: number): void {
    const { windowLength: L, targets, covariates, future } = this.recipe;
    let column = from;
    targets.forEach(({ base, season, residual }, t) => {
      const v = standard(one, t, origin - 1);
      for (let i = 0, at = column; i < L; i++, at += width) out[at] = standard(one, t, origin - L + i) - v;
      column++;
      if (base !== "season") return;
      for (let i = 0, at = column; i < L; i++, at += width) {
        const row = origin - L + i;
        out[at] = (standard(one, t, row) - standard(one, t, row - season)) / residual;
      }
      column++;
    });
    const copy = (values: Values, moments: Moments) => {
      for (let i = 0, at = column; i < L; i++, at += width) out[at] = scaled(values[origin - L + i], moments);
      column++;
    };
    for (const [c, moments] of covariates.entries()) copy(one.covariates[c] as Values, moments);
    for (const [c, moments] of future.entries()) copy(one.future[c] as Values, moments);
  }

  private readLags(one: SeriesColumns, origin: number, out: Float32Array, from: number): void {
    const { lags, targets, calendar } = this.recipe;
    let at = from;
    targets.forEach(({ base, season, residual }, t) => {
      const v = standard(one, t, origin - 1);
      for (let row = origin - lags; row < origin; row++) {
        out[at++] = (standard(one, t, row) - (base === "season" ? standard(one, t, row - season) : v)) / residual;
      }
      out[at++] = v;
    });
    for (const [cycle = 0] of calendarColumns(calendar, one.times.subarray(origin, origin + 1))) out[at++] = cycle;
  }

  private readAhead(one: SeriesColumns, origin: number, out: Float32Array, from: number, width: number): void {
    const { horizon: H, targets, future, calendar } = this.recipe;
    let column = from;
    const write = (value: (h: number) => number) => {
      for (let h = 0, at = column; h < H; h++, at += width) out[at] = value(h);
      column++;
    };
    targets.forEach(({ base, season, seasonLags, residual }, t) => {
      const v = standard(one, t, origin - 1);
      const seasonsBefore = (h: number, k: number) => standard(one, t, seasonBefore(origin, h, season) - (k - 1) * season);
      for (let k = 1; k <= seasonLags; k++) {
        if (base === "season" && k > 1) write((h) => (seasonsBefore(h, k) - seasonsBefore(h, 1)) / residual);
        else write((h) => seasonsBefore(h, k) - v);
      }
    });
    for (const [c, moments] of future.entries()) write((h) => scaled(one.future[c]?.[origin + h], moments));
    for (const cycle of calendarColumns(calendar, one.times.subarray(origin, origin + H))) write((h) => cycle[h] ?? 0);
    write((h) => (2 * h) / H - 1);
  }
}

/** z of a target's row; 0, the mean, where there is no value. Rows before the first read as the first. */
export function standard({ targets, scale }: SeriesColumns, target: number, row: number): number {
  return scaled(targets[target]?.[Math.max(0, row)], scale[target] as Moments);
}

function scaled(value: number | undefined, { mean, std }: Moments): number {
  return value === undefined || Number.isNaN(value) ? 0 : (value - mean) / std;
}

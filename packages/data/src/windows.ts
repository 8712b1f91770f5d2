import type { Batch, Dataset, NumericArray } from "sluice";
import { DataError, listed, requireCounts, shown } from "./errors.ts";
import type { Values } from "./table.ts";

/** A series to cut windows from. `Series` of `toSeries` is one; so is any record of columns. */
export interface WindowSource {
  readonly id?: string;
  readonly rows: number;
  /** Past columns and targets have at least `rows` values; future columns may reach further. */
  readonly columns: Readonly<Record<string, Values>>;
  /** 1 where a target is known, 0 where it was filled; all are known without it. */
  readonly observed?: Readonly<Record<string, Uint8Array>>;
  /** Rows [from, to) whose values may be targets. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

/** Options of `window`. */
export interface WindowOptions {
  readonly series: readonly WindowSource[];
  /** Columns read over the window. */
  readonly past: readonly string[];
  /** Columns known over the horizon. */
  readonly future?: readonly string[];
  /** Columns to predict over the horizon. */
  readonly targets: readonly string[];
  /** Steps read. */
  readonly windowLength: number;
  /** Steps predicted. */
  readonly horizon: number;
  /** Steps between the starts of neighbouring windows. Default 1. */
  readonly stride?: number;
  /** Keep the past inside [from, to) too. Default false: a test window may look back into the training part, as in use. */
  readonly strict?: boolean;
}

/** Where a window lies: its first target row, in which series. */
export interface WindowPlace {
  readonly series: number;
  readonly row: number;
}

/** Windows as a dataset; nothing but their places is kept. */
export interface WindowDataset extends Dataset {
  /** x: past [B, windowLength, P] and, with future columns, future [B, horizon, F]; y [B, horizon, targets]. */
  batch(indices: Int32Array): Batch;
  place(index: number): WindowPlace;
  /** Windows left out because a target in them is missing or was filled, or an input is missing. */
  readonly skipped: number;
}

/** Neighbouring windows without a gap: origins first, first + stride, … */
interface Run {
  readonly series: number;
  readonly first: number;
  /** Index of its first window. */
  readonly offset: number;
}

/**
 * Cuts windows from one or many series, on demand: a window is a place, and its numbers are read from the columns when its
 * batch is asked for. A window reads `windowLength` rows, then predicts the next `horizon`. It never crosses from one series
 * to another, and its targets lie within [from, to). Memory: a few numbers for each series and each gap, whatever the rows.
 *
 * @throws {DataError} for a column that a series lacks or that is too short, or sizes that are not whole numbers above 0.
 * @example
 * const train = windows({ series: [{ columns, rows, to: 800 }], past: ["y"], targets: ["y"], windowLength: 48, horizon: 12 });
 * await model.fit(train, { epochs: 10 });
 */
export function windows(options: WindowOptions): WindowDataset {
  const { series, past, future = [], targets, windowLength: L, horizon: H, stride = 1, strict = false } = options;
  requireCounts("cut windows", { windowLength: L, horizon: H, stride });
  const runs: Run[] = [];
  let length = 0;
  let skipped = 0;
  series.forEach((source, s) => {
    requireColumns(source, s, [...past, ...targets], source.rows);
    const reach = requireColumns(source, s, future, source.rows);
    const from = Math.max(0, source.from ?? 0);
    const to = Math.min(source.rows, source.to ?? source.rows);
    const first = Math.max(strict ? from + L : from, L);
    const last = Math.min(to, reach) - H; // the last origin
    if (last < first) return;
    const possible = Math.floor((last - first) / stride) + 1;
    let used = 0;
    for (const [low, high] of openOrigins(blocked(source, options, first - L, last + H), first, last)) {
      const k = Math.ceil((low - first) / stride);
      const n = Math.floor((high - first) / stride) - k + 1;
      if (n <= 0) continue;
      runs.push({ series: s, first: first + k * stride, offset: length + used });
      used += n;
    }
    length += used;
    skipped += possible - used;
  });

  const place = (index: number): WindowPlace => {
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RangeError(`Cannot read window ${index}: there are ${length}, numbered from 0.`);
    }
    let [low, high] = [0, runs.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((runs[middle] as Run).offset <= index) low = middle;
      else high = middle - 1;
    }
    const run = runs[low] as Run;
    return { series: run.series, row: run.first + (index - run.offset) * stride };
  };

  const batch = (indices: Int32Array): Batch => {
    const places = Array.from(indices, place);
    return { x: windowInputs(options, places), y: stack(series, places, targets, 0, H) };
  };
  return { length, skipped, place, batch };
}

/**
 * The inputs of windows at the given places, past [B, windowLength, P] and, with future columns, future [B, horizon, F]:
 * what a forecast from there reads. A place may lie at the end of its series, where no target is known yet: row = rows.
 * @throws {DataError} when fewer than `windowLength` rows lie before a place, or future columns end before the horizon.
 */
export function windowInputs(options: Omit<WindowOptions, "targets">, places: readonly WindowPlace[]): NumericArray[] {
  const { series, past, future = [], windowLength: L, horizon: H } = options;
  for (const { series: s, row } of places) {
    const source = series[s] as WindowSource;
    if (row < L || row > source.rows) {
      throw new DataError(
        `${called(source, s)}: a forecast after ${row} rows reads the ${L} rows before it. ` +
          `Choose a place from ${L} to ${source.rows}.`,
      );
    }
    for (const name of future) {
      const known = (source.columns[name] as Values).length - row;
      if (known >= H) continue;
      throw new DataError(
        `${called(source, s)}: column ${shown(name)} is known for ${Math.max(0, known)} steps ahead; the horizon is ${H}. ` +
          `Add rows with ${shown(name)} for the coming steps and leave the targets empty.`,
        { column: name },
      );
    }
  }
  const inputs = [stack(series, places, past, -L, L)];
  if (future.length > 0) inputs.push(stack(series, places, future, 0, H));
  return inputs;
}

function called({ id }: WindowSource, index: number): string {
  return id === undefined || id === "" ? `Series number ${index}` : `Series ${shown(id)}`;
}

/** Rows [row + start, row + start + steps) of the columns for each place: [B, steps, columns]. */
function stack(
  series: readonly WindowSource[],
  places: readonly WindowPlace[],
  names: readonly string[],
  start: number,
  steps: number,
): NumericArray {
  const width = names.length;
  const data = new Float32Array(places.length * steps * width);
  names.forEach((name, c) => {
    places.forEach((place, b) => {
      const values = (series[place.series] as WindowSource).columns[name] as Values;
      const row = place.row + start;
      for (let t = 0, at = b * steps * width + c; t < steps; t++, at += width) data[at] = values[row + t] as number;
    });
  });
  return { shape: [places.length, steps, width], data };
}

/** Checks that the columns are there; answers the rows that all of them reach. */
function requireColumns(source: WindowSource, index: number, names: readonly string[], rows: number): number {
  let reach = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const values = Object.hasOwn(source.columns, name) ? source.columns[name] : undefined;
    if (values === undefined) {
      throw new DataError(
        `${called(source, index)} has no column ${shown(name)}. Its columns are ${listed(Object.keys(source.columns))}.`,
        { column: name },
      );
    }
    if (values.length < rows) {
      throw new DataError(
        `${called(source, index)}: column ${shown(name)} has ${values.length} values for ${rows} rows. Give it one for each row.`,
        { column: name },
      );
    }
    reach = Math.min(reach, values.length);
  }
  return Math.min(reach, rows);
}

/** Ranges [low, high] of origins that no window may have, because of a missing value; sorted by `low`. */
function blocked(source: WindowSource, options: WindowOptions, from: number, to: number): [number, number][] {
  const { past, future = [], targets, windowLength: L, horizon: H } = options;
  const ranges: [number, number][] = [];
  const collect = (missing: (row: number) => boolean, before: number, after: number) => {
    for (let r = from; r < to; r++) {
      if (!missing(r)) continue;
      const start = r;
      while (r + 1 < to && missing(r + 1)) r++;
      ranges.push([start - before, r + after]);
    }
  };
  const isNaNAt = (values: Values) => (row: number) => Number.isNaN(values[row]);
  for (const name of targets) {
    const values = source.columns[name] as Values;
    const known = source.observed !== undefined && Object.hasOwn(source.observed, name) ? source.observed[name] : undefined;
    collect(known === undefined ? isNaNAt(values) : (row) => known[row] === 0 || Number.isNaN(values[row]), H - 1, 0);
  }
  for (const name of future) collect(isNaNAt(source.columns[name] as Values), H - 1, 0);
  for (const name of past) collect(isNaNAt(source.columns[name] as Values), -1, L);
  return ranges.sort((a, b) => a[0] - b[0]);
}

/** The stretches of [first, last] that no range covers. */
function openOrigins(ranges: readonly (readonly [number, number])[], first: number, last: number): [number, number][] {
  const open: [number, number][] = [];
  let next = first;
  for (const [low, high] of ranges) {
    if (low > next) open.push([next, Math.min(low - 1, last)]);
    next = Math.max(next, high + 1);
    if (next > last) break;
  }
  if (next <= last) open.push([next, last]);
  return open;
}

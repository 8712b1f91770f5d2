import { timeText } from "./civil.ts";
import { count, DataError, shown } from "./errors.ts";
import { addSteps, type Frequency, frequencyLabel, stepsBetween } from "./frequency.ts";
import type { DataNote } from "./notes.ts";
import type { Values } from "./table.ts";
import { checkTimes } from "./time.ts";

/** A column on its way to a regular series. Of rows with one time, numbers are averaged and codes keep the first. */
export interface RawColumn {
  readonly name: string;
  readonly kind: "number" | "code";
  /** NaN is missing, for codes too. */
  readonly values: Values;
}

/** A series with one row for each step. */
export interface RegularSeries {
  readonly times: Float64Array;
  readonly columns: readonly RawColumn[];
  readonly notes: readonly DataNote[];
}

/**
 * Gives each step of the frequency exactly one row: rows are sorted, rows of one time merged (the mean of their values),
 * times beside the grid moved to it, and missing steps inserted as rows of NaN. Every such act is counted in a note. A series
 * that was regular comes back as the very arrays that were given.
 *
 * With `step` as the frequency nothing is inserted: rows are sorted and merged alone.
 * @throws {DataError} when a grid would have more than 20 steps for each row: one mistyped year would fill the memory.
 * @param series what notes call the series, where a file has several.
 */
export function regularize(
  times: Float64Array,
  columns: readonly RawColumn[],
  frequency: Frequency,
  series?: string,
): RegularSeries {
  const notes: DataNote[] = [];
  const note = (kind: DataNote["kind"], n: number, text: string) => {
    notes.push({
      kind,
      count: n,
      text: series === undefined ? text : `Series ${shown(series)}: ${text}`,
      ...(series === undefined ? {} : { series }),
    });
  };
  const check = checkTimes(times);
  if (check.missing > 0) {
    const left = count(check.missing, "row has no time and was", "rows have no time and were");
    note("missingTimes", check.missing, `${left} left out.`);
  }
  if (!check.sorted) note("sorted", times.length, "The rows were not in order of time; they were sorted.");
  if (check.duplicates > 0) {
    const rows = count(check.duplicates, "row has", "rows have");
    note("merged", check.duplicates, `${rows} the time of another row; rows of one time were merged into their mean.`);
  }
  const grid = layGrid(check.distinct, frequency);
  if (grid.inserted > 0) {
    const first = timeText(grid.firstGap);
    const steps = count(grid.inserted, "step is", "steps are");
    note(
      "insertedGaps",
      grid.inserted,
      `${steps} missing (${frequencyLabel(frequency)}; the first at ${first}); inserted as missing values.`,
    );
  }
  if (grid.moved > 0) {
    note(
      "movedToGrid",
      grid.moved,
      `${count(grid.moved, "time")} beside the grid (${frequencyLabel(frequency)}) moved to the nearest step.`,
    );
  }
  const untouched = check.distinct === times && grid.inserted === 0 && grid.collided === 0;
  if (untouched) return { times: grid.times, columns, notes };
  if (grid.collided > 0) {
    note(
      "merged",
      grid.collided,
      `${count(grid.collided, "row")} fell on the step of another; such rows were merged into their mean.`,
    );
  }
  const slots = Float64Array.from(times, (t) => (Number.isNaN(t) ? -1 : slotOf(t, grid.start, frequency, check.distinct)));
  return { times: grid.times, columns: columns.map((c) => gather(c, slots, grid.times.length)), notes };
}

/** Steps for each row beyond which a grid is taken for a slip in a date. */
const MOST_EMPTY = 20;

interface Grid {
  readonly start: number;
  readonly times: Float64Array;
  readonly inserted: number;
  readonly firstGap: number;
  readonly moved: number;
  /** Different times that fall on one step. */
  readonly collided: number;
}

function layGrid(distinct: Float64Array, frequency: Frequency): Grid {
  const start = distinct[0] ?? 0;
  if (frequency.unit === "step" || distinct.length === 0) {
    return { start, times: distinct, inserted: 0, firstGap: Number.NaN, moved: 0, collided: 0 };
  }
  let [inserted, moved, collided, last] = [0, 0, 0, -1];
  let firstGap = Number.NaN;
  for (const t of distinct) {
    const slot = slotOf(t, start, frequency, distinct);
    if (addSteps(start, slot, frequency) !== t) moved++;
    if (slot > last + 1 && Number.isNaN(firstGap)) firstGap = addSteps(start, last + 1, frequency);
    if (slot > last) inserted += slot - last - 1;
    else collided++;
    last = Math.max(last, slot);
  }
  if (last + 1 > MOST_EMPTY * distinct.length + 10_000) {
    throw new DataError(
      `Cannot lay a grid (${frequencyLabel(frequency)}) from ${timeText(start)} to ${timeText(distinct.at(-1) ?? 0)}: ` +
        `${count(last + 1, "step")} for ${count(distinct.length, "row")}. Correct the first or the last time, or give the frequency.`,
    );
  }
  const regular = inserted === 0 && moved === 0 && collided === 0;
  const times = regular ? distinct : Float64Array.from({ length: last + 1 }, (_, i) => addSteps(start, i, frequency));
  return { start, times, inserted, firstGap, moved, collided };
}

/** The row of a time: its step on the grid, or its place among the different times where there is no grid. */
function slotOf(time: number, start: number, frequency: Frequency, distinct: Float64Array): number {
  if (frequency.unit !== "step") return Math.round(stepsBetween(start, time, frequency));
  let [low, high] = [0, distinct.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((distinct[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function gather(column: RawColumn, slots: Float64Array, rows: number): RawColumn {
  const values = column.values instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
  const seen = new Float64Array(rows); // how many values a row has so far; the mean is kept up to date with each
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    const value = column.values[i] as number;
    if (slot < 0 || Number.isNaN(value) || (column.kind === "code" && (seen[slot] as number) > 0)) continue;
    const n = (seen[slot] as number) + 1;
    seen[slot] = n;
    values[slot] = (values[slot] as number) + (value - (values[slot] as number)) / n;
  }
  for (let r = 0; r < rows; r++) if (seen[r] === 0) values[r] = Number.NaN;
  return { ...column, values };
}

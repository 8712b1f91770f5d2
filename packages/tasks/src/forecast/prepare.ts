import {
  calendarFor,
  DataError,
  type FillRule,
  frequencyLabel,
  type Series,
  type SeriesSet,
  type Split,
  seasonLength,
  splitByTime,
  type Table,
  toSeries,
  type Values,
} from "@sluice/data";
import { seasonalNaiveScale } from "../metrics/index.ts";
import { chooseBase, chooseWindow } from "./choose-sizes.ts";
import type { ForecastOptions } from "./forecast-types.ts";
import { checkOptions, levelsOf, targetsOf } from "./options.ts";
import { type Moments, type Recipe, reachOf, type SeriesScaling } from "./recipe.ts";
import type { SeriesColumns } from "./window-reader.ts";

/** Rows of validation and of test beyond which nothing more is learned about a model. */
const MOST_JUDGED = 100_000;

/** A missing value is filled by the one before it: a line to the one after it would tell a forecast what is to come. */
export const FILL: FillRule = "forward";

/** A table made ready: what is learned from, how it is seen, and everything that was assumed. */
export interface Prepared {
  readonly set: SeriesSet;
  readonly recipe: Recipe;
  /** The series that are long enough, and how each is split. */
  readonly series: readonly SeriesColumns[];
  readonly splits: readonly Split[];
  /** Rows before an origin that a forecast reads. */
  readonly reach: number;
  readonly notes: readonly string[];
}

/** How a series is split, reading `windowLength` rows before each origin. @throws {DataError} when it is too short. */
export type Splitter = (set: SeriesSet, one: Series, horizon: number, windowLength: number) => Split;

/**
 * Reads a table as series, splits each by time, and works out from the training parts alone how the network will see them.
 * @throws {DataError} when columns are missing or every series is too short; {ValueError} for an option outside its rule.
 */
export function prepare(table: Table, options: ForecastOptions, splitOf: Splitter = splitOfAll): Prepared {
  checkOptions(options);
  const { horizon, time, series, covariates = [], future = [] } = options;
  const targets = targetsOf(options);
  const set = toSeries(table, { targets, covariates, future, fill: FILL, ...(time && { time }), ...(series && { series }) });
  const notes = set.notes.map(({ text }) => text);
  const typical = typicalSeries(set.series);
  const rough = splitOf(set, typical, horizon, 1); // says that the series is too short, when it is, without a window
  const trainRows = rough.train.to;

  const known = (one: Series, name: string, to: number) => withGaps(one, name, 0, to);
  const seasons = targets.map((name) => {
    const season = seasonLength(known(typical, name, trainRows), set.frequency);
    return trainRows >= 2 * season + horizon ? season : 1;
  });
  const seasonLags = seasons.map((season) => (season > 1 ? Math.min(2, Math.floor(trainRows / (3 * season))) : 0));
  const furthest = Math.max(0, ...seasons.map((season, t) => (seasonLags[t] === 0 ? 0 : season)));
  const room = Math.max(1, Math.min(Math.floor(trainRows / 6), rough.test.from - 2 * horizon - furthest));
  const window = chooseWindow(horizon, room, seasons[0] ?? 1, options.windowLength);

  const needed = window.windowLength + furthest;
  const usable = set.series.flatMap((one) => {
    const split = trySplit(() => splitOf(set, one, horizon, needed));
    return split === undefined ? [] : [{ one, split }];
  });
  if (usable.length === 0) splitOf(set, typical, horizon, needed); // throws, in rows
  const short = set.series.length - usable.length;
  if (short > 0) {
    notes.push(
      `${short} of ${set.series.length} series are too short to train on (${needed + 3 * horizon} rows are needed); they were left out.`,
    );
  }

  const scaling = usable.map(({ one, split }): SeriesScaling => {
    const parts = targets.map((name) => known(one, name, split.train.to));
    return {
      id: one.id,
      targets: parts.map((values) => moments([values])),
      mase: parts.map((values, t) => finite(seasonalNaiveScale(values, seasons[t] as number))),
    };
  });
  const column = (name: string) => ({
    name,
    ...moments(usable.map(({ one, split }) => (one.columns[name] as Values).subarray(0, split.train.to))),
  });
  const recipe: Recipe = {
    version: 1,
    horizon,
    ...window,
    columns: { time: time ?? null, series: series ?? null, covariates, future },
    targets: targets.map((name, t) => {
      const train = usable.map(({ one, split }, s) => ({
        values: known(one, name, split.train.to),
        ...(scaling[s]?.targets[t] as Moments),
      }));
      return chooseBase(name, seasons[t] as number, seasonLags[t] as number, train, horizon);
    }),
    covariates: set.covariates.map(column),
    future: set.future.map(column),
    frequency: set.frequency,
    calendar: calendarFor(set.frequency, spanOf(typical, trainRows)),
    encodings: set.encodings,
    levels: levelsOf(options),
    series: scaling,
  };
  const columns = usable.map(({ one }, s) => seriesColumns(one, recipe, scaling[s]?.targets ?? []));
  notes.push(...seasonNotes(recipe));
  return { set, recipe, series: columns, splits: usable.map(({ split }) => split), reach: reachOf(recipe), notes };
}

/** A series with its columns in the recipe's order. */
export function seriesColumns(
  one: Series,
  recipe: Pick<Recipe, "targets" | "covariates" | "future">,
  scale: readonly Moments[],
): SeriesColumns {
  const pick = (names: readonly { readonly name: string }[]) => names.map(({ name }) => one.columns[name] as Values);
  return {
    id: one.id,
    rows: one.rows,
    times: one.times,
    targets: pick(recipe.targets),
    covariates: pick(recipe.covariates),
    future: pick(recipe.future),
    observed: recipe.targets.map(({ name }) => one.observed[name]),
    scale,
  };
}

/** Rows [from, to) of a target as the file has it: NaN where it was filled. Without gaps a view on the column, else a copy of them. */
export function withGaps(one: Pick<Series, "columns" | "observed">, name: string, from?: number, to?: number): Values {
  const values = (one.columns[name] as Values).subarray(from, to);
  const observed = one.observed[name]?.subarray(from, to);
  return observed === undefined ? values : values.map((value, row) => (observed[row] === 0 ? Number.NaN : value));
}

/** Mean and standard deviation over several stretches, NaN left out, in one pass; a constant keeps std = 1. */
export function moments(parts: readonly Values[]): Moments {
  let [count, mean, squares] = [0, 0, 0];
  for (const values of parts) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (Number.isNaN(value)) continue;
      const step = value - mean;
      mean += step / ++count;
      squares += step * (value - mean);
    }
  }
  const std = count === 0 ? 0 : Math.sqrt(squares / count);
  return { mean, std: std > 1e-12 * Math.abs(mean) && Number.isFinite(std) ? std : 1 };
}

/** Of the series, the one of median length: what suits it suits at least half of them. */
function typicalSeries(series: readonly Series[]): Series {
  return series.toSorted((a, b) => a.rows - b.rows)[series.length >> 1] as Series;
}

/** Training, validation and test by the rule of `splitByTime`. */
function splitOfAll({ name, series }: SeriesSet, one: Series, horizon: number, windowLength: number): Split {
  const large = 0.15 * one.rows > MOST_JUDGED ? { test: MOST_JUDGED, validation: MOST_JUDGED } : {};
  return splitByTime({
    rows: one.rows,
    horizon,
    windowLength,
    file: name,
    ...(series.length > 1 && { series: one.id }),
    ...large,
  });
}

function trySplit(split: () => Split): Split | undefined {
  try {
    return split();
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

function spanOf({ times }: Series, rows: number): number {
  return (times.at(rows - 1) ?? 0) - (times.at(0) ?? 0);
}

function seasonNotes({ targets, frequency }: Recipe): string[] {
  return targets.map(({ name, season, base }) => {
    const found = season > 1 ? `a season of ${season} steps (${frequencyLabel(frequency)})` : `no season`;
    const from = base === "season" ? "the value one season before" : "the last value";
    return `"${name}" has ${found}; the network starts from ${from}.`;
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

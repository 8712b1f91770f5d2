import { DataError, type Series, type SeriesSet, type Table, toSeries, withNextTimes } from "@sluice/data";
import type { Model, NumericArray } from "sluice";
import { seasonalNaiveScale } from "../metrics/index.ts";
import { intervalAt } from "./calibration.ts";
import { driftOf } from "./drift.ts";
import { baselineViews } from "./fit-baselines.ts";
import type { EvaluateResult, ForecasterDescription, ForecasterModel, ForecastRow } from "./forecast-types.ts";
import { type ForecasterParts, modelName } from "./forecaster-parts.ts";
import { compare, judge } from "./judge.ts";
import { rowLabel } from "./labels.ts";
import { FILL, moments, seriesColumns, withGaps } from "./prepare.ts";
import { forecastPlaces } from "./quantile-forecasts.ts";
import { type Recipe, reachOf } from "./recipe.ts";
import { scoresOf, verdictOf } from "./scores.ts";
import { spread, windowsOf } from "./training-plan.ts";
import { type SeriesColumns, WindowReader } from "./window-reader.ts";
import { writeForecaster } from "./write-forecaster.ts";

/** Most origins that `evaluate` forecasts from. */
const MOST_ORIGINS = 4000;

/** A trained forecaster. Made by `forecast` and by `loadForecaster`. */
export class Forecaster implements ForecasterModel {
  readonly parts: ForecasterParts;

  constructor(parts: ForecasterParts) {
    this.parts = parts;
  }

  get target(): readonly string[] {
    return this.parts.recipe.targets.map(({ name }) => name);
  }

  get horizon(): number {
    return this.parts.recipe.horizon;
  }

  get windowLength(): number {
    return this.parts.recipe.windowLength;
  }

  get quantiles(): readonly number[] {
    return this.parts.recipe.levels;
  }

  async predict(table: Table, { levels = [80] }: { readonly levels?: readonly number[] } = {}): Promise<ForecastRow[]> {
    for (const level of levels) {
      if (level > 0 && level < 100) continue;
      throw new RangeError(`Cannot forecast an interval of ${level} %: a level lies between 0 and 100, such as 80.`);
    }
    const { recipe, network, bands } = this.parts;
    const set = this.read(table);
    for (const one of set.series) requireHistory(table.name, one, recipe);
    const reader = new WindowReader(
      recipe,
      set.series.map((one) => withTimesAhead(this.columnsOf(one), one, recipe)),
    );
    const learned = await forecastPlaces(network, reader, {
      length: set.series.length,
      place: (series) => ({ series, row: set.series[series]?.rows ?? 0 }),
    });
    const middle = recipe.levels.indexOf(0.5);
    const Q = recipe.levels.length;
    const rows: ForecastRow[] = [];
    set.series.forEach((one, s) => {
      const facts = { frequency: set.frequency, timed: set.time.length > 0 };
      const history = one.times.subarray(0, one.rows);
      recipe.targets.forEach(({ name }, t) => {
        for (let h = 0; h < recipe.horizon; h++) {
          const from = ((s * recipe.horizon + h) * recipe.targets.length + t) * Q;
          const quantiles = learned.values.subarray(from, from + Q);
          const intervals = levels.map(
            (level) => [String(level), intervalAt(bands[t] ?? [], middle, quantiles, level / 100)] as const,
          );
          rows.push({
            series: recipe.columns.series === null ? "" : one.id,
            time: rowLabel(history, one.rows + h, facts),
            target: name,
            forecast: quantiles[middle] as number,
            intervals: Object.fromEntries(intervals),
          });
        }
      });
    });
    return rows;
  }

  async evaluate(table: Table): Promise<EvaluateResult> {
    const { recipe, network, bands, baselines } = this.parts;
    const set = this.read(table);
    const reach = reachOf(recipe);
    const columns = set.series.map((one) => this.columnsOf(one));
    const all = windowsOf(
      recipe,
      columns.map(({ id, rows }) => ({ id, rows, columns: {} })),
      reach,
    );
    if (all.length === 0) {
      const rows = Math.max(...set.series.map((one) => one.rows));
      throw new DataError(
        `${table.name}: the longest series has ${rows} rows; scoring one forecast takes at least ${reach + recipe.horizon}: ` +
          `${reach} to read and ${recipe.horizon} to compare. Give a longer file.`,
      );
    }
    const part = spread(all, MOST_ORIGINS);
    const reader = new WindowReader(recipe, columns);
    const learned = await forecastPlaces(network, reader, part);
    const overlap = Math.ceil((recipe.horizon * part.length) / part.total);
    const judged = recipe.targets.map(({ name, season }, t) => {
      const comparison = compare({
        recipe,
        target: t,
        views: baselineViews(columns, null, recipe, t),
        learned,
        bands: bands[t] ?? [],
        baselines: baselines[t] ?? [],
        modelName: modelName(network),
        modelSeconds: { fit: null, forecast: null },
        scales: set.series.map((one) => {
          const trained = recipe.series.find(({ id }) => id === one.id);
          return trained === undefined ? seasonalNaiveScale(withGaps(one, name), season) : (trained.mase[t] ?? null);
        }),
      });
      const { results, verdict, echo } = judge(comparison, overlap);
      return { target: name, methods: results, verdict, echo };
    });
    return {
      schema: "sluice.evaluate/1",
      rows: table.rows,
      origins: part.length,
      metrics: scoresOf(judged),
      verdict: verdictOf(judged),
      drift: driftOf(recipe, columns),
    };
  }

  windows(table: Table, count: number): { readonly network: Model; readonly inputs: readonly NumericArray[] } {
    const { recipe, network } = this.parts;
    const columns = this.read(table).series.map((one) => this.columnsOf(one));
    const reach = reachOf(recipe);
    const each = Math.max(1, Math.floor(count / columns.length));
    const places = columns.slice(0, count).flatMap(({ rows }, series) => {
      const last = rows - recipe.horizon;
      const shown = Math.max(0, Math.min(each, last - reach + 1));
      return Array.from({ length: shown }, (_, k) => ({ series, row: last - shown + 1 + k }));
    });
    if (places.length === 0) {
      throw new DataError(
        `${table.name}: no series has ${reach + recipe.horizon} rows, which one window takes. Give a longer file.`,
      );
    }
    return { network, inputs: new WindowReader(recipe, columns).inputs(places) };
  }

  save(): Promise<Uint8Array> {
    return writeForecaster(this.parts);
  }

  describe(): ForecasterDescription {
    const { network, record } = this.parts;
    const { layers, parameters } = network.describe();
    return {
      task: "forecast",
      layers: layers.map(({ name, type, outputShape, parameters: own }) => ({
        name,
        kind: type,
        outputShape: outputShape.slice(1).join(" × "),
        parameters: own,
      })),
      parameters,
      weights: network.parameters.map(({ path, tensor }) => ({ path, shape: tensor.shape, ...statistics(tensor.dataSync()) })),
      training: record,
    };
  }

  /** The table as series, read as the training table was. */
  private read(table: Table): SeriesSet {
    const { columns, targets, frequency, encodings } = this.parts.recipe;
    return toSeries(table, {
      targets: targets.map(({ name }) => name),
      covariates: columns.covariates,
      future: columns.future,
      ...(columns.time !== null && { time: columns.time }),
      ...(columns.series !== null && { series: columns.series }),
      fill: FILL,
      frequency,
      encodings,
    });
  }

  /** A series with the scaling it was trained with; one that training did not see is scaled by its own history. */
  private columnsOf(one: Series): SeriesColumns {
    const { recipe } = this.parts;
    const trained = recipe.series.find(({ id }) => id === one.id);
    const scale = trained?.targets ?? recipe.targets.map(({ name }) => moments([withGaps(one, name)]));
    return seriesColumns(one, recipe, scale);
  }
}

function requireHistory(file: string, { id, rows, ahead }: Series, recipe: Recipe): void {
  const reach = reachOf(recipe);
  const subject = id === "" ? file : `${file}: series ${JSON.stringify(id)}`;
  if (rows < reach) {
    throw new DataError(
      `${subject} has ${rows} rows; a forecast reads the last ${reach}. Give a longer history, or leave the series out.`,
    );
  }
  if (recipe.future.length === 0 || ahead >= recipe.horizon) return;
  const names = recipe.columns.future.map((name) => JSON.stringify(name)).join(", ");
  throw new DataError(
    `${subject}: ${names} must be known for the ${recipe.horizon} steps after the last value; the file has ${ahead}. ` +
      `Add rows with ${names} for the coming steps and leave the targets empty.`,
    { column: recipe.columns.future[0] ?? "" },
  );
}

/** The series with the times of the coming horizon, from which the calendar is read. */
function withTimesAhead(columns: SeriesColumns, { rows, times }: Series, { frequency, horizon }: Recipe): SeriesColumns {
  return { ...columns, times: withNextTimes(times.subarray(0, rows), frequency, horizon) };
}

function statistics(values: ArrayLike<number>): { mean: number; std: number; min: number; max: number } {
  let [mean, squares, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const step = value - mean;
    mean += step / (i + 1);
    squares += step * (value - mean);
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { mean, std: Math.sqrt(squares / Math.max(1, values.length)), min, max };
}

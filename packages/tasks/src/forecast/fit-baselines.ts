import { calendarColumns, type RowRange, type Split } from "@sluice/data";
import { BASELINE_KINDS, baselineName, fitBaseline, forecastOrigins } from "../baselines/index.ts";
import type { BaselineKind, BaselineModel, BaselineSeries } from "../baselines/types.ts";
import { actualsAt, type OriginMatrix, pinball, type QuantileMatrix, quantileAt, stackOrigins } from "../metrics/index.ts";
import { withGaps } from "./prepare.ts";
import type { Recipe } from "./recipe.ts";
import type { Place, SeriesColumns } from "./window-reader.ts";

/** Training rows of one series beyond which a simple method learns nothing more; the latest are read. */
const MOST_ROWS = 100_000;

/** A series as the baselines see it: what lies before `offset` is left out, so that ten million rows are not copied. */
export interface BaselineView {
  readonly series: BaselineSeries;
  readonly offset: number;
}

/** A fitted baseline of one target. */
export interface FittedBaseline {
  readonly kind: BaselineKind;
  readonly name: string;
  readonly model: BaselineModel;
  readonly seconds: number;
}

/** The series of one target, with the calendar and the future columns as the network has them. */
export function baselineViews(
  series: readonly SeriesColumns[],
  splits: readonly Split[] | null,
  recipe: Recipe,
  target: number,
): BaselineView[] {
  const name = recipe.targets[target]?.name ?? "";
  return series.map((one, s) => {
    const { train, validation } = splits?.[s] ?? {
      train: { from: 0, to: one.rows },
      validation: { from: one.rows, to: one.rows },
    };
    const offset = Math.max(0, train.to - MOST_ROWS);
    const known = withGaps(
      { columns: { [name]: one.targets[target] as Float64Array }, observed: observedOf(one, name, target) },
      name,
      offset,
    );
    const times = one.times.subarray(offset);
    const future = [...calendarColumns(recipe.calendar, times), ...one.future.map((values) => values.subarray(offset))];
    const moved = ({ from, to }: RowRange) => ({ from: Math.max(0, from - offset), to: to - offset });
    return {
      offset,
      series: { id: one.id, values: known, future, train: moved(train), validation: moved(validation) },
    };
  });
}

function observedOf(one: SeriesColumns, name: string, target: number): Record<string, Uint8Array> {
  const observed = one.observed[target];
  return observed === undefined ? {} : { [name]: observed };
}

/** Every baseline that the training parts suffice for; `missing` says in a sentence which could not be fitted. */
export function fitBaselines(
  views: readonly BaselineView[],
  { horizon, season, levels }: { horizon: number; season: number; levels: readonly number[] },
): { fitted: FittedBaseline[]; missing: string[] } {
  const missing: string[] = [];
  const fitted = BASELINE_KINDS.flatMap((kind) => {
    const began = performance.now();
    try {
      const model = fitBaseline(kind, { series: views.map(({ series }) => series), horizon, season, levels });
      return [{ kind, name: baselineName(kind), model, seconds: (performance.now() - began) / 1000 }];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      missing.push(error.message);
      return [];
    }
  });
  return { fitted, missing };
}

/** Points and quantiles of a baseline at the places, in their order. */
export function baselineAt(
  { model }: Pick<FittedBaseline, "model">,
  views: readonly BaselineView[],
  places: readonly Place[],
): { points: OriginMatrix; quantiles: QuantileMatrix } {
  const parts = bySeries(places).map(({ series, rows }) => {
    const view = views[series] as BaselineView;
    return forecastOrigins(
      model,
      view.series,
      rows.map((row) => row - view.offset),
    );
  });
  const points = stackOrigins(parts.map((part) => part.points));
  const values = new Float64Array(points.values.length * model.levels.length);
  let at = 0;
  for (const { quantiles } of parts) {
    if (quantiles === undefined) continue;
    values.set(quantiles.values, at);
    at += quantiles.values.length;
  }
  return { points, quantiles: { origins: points.origins, horizon: points.horizon, levels: model.levels, values } };
}

/** What came at the places, NaN where the file has no value. */
export function actualAt(views: readonly BaselineView[], places: readonly Place[], horizon: number): OriginMatrix {
  return stackOrigins(
    bySeries(places).map(({ series, rows }) => {
      const { series: one, offset } = views[series] as BaselineView;
      return actualsAt(
        one.values,
        rows.map((row) => row - offset),
        horizon,
      );
    }),
  );
}

/** A baseline's mean pinball loss over the places, in the unit of the training loss: the residual scale of the target. */
export function pinballAt(
  baseline: FittedBaseline,
  views: readonly BaselineView[],
  places: readonly Place[],
  recipe: Recipe,
  target: number,
): number | null {
  let [sum, count] = [0, 0];
  for (const { series, rows } of bySeries(places)) {
    const own = rows.map((row) => ({ series, row }));
    const { quantiles } = baselineAt(baseline, views, own);
    const actual = actualAt(views, own, recipe.horizon);
    const scores = recipe.levels.map((level) => pinball(actual, quantileAt(quantiles, level), level));
    const value = scores.reduce((total, score) => total + score.value / scores.length, 0);
    const used = scores[0]?.used ?? 0;
    const unit = (recipe.series[series]?.targets[target]?.std ?? 1) * (recipe.targets[target]?.residual ?? 1);
    if (used === 0) continue;
    sum += (value / unit) * used;
    count += used;
  }
  return count === 0 ? null : sum / count;
}

/** Places run through series by series: the rows of each. */
export function bySeries(places: readonly Place[]): { series: number; rows: number[] }[] {
  const groups: { series: number; rows: number[] }[] = [];
  for (const { series, row } of places) {
    const last = groups.at(-1);
    if (last?.series === series) last.rows.push(row);
    else groups.push({ series, rows: [row] });
  }
  return groups;
}

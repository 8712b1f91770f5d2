import type { Values } from "@sluice/data";
import { formatNumber } from "../format.ts";
import { moments } from "./prepare.ts";
import type { Moments, Recipe } from "./recipe.ts";
import type { SeriesColumns } from "./window-reader.ts";

/** A mean that lies further from training's than this many of its standard deviations is said. */
const FAR = 2;

/** Inputs whose mean or spread in this table differs much from what training saw, as sentences. */
export function driftOf(recipe: Recipe, series: readonly SeriesColumns[]): string[] {
  const targets = recipe.targets.flatMap(({ name }, t) =>
    series.flatMap((one) => {
      if (!recipe.series.some(({ id }) => id === one.id)) return [];
      const where = one.id === "" ? `"${name}"` : `"${name}" of series "${one.id}"`;
      return shift(where, one.scale[t] as Moments, [one.targets[t] as Values]);
    }),
  );
  const columns = (kind: "covariates" | "future") =>
    recipe[kind].flatMap((trained, c) =>
      shift(
        `"${trained.name}"`,
        trained,
        series.map((one) => one[kind][c] as Values),
      ),
    );
  const strange = series.filter(({ id }) => !recipe.series.some((known) => known.id === id)).length;
  const unknown =
    strange === 0 || recipe.columns.series === null
      ? []
      : [`${strange} series are not among those the model was trained on; each is scaled by its own history.`];
  return [...targets, ...columns("covariates"), ...columns("future"), ...unknown];
}

function shift(where: string, trained: Moments, parts: readonly Values[]): string[] {
  const now = moments(parts);
  const away = Math.abs(now.mean - trained.mean) / trained.std;
  if (away > FAR) {
    return [
      `${where} has mean ${formatNumber(now.mean)} here and ${formatNumber(trained.mean)} in training, ${formatNumber(away, 2)} standard deviations away.`,
    ];
  }
  const wider = now.std / trained.std;
  return wider > 2 * FAR ? [`${where} varies ${formatNumber(wider, 2)} times as much as in training.`] : [];
}

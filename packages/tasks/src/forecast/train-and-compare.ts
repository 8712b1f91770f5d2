import type { Model } from "sluice";
import type { Band } from "./calibration.ts";
import { type BaselineView, baselineViews, type FittedBaseline, fitBaselines, pinballAt } from "./fit-baselines.ts";
import type { ForecastOptions } from "./forecast-types.ts";
import { modelName } from "./forecaster-parts.ts";
import { type Comparison, compare, judgedLevels } from "./judge.ts";
import type { Prepared } from "./prepare.ts";
import { fitAllBands, forecastPlaces, type LearnedQuantiles } from "./quantile-forecasts.ts";
import { type Trained, train } from "./train.ts";
import type { PartWindows, TrainingPlan } from "./training-plan.ts";
import { WindowReader } from "./window-reader.ts";

/** A trained network beside fitted baselines; of each target where there is a list. */
export interface TrainedBeside {
  readonly network: Model;
  readonly reader: WindowReader;
  readonly trained: Trained;
  readonly bands: readonly (readonly Band[])[];
  readonly views: readonly (readonly BaselineView[])[];
  readonly baselines: readonly (readonly FittedBaseline[])[];
  /** The baseline with the lowest validation loss, means over the targets. */
  readonly best: { readonly baseline: FittedBaseline; readonly value: number } | null;
  /** Which baselines could not be fitted, in sentences. */
  readonly missing: readonly string[];
}

/** Fits the baselines, trains the network, and measures its intervals on the validation part. The test part is not read. */
export async function trainBeside(
  network: Model,
  prepared: Prepared,
  plan: TrainingPlan,
  options: ForecastOptions,
): Promise<TrainedBeside> {
  const { onEvent = () => {} } = options;
  const { recipe, series, splits } = prepared;
  const reader = new WindowReader(recipe, series);
  const validationPlaces = Array.from({ length: plan.validation.length }, (_, index) => plan.validation.place(index));
  const compared = recipe.targets.map(({ season }, t) => {
    const views = baselineViews(series, splits, recipe, t);
    const { fitted, missing } = fitBaselines(views, { horizon: recipe.horizon, season, levels: judgedLevels(recipe.levels) });
    const losses = fitted.map((baseline) => pinballAt(baseline, views, validationPlaces, recipe, t));
    return { views, fitted, missing, losses };
  });
  const scored = (compared[0]?.fitted ?? []).map((baseline, b) => ({
    baseline,
    value: meanOf(compared.map(({ losses }) => losses[b] ?? null)),
  }));
  for (const { baseline, value } of scored) {
    onEvent({ kind: "baseline", name: baseline.kind, validationLoss: value, seconds: baseline.seconds });
  }
  const best = bestOf(scored);
  const trained = await train(network, reader, plan, options, best && { name: best.baseline.kind, value: best.value });
  return {
    network,
    reader,
    trained,
    bands: fitAllBands(await forecastPlaces(network, reader, plan.validation), reader),
    views: compared.map(({ views }) => views),
    baselines: compared.map(({ fitted }) => fitted),
    best,
    missing: compared.flatMap(({ missing }) => missing),
  };
}

/** Every method at the given windows: the network's quantiles, and the comparison for each target. */
export async function compareAt(
  beside: TrainedBeside,
  part: Pick<PartWindows, "length" | "place">,
  onMethod?: (name: string) => void,
): Promise<{ learned: LearnedQuantiles; comparisons: Comparison[] }> {
  const { network, reader, trained, bands, views, baselines } = beside;
  const { recipe } = reader;
  const began = performance.now();
  const learned = await forecastPlaces(network, reader, part);
  const seconds = { fit: trained.history.seconds, forecast: (performance.now() - began) / 1000 };
  const comparisons = recipe.targets.map((_, target) =>
    compare({
      recipe,
      target,
      views: views[target] ?? [],
      learned,
      bands: bands[target] ?? [],
      baselines: baselines[target] ?? [],
      modelName: modelName(network),
      modelSeconds: seconds,
      scales: recipe.series.map(({ mase }) => mase[target] ?? null),
      ...(onMethod && { onMethod }),
    }),
  );
  return { learned, comparisons };
}

type Scored = { readonly baseline: FittedBaseline; readonly value: number | null };

function bestOf(scored: readonly Scored[]): TrainedBeside["best"] {
  return scored.reduce<TrainedBeside["best"]>(
    (kept, { baseline, value }) =>
      value !== null && value < (kept?.value ?? Number.POSITIVE_INFINITY) ? { baseline, value } : kept,
    null,
  );
}

function meanOf(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value / values.length), 0 as number | null);
}

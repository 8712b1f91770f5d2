import type { CalendarSpec, CategoryEncoding, Frequency } from "@sluice/data";

/** Mean and standard deviation of a column over training rows; a constant column keeps std = 1. */
export interface Moments {
  readonly mean: number;
  readonly std: number;
}

/** How one target is seen by the network. */
export interface TargetRecipe {
  readonly name: string;
  /** Steps in a season; 1 when none was found. */
  readonly season: number;
  /** What the network corrects: the last value, or the value one season earlier, whichever was closer in training. */
  readonly base: "last" | "season";
  /** How many seasons back values are read for each step of the horizon. */
  readonly seasonLags: number;
  /** Standard deviation of what the base leaves unexplained in training, in standardised units; 1 when it leaves nothing. */
  readonly residual: number;
}

/** Standardisation of one series' targets, from its training rows. */
export interface SeriesScaling {
  readonly id: string;
  readonly targets: readonly Moments[];
  /** The denominators of MASE, null where the training part is constant. */
  readonly mase: readonly (number | null)[];
}

/**
 * Everything between a table and the network's inputs, as plain data: saved beside the model, so that a forecast made later
 * sees its data exactly as training did.
 */
export interface Recipe {
  readonly version: 1;
  readonly horizon: number;
  /** Steps the recurrent layer reads. */
  readonly windowLength: number;
  /** Steps that stand together in one step of the recurrent layer; divides `windowLength`. */
  readonly segment: number;
  /** Latest steps that the linear part reads. */
  readonly lags: number;
  /** Names of columns as they stand in the file. */
  readonly columns: {
    readonly time: string | null;
    readonly series: string | null;
    readonly covariates: readonly string[];
    readonly future: readonly string[];
  };
  readonly targets: readonly TargetRecipe[];
  /** Inputs known up to now, words as one-hot columns, with their scaling. */
  readonly covariates: readonly (Moments & { readonly name: string })[];
  /** Inputs known ahead, likewise. */
  readonly future: readonly (Moments & { readonly name: string })[];
  readonly frequency: Frequency;
  readonly calendar: CalendarSpec;
  readonly encodings: readonly CategoryEncoding[];
  /** Quantile levels the network gives for each target, ascending, 0.5 among them. */
  readonly levels: readonly number[];
  readonly series: readonly SeriesScaling[];
}

/** Rows before an origin that a forecast reads. */
export function reachOf({ windowLength, lags, targets }: Pick<Recipe, "windowLength" | "lags" | "targets">): number {
  const back = targets.map(({ season, base, seasonLags }) => {
    const window = Math.max(windowLength, lags) + (base === "season" ? season : 0);
    return Math.max(window, season * seasonLags);
  });
  return Math.max(1, ...back);
}

/** Sizes of the network's inputs and output for one window. */
export interface InputSizes {
  /** [windowLength, past] */
  readonly past: number;
  /** [lags] */
  readonly lags: number;
  /** [horizon, ahead] */
  readonly ahead: number;
  /** [horizon, output]: the levels of each target side by side */
  readonly output: number;
}

/** How many numbers each input of the network has; `WindowReader` fills them in this order. */
export function inputSizes(recipe: Omit<Recipe, "series">): InputSizes {
  const { targets, covariates, future, calendar, lags, levels } = recipe;
  const seasonal = targets.filter(({ base }) => base === "season").length;
  return {
    past: targets.length + seasonal + covariates.length + future.length,
    lags: targets.length * (lags + 1) + 2 * calendar.cycles.length,
    ahead: targets.reduce((sum, { seasonLags }) => sum + seasonLags, 0) + future.length + 2 * calendar.cycles.length + 1,
    output: targets.length * levels.length,
  };
}

import type { Model } from "sluice";
import type { Band } from "./calibration.ts";
import type { FittedBaseline } from "./fit-baselines.ts";
import type { ForecasterDescription } from "./forecast-types.ts";
import type { Recipe } from "./recipe.ts";

/** What a forecaster consists of, and what its file holds. */
export interface ForecasterParts {
  readonly network: Model;
  readonly recipe: Recipe;
  /** Of each target. */
  readonly bands: readonly (readonly Band[])[];
  /** Of each target. */
  readonly baselines: readonly (readonly FittedBaseline[])[];
  readonly record: ForecasterDescription["training"];
}

/** "LSTM" or "GRU", by the recurrent layer. */
export function modelName(network: Model): string {
  return network.layers.some(({ type }) => type === "GRU") ? "GRU" : "LSTM";
}

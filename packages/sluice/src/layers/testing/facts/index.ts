import type { LayerConfig } from "../../registry.ts";
import type { KindFacts } from "./facts.ts";
import { furtherFacts } from "./further.ts";
import { gatedFacts } from "./gated.ts";
import { gridFacts } from "./grids.ts";
import { lstmFacts } from "./lstm.ts";
import { parallelFacts } from "./parallel.ts";
import { wrapperFacts } from "./wrappers.ts";
import { xlstmFacts } from "./xlstm.ts";

export { commonFacts } from "./common.ts";
export type { KindFacts, OptionFact, Trial } from "./facts.ts";

/** The facts of every recurrent kind and of what surrounds them, by type, in the order of the table. */
export const kindFacts: Readonly<Record<string, KindFacts>> = {
  ...lstmFacts,
  ...gatedFacts,
  ...parallelFacts,
  ...xlstmFacts,
  ...furtherFacts,
  ...gridFacts,
  ...wrapperFacts,
};

/** The layer of a kind's trial, with these options beside the trial's own; a cell stands in an RNN. */
export function trialConfig(type: string, options: object = {}): LayerConfig {
  const config = { type, options: { ...kindFacts[type]?.trial.options, ...options } };
  return type.endsWith("Cell") ? { type: "RNN", options: { cells: config } } : config;
}

import { ValueError } from "../errors.ts";
import type { LayerOptions } from "./layer.ts";

/** The names of the options O, as a table that must have them all: an option that is missing in it does not compile. */
export type NamesOf<O extends object> = { readonly [K in keyof O]-?: true };

/** What every layer takes. */
export const layerNames: NamesOf<LayerOptions> = {
  name: true,
  trainable: true,
  inputShape: true,
  seed: true,
  backend: true,
  activityRegularizer: true,
};

/**
 * The options as they are. What makes a layer for others calls it, whether the options come from a program or from a file.
 * @throws {ValueError} for a name that `names` does not have.
 */
export function knownOptions<O extends object>(type: string, options: O, names: NamesOf<O>): O {
  const wrong = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (wrong === undefined) return options;
  const [nearest] = Object.keys(names).sort((a, b) => likeness(b, wrong) - likeness(a, wrong));
  throw new ValueError(`Cannot make ${type} with "${wrong}": it has no such option. The nearest one is "${nearest}".`);
}

/** Pairs of letters of a that are in b, and its last letter, as a share of the letters of both. */
function likeness(a: string, b: string): number {
  return [...a].filter((_, k) => b.includes(a.slice(k, k + 2))).length / (a.length + b.length);
}

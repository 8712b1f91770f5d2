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
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      const nearest = Object.keys(names).reduce((best, next) => (likeness(next, name) > likeness(best, name) ? next : best));
      throw new ValueError(`Cannot make ${type} with "${name}": it has no such option. The nearest one is "${nearest}".`);
    }
  }
  return options;
}

/** Pairs of letters that follow one another in both, as a share of all pairs. */
function likeness(a: string, b: string): number {
  const shared = [...a].filter((letter, k) => b.includes(letter + a.slice(k + 1, k + 2)));
  return shared.length / (a.length + b.length);
}

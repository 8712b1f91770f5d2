import { ValueError } from "../errors.ts";
import type { Layer } from "../layers/layer.ts";

/**
 * Gives every layer a name of its own within the model: names the user chose and names of layers that have their weights
 * stay, the others are numbered in order ("lstm", "lstm_1"). No counter outlives the call, so a model made twice is named alike.
 * @throws {ValueError} when two layers insist on one name, or a name would clash with a checkpoint's own entries.
 */
export function nameLayers(layers: readonly Layer[]): void {
  const taken = new Set<string>();
  const fixed = (layer: Layer): boolean => layer.options.name !== undefined || layer.built;
  for (const layer of layers.filter(fixed)) {
    const { name } = layer;
    if (taken.has(name)) {
      throw new ValueError(
        `Cannot make a model with two layers named "${name}": weights are kept by name. Give one another name.`,
      );
    }
    if (name === "" || name.startsWith("@")) {
      throw new ValueError(`Cannot name a layer "${name}": a name has at least one character and does not begin with "@".`);
    }
    taken.add(name);
  }
  for (const layer of layers.filter((each) => !fixed(each))) {
    const base = layer.name;
    for (let k = 1; taken.has(layer.name); k++) layer.name = `${base}_${k}`;
    taken.add(layer.name);
  }
}

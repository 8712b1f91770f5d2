import { FormatError } from "../errors.ts";
import { builtInKinds } from "./kinds.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import { type LayerConfig, type LayerKind, registeredKinds } from "./registry.ts";

/** Kinds by their names: what makes layers from plain data, and therefore carries all of them. */

function findKind(type: string): LayerKind | undefined {
  return registeredKinds.get(type) ?? builtInKinds.find((kind) => kind.type === type);
}

/** Whether the layer computes each time step for itself. */
export function isStepwise(layer: Layer): boolean {
  const stepwise = findKind(layer.type)?.stepwise ?? false;
  return typeof stepwise === "function" ? (stepwise as (options: LayerOptions) => boolean)(layer.options) : stepwise;
}

/** Every kind: the built-in ones, then the registered ones in their order. */
export function layerKinds(): readonly LayerKind[] {
  return [...builtInKinds, ...registeredKinds.values()];
}

/**
 * The layer that `configOf` wrote down, without weights.
 * @throws {FormatError} when a type is not registered (files name layers, they never bring code), or a part is not of that form.
 */
export function layerFromConfig({ type, options }: LayerConfig): Layer {
  const kind = findKind(type);
  if (!kind) {
    const known = layerKinds().map((each) => each.type);
    throw new FormatError(
      `Cannot make a layer of type "${type}": this version knows ${known.join(", ")}. Register it with registerLayer, or update sluice.`,
    );
  }
  const revived = Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      kind.holds?.includes(key) ? reviveLayers(value, `${type}.${key}`) : value,
    ]),
  );
  return (kind.create as (options: LayerOptions) => Layer)(revived);
}

/** Configs, alone or in a list, turned into layers; null and undefined stay. */
function reviveLayers(value: unknown, where: string): unknown {
  if (value === null || value === undefined || value instanceof Layer) return value;
  if (Array.isArray(value)) return value.map((item) => reviveLayers(item, where));
  const { type, options } = value as Partial<LayerConfig>;
  if (typeof type !== "string" || typeof options !== "object" || options === null) {
    throw new FormatError(`Cannot make a layer from the option ${where}: it must be { type, options }.`);
  }
  return layerFromConfig({ type, options });
}

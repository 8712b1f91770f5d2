import { FormatError, ValueError } from "../errors.ts";
import { builtInKinds } from "./kinds.ts";
import { Layer, type LayerOptions, mapLayers } from "./layer.ts";

/** A layer as plain data: what stands in model files. */
export interface LayerConfig {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** How one kind of layer is made from its options. */
export interface LayerKind {
  readonly type: string;
  /** Makes a layer. Layers inside the options arrive as layers. */
  readonly create: (options: never) => Layer;
  /** Options that hold a layer, or a list of layers. */
  readonly holds?: readonly string[];
  /** It computes each time step of [B, T, …] for itself, always or with these options, so that a sequence may be cut along T. */
  readonly stepwise?: true | ((options: never) => boolean);
  /** Recurrent kinds run the recurrent laws. */
  readonly recurrent?: boolean;
  /** Facts for the table of cells: equation and paper, the formula of the number of weights, what checks it, what can carry it. */
  readonly about?: KindFacts;
  /** The same facts for options that change the equation, by option; `parameters` says what they add or take away. */
  readonly forms?: Readonly<Record<string, KindFacts>>;
}

/** What the table of cells says of a kind, or of one of its options, in plain text. */
export interface KindFacts {
  readonly equation: string;
  readonly paper: string;
  readonly parameters: string;
  readonly oracle: string;
  readonly formats: string;
}

const registered = new Map<string, LayerKind>();

function findKind(type: string): LayerKind | undefined {
  return registered.get(type) ?? builtInKinds.find((kind) => kind.type === type);
}

/**
 * Adds a kind of layer or cell, so that models with it can be saved and loaded.
 * @throws {ValueError} when the type is taken.
 * @example registerLayer({ type: "LeakyCell", create: (options: LeakyOptions) => new LeakyCell(options) });
 */
export function registerLayer(kind: LayerKind): void {
  if (findKind(kind.type)) throw new ValueError(`Cannot register layer type "${kind.type}": the name is taken. Choose another.`);
  registered.set(kind.type, kind);
}

/** Whether the layer computes each time step for itself. */
export function isStepwise(layer: Layer): boolean {
  const stepwise = findKind(layer.type)?.stepwise ?? false;
  return typeof stepwise === "function" ? (stepwise as (options: LayerOptions) => boolean)(layer.options) : stepwise;
}

/** Every kind: the built-in ones, then the registered ones in their order. */
export function layerKinds(): readonly LayerKind[] {
  return [...builtInKinds, ...registered.values()];
}

/** The types of a layer, and of layers in its options, that another thread does not have: those that `registerLayer` added. */
export function ownTypes(layer: Layer): readonly string[] {
  const inner: string[] = [];
  mapLayers(layer.options, (each) => inner.push(...ownTypes(each)));
  return builtInKinds.some(({ type }) => type === layer.type) ? inner : [layer.type, ...inner];
}

/** The layer as plain data, layers inside its options included. @throws {ValueError} when a type is not registered. */
export function configOf(layer: Layer): LayerConfig {
  if (!findKind(layer.type)) {
    throw new ValueError(
      `Cannot write layer "${layer.name}" as plain data: its type "${layer.type}" is not registered, so nothing could read it back. Call registerLayer first.`,
    );
  }
  return { type: layer.type, options: { ...mapLayers(layer.options, configOf), name: layer.name } };
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

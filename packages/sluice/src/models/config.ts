import { FormatError } from "../errors.ts";
import type { Layer, SymbolicShape } from "../layers/layer.ts";
import { configOf, type LayerConfig, layerFromConfig } from "../layers/registry.ts";
import type { GraphNode, SymbolicTensor } from "../layers/symbolic.ts";
import type { Graph } from "./graph.ts";

/** Where a value comes from: [use, output]; uses 0 … n − 1 are the model's n inputs, then come `calls` in order. */
export type ValueRef = readonly [use: number, output: number];

/** A model as plain data, without weights. */
export interface ModelConfig {
  readonly name: string;
  readonly seed: number;
  /** Shapes without the batch axis. */
  readonly inputs: readonly { readonly name: string; readonly shape: SymbolicShape }[];
  readonly layers: readonly LayerConfig[];
  /** Uses of layers, in an order in which each stands behind those it reads. */
  readonly calls: readonly { readonly layer: string; readonly inputs: readonly ValueRef[] }[];
  readonly outputs: readonly ValueRef[];
}

/** A graph of layers as plain data. */
export function graphToConfig(name: string, seed: number, graph: Graph): ModelConfig {
  const uses = new Map<GraphNode, number>();
  for (const node of [...graph.inputs.map((input) => input.node), ...graph.nodes]) uses.set(node, uses.size);
  const refOf = ({ node, index }: SymbolicTensor): ValueRef => [uses.get(node) as number, index];
  return {
    name,
    seed,
    inputs: graph.inputs.map(({ node, shape }) => ({ name: node.layer.name, shape: shape.slice(1) })),
    layers: graph.layers.map(configOf),
    calls: graph.nodes.map(({ layer, inputs }) => ({ layer: layer.name, inputs: inputs.map(refOf) })),
    outputs: graph.outputs.map(refOf),
  };
}

/**
 * Makes the layers and connects them.
 * @param input makes a symbolic input.
 * @throws {FormatError} when the data is not a model's, names an unknown layer type, or does not fit together.
 */
export function graphFromConfig(
  config: ModelConfig,
  input: (options: { name: string; shape: SymbolicShape }) => SymbolicTensor,
): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
  const inputs = config.inputs.map(input);
  const layers = new Map<string, Layer>();
  for (const layerConfig of config.layers) {
    const layer = explained(() => layerFromConfig(layerConfig), `layer of type "${layerConfig.type}"`);
    if (layers.has(layer.name)) throw refuse(`two layers are named "${layer.name}"`);
    layers.set(layer.name, layer);
  }
  const uses: SymbolicTensor[][] = inputs.map((each) => [each]);
  const valueAt = ([use, output]: ValueRef): SymbolicTensor => {
    const value = uses[use]?.[output];
    if (!value) throw refuse(`value [${use}, ${output}] is used before it is made, or never made`);
    return value;
  };
  for (const call of config.calls) {
    const layer = layers.get(call.layer);
    if (!layer) throw refuse(`layer "${call.layer}" is used but not listed`);
    if (call.inputs.length === 0) throw refuse(`layer "${call.layer}" is used on nothing`);
    uses.push(explained(() => layer.applyAll(call.inputs.map(valueAt)), `use of layer "${call.layer}"`));
  }
  return { inputs, outputs: config.outputs.map(valueAt) };
}

/** A layer's own complaint about its options or shapes, as the complaint about the file that it is here. */
function explained<T>(make: () => T, what: string): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw refuse(`the ${what} does not work: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Checks that JSON from outside has the form of a model's configuration. @throws {FormatError} when it has not. */
export function readModelConfig(value: unknown): ModelConfig {
  const { name, seed, inputs, layers, calls, outputs } = record(value, "the model");
  if (typeof name !== "string") throw refuse("the model has no name");
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) throw refuse("its seed is not a whole number from 0 up");
  return {
    name,
    seed: seed as number,
    inputs: list(inputs, "inputs").map((item) => {
      const input = record(item, "an input");
      if (typeof input.name !== "string") throw refuse("an input has no name");
      return { name: input.name, shape: list(input.shape, "an input's shape").map(readSize) };
    }),
    layers: list(layers, "layers").map((item) => {
      const layer = record(item, "a layer");
      if (typeof layer.type !== "string") throw refuse("a layer has no type");
      const options = record(layer.options, `the options of a layer of type "${layer.type}"`);
      if (typeof options.name !== "string") throw refuse(`a layer of type "${layer.type}" has no name`);
      return { type: layer.type, options };
    }),
    calls: list(calls, "calls").map((item) => {
      const call = record(item, "a call");
      if (typeof call.layer !== "string") throw refuse("a call names no layer");
      return { layer: call.layer, inputs: list(call.inputs, "the inputs of a call").map(readRef) };
    }),
    outputs: list(outputs, "outputs").map(readRef),
  };
}

const MAX_ITEMS = 10_000;

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MAX_ITEMS)
    throw refuse(`${what}: a list of at most ${MAX_ITEMS} items must stand here`);
  return value;
}

function readSize(value: unknown): number | null {
  if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | null;
  throw refuse("an input's size is neither null nor a whole number");
}

function readRef(value: unknown): ValueRef {
  const [use, output, ...more] = list(value, "a reference to a value");
  if (!Number.isSafeInteger(use) || !Number.isSafeInteger(output) || more.length > 0)
    throw refuse("a reference to a value is not two whole numbers");
  return [use as number, output as number];
}

function refuse(what: string): FormatError {
  return new FormatError(
    `Cannot make a model from this configuration: ${what}. It must be what model.toConfig() wrote, unchanged.`,
  );
}

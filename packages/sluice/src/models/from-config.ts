import { FormatError } from "../errors.ts";
import { input } from "../layers/input.ts";
import type { Layer, SymbolicShape } from "../layers/layer.ts";
import { layerFromConfig } from "../layers/layer-from-config.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import type { ModelConfig, ValueRef } from "./config.ts";
import { type Graph, traceGraph } from "./graph.ts";
import { Model } from "./model.ts";
import type { WeightSource } from "./network.ts";
import { readModelConfig, refuseConfig } from "./read-config.ts";

/** Options of `modelFromConfig`. */
export interface FromConfigOptions {
  readonly backend?: "reference" | "wasm";
  /** Where weights come from, instead of their initializers. */
  readonly weights?: WeightSource;
}

/**
 * The model that `toConfig` wrote down, with fresh weights.
 * @throws {FormatError} when the data is not a model's configuration, or names a layer type that is not registered.
 */
export function modelFromConfig(config: ModelConfig, { backend, weights }: FromConfigOptions = {}): Model {
  const checked = readModelConfig(config);
  const { inputs, outputs } = graphFromConfig(checked, ({ name, shape }) => input({ name, shape }));
  const graph: Graph = traceGraph(inputs, outputs);
  const { name, seed } = checked;
  return new Model(graph, { name, seed, ...(backend && { backend }) }, weights);
}

/**
 * Makes the layers and connects them.
 * @param input makes a symbolic input.
 * @throws {FormatError} when the data is not a model's, names an unknown layer type, or does not fit together.
 */
function graphFromConfig(
  config: ModelConfig,
  input: (options: { name: string; shape: SymbolicShape }) => SymbolicTensor,
): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
  const inputs = config.inputs.map(input);
  const layers = new Map<string, Layer>();
  for (const layerConfig of config.layers) {
    const layer = explained(() => layerFromConfig(layerConfig), `layer of type "${layerConfig.type}"`);
    if (layers.has(layer.name)) throw refuseConfig(`two layers are named "${layer.name}"`);
    layers.set(layer.name, layer);
  }
  const uses: SymbolicTensor[][] = inputs.map((each) => [each]);
  const valueAt = ([use, output]: ValueRef): SymbolicTensor => {
    const value = uses[use]?.[output];
    if (!value) throw refuseConfig(`value [${use}, ${output}] is used before it is made, or never made`);
    return value;
  };
  for (const call of config.calls) {
    const layer = layers.get(call.layer);
    if (!layer) throw refuseConfig(`layer "${call.layer}" is used but not listed`);
    if (call.inputs.length === 0) throw refuseConfig(`layer "${call.layer}" is used on nothing`);
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
    throw refuseConfig(`the ${what} does not work: ${error instanceof Error ? error.message : String(error)}`);
  }
}

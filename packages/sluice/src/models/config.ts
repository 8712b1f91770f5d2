import type { SymbolicShape } from "../layers/layer.ts";
import { configOf, type LayerConfig } from "../layers/registry.ts";
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

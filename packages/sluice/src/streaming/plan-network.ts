import type { WeightType } from "../backend/weight-types.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import type { ValueRef } from "../models/config.ts";
import type { Network } from "../models/network.ts";
import { makePlan, type StreamPlan } from "./plan.ts";
import { planLayer } from "./plan-layer.ts";
import { planStream, type Stream, type StreamOptions } from "./stream.ts";

/**
 * Prepares one step of a model that is built, for up to `capacity` rows.
 * @throws {ValueError} when the model has several inputs or outputs, or a layer that needs more than one step.
 */
export function planNetwork({ name, graph, backend }: Network, capacity: number, weights: WeightType): StreamPlan {
  const uses = [...graph.inputs.map(({ node }) => node), ...graph.nodes];
  const numbers = new Map(uses.map((node, index) => [node, index]));
  const refOf = ({ node, index }: SymbolicTensor): ValueRef => [numbers.get(node) as number, index];
  const calls = graph.nodes.map(({ layer, inputs }) => ({
    inputs: inputs.map(refOf),
    plan: planLayer.bind(null, layer),
  }));
  const inputs = graph.inputs.map(({ shape }) => shape);
  return makePlan({ name, inputs, calls, outputs: graph.outputs.map(refOf) }, backend, capacity, weights);
}

/** See `Model.stream`. */
export function openStream(network: Network, options: StreamOptions = {}): Stream {
  return planStream(network, options, (rows, type) => planNetwork(network, rows, type));
}

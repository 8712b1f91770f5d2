import { ValueError } from "../errors.ts";
import { SymbolicTensor } from "../layers/symbolic.ts";
import { traceGraph } from "./graph.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./network.ts";

/** Symbolic tensors between which a model computes. */
export interface FunctionalOptions extends ModelOptions {
  /** What the model reads, made with `input`; a list when there are several. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/**
 * A model from a graph of layers: several inputs and outputs, shared layers, states passed from layer to layer.
 * @throws {ValueError} when the outputs read an input that is not listed, or two layers have one name.
 * @example
 * const x = input({ shape: [null, 3] });
 * const net = model({ inputs: x, outputs: dense({ units: 1 }).apply(lstm({ units: 32 }).apply(x)) });
 */
export function model({ inputs, outputs, ...options }: FunctionalOptions): Model {
  const from = listed(inputs);
  const to = listed(outputs);
  if (from.length === 0 || to.length === 0)
    throw new ValueError("Cannot make a model without inputs or without outputs: give at least one of each.");
  const made = from.findIndex(({ node }) => node.inputs.length > 0);
  if (made >= 0) throw new ValueError(`Cannot make a model that reads ${from[made]}: its inputs are made with input({ shape }).`);
  return new Model(traceGraph(from, to), options);
}

function listed(x: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  return x instanceof SymbolicTensor ? [x] : x;
}

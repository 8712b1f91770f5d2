import type { Backend, HostArray } from "../backend/backend.ts";
import type { StepCall } from "../backend/step-kernels.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import type { Network } from "../models/network.ts";
import { showShape } from "../tensor/shape.ts";
import { PlanBuilder, type StatePart, type StepValue } from "./plan-builder.ts";
import { planLayer } from "./plan-layer.ts";

/** One time step of a model, prepared once: copy in, run, read out. */
export interface StreamPlan {
  readonly backend: Backend;
  readonly input: StepValue;
  readonly output: StepValue;
  readonly states: readonly StatePart[];
  readonly weights: WeightType;
  /** Looks at the numbers of the first rows before anything is changed. */
  readonly checks: readonly ((numbers: HostArray, rows: number) => void)[];
  /** The step, on the first `rows` rows. */
  run(rows: number): void;
}

/**
 * Prepares one step of a model, for up to `capacity` rows.
 * @throws {ValueError} when the model has several inputs or outputs, or a layer that needs more than one step.
 */
export function makePlan(network: Network, capacity: number, weights: WeightType): StreamPlan {
  const { graph, backend } = network;
  const [start, ...moreInputs] = graph.inputs;
  const [end, ...moreOutputs] = graph.outputs;
  if (!start || !end || moreInputs.length > 0 || moreOutputs.length > 0) {
    throw new ValueError(
      `Cannot stream model "${network.name}": it has ${graph.inputs.length} inputs and ${graph.outputs.length} outputs, and a stream pushes one and gives one. ` +
        "Make a model of the part to stream with model({ inputs, outputs }).",
    );
  }
  const builder = new PlanBuilder(backend, capacity, weights);
  const input = builder.value(stepShape(network, start), true);
  const values = new Map<string, StepValue>();
  const numbers = new Map([...graph.inputs.map(({ node }) => node), ...graph.nodes].map((node, index) => [node, index] as const));
  const key = ({ node, index }: SymbolicTensor): string => `${numbers.get(node)}/${index}`;
  values.set(key(start), input);
  for (const node of graph.nodes) {
    const given = node.inputs.map((each) => values.get(key(each)) as StepValue);
    const made = planLayer(node.layer, given, builder);
    made.forEach((value, index) => void values.set(`${numbers.get(node)}/${index}`, value));
  }
  const { calls, states, checks } = builder;
  const run = (rows: number): void => {
    for (let k = 0; k < calls.length; k++) (calls[k] as StepCall).run(rows);
  };
  return { backend, input, output: values.get(key(end)) as StepValue, states, weights, checks, run };
}

/** The shape of one step of the input [batch, time, …]. */
function stepShape(network: Network, { shape }: SymbolicTensor): readonly number[] {
  const [, , ...features] = shape;
  if (shape.length < 2 || features.some((size) => size === null)) {
    throw new ShapeError(
      `Cannot stream model "${network.name}": its input is ${showShape(shape)}, and a stream pushes one step of [batch, time, …features]. ` +
        "Give the first layer an inputShape of [null, features].",
    );
  }
  return features as number[];
}

import type { HostArray } from "../backend/backend.ts";
import type { StepBackend, StepCall } from "../backend/step-kernels.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { SymbolicShape } from "../layers/layer.ts";
import type { ValueRef } from "../models/config.ts";
import { showShape } from "../tensor/shape.ts";
import { PlanBuilder, type StatePart, type StepValue } from "./plan-builder.ts";

/** One time step of a model, prepared once: copy in, run, read out. */
export interface StreamPlan {
  readonly backend: StepBackend;
  readonly input: StepValue;
  readonly output: StepValue;
  readonly states: readonly StatePart[];
  readonly weights: WeightType;
  /** Looks at the numbers of the first rows before anything is changed. */
  readonly checks: readonly ((numbers: HostArray, rows: number) => void)[];
  /** The step, on the first `rows` rows. */
  run(rows: number): void;
}

/** What a plan is made of: a model's uses of layers, in an order in which each stands behind those it reads. */
export interface StepGraph {
  readonly name: string;
  /** Shapes of the inputs, batch axis included. */
  readonly inputs: readonly SymbolicShape[];
  readonly calls: readonly {
    readonly inputs: readonly ValueRef[];
    readonly plan: (inputs: readonly StepValue[], builder: PlanBuilder) => readonly StepValue[];
  }[];
  readonly outputs: readonly ValueRef[];
}

/**
 * Prepares one step of a model, for up to `capacity` rows.
 * @throws {ValueError} when the model has several inputs or outputs, or a layer that needs more than one step.
 */
export function makePlan(
  { name, inputs, calls, outputs }: StepGraph,
  backend: StepBackend,
  capacity: number,
  weights: WeightType,
): StreamPlan {
  const [start, ...moreInputs] = inputs;
  const [end, ...moreOutputs] = outputs;
  if (!start || !end || moreInputs.length > 0 || moreOutputs.length > 0) {
    throw new ValueError(
      `Cannot stream model "${name}": it has ${inputs.length} inputs and ${outputs.length} outputs, and a stream pushes one and gives one. ` +
        "Make a model of the part to stream with model({ inputs, outputs }).",
    );
  }
  const builder = new PlanBuilder(backend, capacity, weights);
  const input = builder.value(stepShape(name, start), true);
  const values: (readonly StepValue[])[] = [[input]];
  const valueAt = ([use, output]: ValueRef): StepValue => {
    const value = values[use]?.[output];
    if (!value) throw new ValueError(`Cannot stream model "${name}": value [${use}, ${output}] is used before it is made.`);
    return value;
  };
  for (const call of calls) values.push(call.plan(call.inputs.map(valueAt), builder));
  const { calls: steps, states, checks } = builder;
  const run = (rows: number): void => {
    for (let k = 0; k < steps.length; k++) (steps[k] as StepCall).run(rows);
  };
  return { backend, input, output: valueAt(end), states, weights, checks, run };
}

/** The shape of one step of the input [batch, time, …]. */
function stepShape(name: string, shape: SymbolicShape): readonly number[] {
  const [, , ...features] = shape;
  if (shape.length < 2 || features.some((size) => size === null)) {
    throw new ShapeError(
      `Cannot stream model "${name}": its input is ${showShape(shape)}, and a stream pushes one step of [batch, time, …features]. ` +
        "Give the first layer an inputShape of [null, features].",
    );
  }
  return features as number[];
}

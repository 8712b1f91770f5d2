import { add } from "../autograd/ops/elementwise.ts";
import { record } from "../autograd/tape.ts";
import type { LossFunction, LossSpec } from "../losses/losses.ts";
import type { Model } from "../models/model.ts";
import { inStep, type Tensor, zeros } from "../tensor/tensor.ts";
import { compile } from "../training/compile.ts";
import { objective } from "../training/objective.ts";
import { callOf, masksFor, ready, recurrentLayer, type SubjectInputs, unchanged, unrolled } from "./subject.ts";
import type { TraceOptions } from "./trace.ts";

/** Options of `gradientThroughTime`. */
export interface GradientThroughTimeOptions extends TraceOptions {
  /** Default: what the model was compiled with. */
  readonly loss?: LossSpec | LossFunction;
}

/** How the error reaches back in time. */
export interface GradientThroughTime {
  readonly layer: string;
  readonly loss: number;
  /** For each part of the state, ‖dL/ds_t‖ for each t: the root of the sum of squares over rows and units. */
  readonly norms: Readonly<Record<string, readonly number[]>>;
}

/**
 * The norm of the loss's gradient with respect to the state after each step, by exact backpropagation through time
 * [Bengio et al. 1994, doi:10.1109/72.279181; Pascanu et al. 2013, arXiv:1211.5063]. Where it shrinks towards small t, the layer
 * cannot learn what lies further back. The parts of the state are separate variables: dL/dc_t holds h_t as it is, and so shows
 * the error carousel of an LSTM. Inference, so that nothing is dropped; 0 at masked steps, which make no state.
 * @param y the targets, or a list with one tensor for each output.
 * @throws {StateError} when no loss is given and the model is not compiled.
 * @example
 * const { norms } = inspect.gradientThroughTime(model, x, y); // norms.hiddenState[0]: of the first step
 */
export function gradientThroughTime(
  model: Model,
  x: SubjectInputs,
  y: SubjectInputs,
  { layer: path, mask = null, loss }: GradientThroughTimeOptions = {},
): GradientThroughTime {
  const inputs = ready(model, x);
  const layer = recurrentLayer(model, path);
  const compiled = loss === undefined ? model.compiled : compile({ loss }, model.graph.outputs.length);
  const targets = Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor];
  const tensors = { x: inputs, y: targets, weights: null, masks: masksFor(inputs, mask) };
  return inStep(model.backend, () => {
    const [rows = 0, steps = 0] = (callOf(model, layer, inputs, mask).inputs[0] as Tensor).shape;
    const shapes = Object.entries<readonly number[]>(layer.cell.stateShapes);
    // A zero added to the state after each step: the loss's gradient with respect to it is the one asked for.
    const nudges = new Map(
      shapes.map(([name, shape]) => [
        name,
        Array.from({ length: steps }, () => zeros([rows, ...shape], { backend: model.backend })),
      ]),
    );
    const { result, tape } = record([...nudges.values()].flat(), () =>
      unrolled(
        layer,
        ({ t, after }) =>
          Object.fromEntries(Object.entries(after).map(([name, part]) => [name, add(part, nudges.get(name)?.[t] as Tensor)])),
        () => unchanged(model, () => objective(model, compiled, tensors, { training: false, step: 0 })),
      ),
    );
    const gradients = tape.gradients(result.loss).map((gradient) => (gradient ? norm(gradient) : 0));
    return {
      layer: layer.path,
      loss: result.loss.dataSync()[0] as number,
      norms: Object.fromEntries(shapes.map(([name], k) => [name, gradients.slice(k * steps, (k + 1) * steps)])),
    };
  });
}

function norm(x: Tensor): number {
  return Math.hypot(...x.dataSync());
}

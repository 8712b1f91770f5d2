import { ShapeError, ValueError } from "../errors.ts";
import { Embedding } from "../layers/embedding.ts";
import type { Layer } from "../layers/layer.ts";
import { type OtherCall, withOtherCall } from "../layers/other-call.ts";
import { showShape } from "../tensor/shape.ts";
import { inStep, type Tensor } from "../tensor/tensor.ts";
import { runSubject, type Subject } from "./subject.ts";

/** What is varied of a subject's inputs, and the subject's first output as a function of it. */
export interface Varied {
  /** [B, T, …]: the input, or the vectors [B, T, D] that an embedding makes of its indices. */
  readonly x: Tensor;
  readonly compute: (x: Tensor) => Tensor;
}

/**
 * One input of the subject as something that numbers can vary. Indices cannot be: where an embedding reads the input, its vectors
 * stand for it, one for each step.
 * @throws {ValueError} when there is no such input; {ShapeError} when it has no time axis.
 */
export function variedInput(subject: Subject, inputs: readonly Tensor[], which: number, mask: Tensor | null): Varied {
  const found = inputs[which];
  if (!found) throw new ValueError(`Cannot vary input ${which} of "${subject.name}": it reads ${inputs.length}, counted from 0.`);
  if (found.rank < 2) {
    throw new ShapeError(
      `Cannot vary input ${which} of "${subject.name}" by step: its shape is ${showShape(found.shape)}, and it needs [batch, time, …].`,
    );
  }
  const embedded = embeddedInput(subject, inputs, found, mask);
  if (!embedded) {
    const withX = (x: Tensor): Tensor[] => inputs.map((each, k) => (k === which ? x : each));
    return { x: found, compute: (x) => runSubject(subject, withX(x), mask)[0] as Tensor };
  }
  const { layer, vectors } = embedded;
  const compute = (x: Tensor): Tensor => {
    const replaced: OtherCall = (each, read, context) => (each === layer ? { ...each.call(read, context), outputs: [x] } : null);
    return withOtherCall(replaced, () => runSubject(subject, inputs, mask)[0] as Tensor);
  };
  return { x: vectors, compute };
}

/** The embedding that alone reads this input, and its vectors; null when none does. */
function embeddedInput(
  subject: Subject,
  inputs: readonly Tensor[],
  input: Tensor,
  mask: Tensor | null,
): { readonly layer: Layer; readonly vectors: Tensor } | null {
  const readers = new Map<Layer, Tensor>();
  const watch: OtherCall = (layer, read, context) => {
    if (!(layer instanceof Embedding) || read[0] !== input) return null;
    const result = layer.call(read, context);
    readers.set(layer, result.outputs[0] as Tensor);
    return result;
  };
  return inStep(subject.backend, () => {
    withOtherCall(watch, () => runSubject(subject, inputs, mask));
    const [first] = readers;
    return first && readers.size === 1 ? { layer: first[0], vectors: first[1] } : null;
  });
}

import type { Constraint } from "../initializers/constraints.ts";
import type { Regularizer } from "../initializers/regularizers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A weight: a tensor that outlives steps, with what training must know about it. */
export class Parameter {
  /** Where it stands in its model, for example "lstm/kernel" or "bidirectional/backward/bias". */
  readonly path: string;
  readonly tensor: Tensor;
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
  /** Whether optimizers move it; `layer.trainable = false` freezes all of a layer's. */
  trainable: boolean;
  /** Whether optimizers ever move it; false for statistics that a layer keeps itself. */
  readonly learned: boolean;

  constructor(path: string, tensor: Tensor, regularizer: Regularizer | null, constraint: Constraint | null, trainable: boolean) {
    this.path = path;
    this.tensor = tensor;
    this.regularizer = regularizer;
    this.constraint = constraint;
    this.trainable = trainable;
    this.learned = trainable;
  }
}

import { add, tanh } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { expandDims, reshape, squeeze } from "../../autograd/ops/shape.ts";
import { ShapeError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount } from "../cells/cell-options.ts";
import type { SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import {
  type AttentionFeatures,
  AttentionLayer,
  type AttentionLayerOptions,
  attentionLayerNames,
  featuresOf,
} from "./attention-layer.ts";

/** Options of `additiveAttention`. */
export interface AdditiveAttentionOptions extends AttentionLayerOptions {
  /** U, the size that queries and keys are brought to. Default: none, and they are added as they are, as in Keras. */
  readonly units?: number;
  /** Learn how much each of the sums counts. Default true. */
  readonly useScale?: boolean;
}

const additiveAttentionNames: NamesOf<AdditiveAttentionOptions> = { ...attentionLayerNames, units: true, useScale: true };

/**
 * Attention by a small network [Bahdanau, Cho & Bengio 2014, arXiv:1409.0473].
 *
 *     e_ij = v · tanh(W q_i + R k_j)      a_i = softmax_j(e_ij)      y_i = Σ_j a_ij v_j
 *
 * Shapes: see `AttentionLayer`; W = queryKernel [Dq, U], R = keyKernel [Dk, U], v = scale [U]. Without `units` W and R are the identity
 * and U = Dq = Dk; without `useScale` v is 1. All pairs of a query and a step are in memory at once, [B, Tq, S, U].
 *
 * Luong's "concat" score, v · tanh(W [q; k]), is this one: W is queryKernel above keyKernel.
 */
export class AdditiveAttention extends AttentionLayer<AdditiveAttentionOptions> {
  readonly type: string = "AdditiveAttention";
  queryKernel: Parameter | null = null;
  keyKernel: Parameter | null = null;
  scale: Parameter | null = null;

  constructor(options: AdditiveAttentionOptions) {
    super(options, "additiveAttention", "AdditiveAttention");
    if (options.units !== undefined) checkCount(options.units, "AdditiveAttention", "units");
  }

  protected contextFeatures({ query, value, key }: AttentionFeatures): number {
    if (this.options.units === undefined && query !== key) {
      throw new ShapeError(
        `Cannot run AdditiveAttention "${this.name}" on a query of ${query} features and a key of ${key}: without units they are added as they are. Give units, such as ${Math.min(query, key)}.`,
      );
    }
    return value;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { query, key } = featuresOf(inputs);
    const { units, useScale = true } = this.options;
    if (units !== undefined) {
      this.queryKernel = this.addParameter("queryKernel", [query, units], this.kernelOptions);
      this.keyKernel = this.addParameter("keyKernel", [key, units], this.kernelOptions);
    }
    if (useScale) this.scale = this.addParameter("scale", [units ?? query], { initializer: "glorotUniform" });
  }

  protected project(values: Tensor, keys: Tensor): { keys: Tensor; values: Tensor } {
    return { keys: this.keyKernel ? linear(keys, this.keyKernel.tensor) : keys, values };
  }

  protected scores(queries: Tensor, keys: Tensor): Tensor {
    const asked = this.queryKernel ? linear(queries, this.queryKernel.tensor) : queries;
    const pairs = tanh(add(expandDims(asked, 2), expandDims(keys, 1)));
    if (!this.scale) return sum(pairs, { axis: -1 });
    return squeeze(linear(pairs, reshape(this.scale.tensor, [-1, 1])), -1);
  }
}

/**
 * Attention by a small network of query and key.
 * @throws {ValueError} when units is not a whole number ≥ 1, or a dropout rate is not in [0, 1).
 * @example additiveAttention({ units: 32 }).apply([decoded, encoded]) // [B, K, H], [B, T, D] → [B, K, D]
 */
export function additiveAttention(options: AdditiveAttentionOptions = {}): AdditiveAttention {
  return new AdditiveAttention(knownOptions("AdditiveAttention", options, additiveAttentionNames));
}

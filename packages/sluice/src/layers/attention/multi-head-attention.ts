import { multiply } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { matmulTransposed } from "../../autograd/ops/matmul-transposed.ts";
import { reshape, transpose } from "../../autograd/ops/shape.ts";
import { ShapeError } from "../../errors.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
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

/** Options of `multiHeadAttention`. */
export interface MultiHeadAttentionOptions extends AttentionLayerOptions {
  /** n, the number of heads. */
  readonly heads: number;
  /** d, the size of each head's queries and keys. Default: the features of the query shared by the heads, Dq / n. */
  readonly keySize?: number;
  /** Size of each head's values. Default: as `keySize`. */
  readonly valueSize?: number;
  /** O, features of the output. Default: those of the query. */
  readonly units?: number;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerSpec;
}

const multiHeadAttentionNames: NamesOf<MultiHeadAttentionOptions> = {
  ...attentionLayerNames,
  heads: true,
  keySize: true,
  valueSize: true,
  units: true,
  useBias: true,
  biasInitializer: true,
};

interface Projection {
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
}

/**
 * Several attentions side by side, each in a projection of its own [Vaswani et al. 2017, arXiv:1706.03762].
 *
 *     head_h = softmax((q W_q)_h (k W_k)_hᵀ / √d) (v W_v)_h      y = [head_1, …, head_n] W_o
 *
 * Shapes: see `AttentionLayer`; W_q = queryKernel [Dq, n · d], W_k = keyKernel [Dk, n · d], W_v = valueKernel [Dv, n · valueSize],
 * W_o = outputKernel [n · valueSize, O], each with a bias that is added. Weights by step are [B, n, Tq, S]. A query that sees no step
 * gives the bias of W_o.
 */
export class MultiHeadAttention extends AttentionLayer<MultiHeadAttentionOptions> {
  readonly type: string = "MultiHeadAttention";
  query!: Projection;
  key!: Projection;
  value!: Projection;
  joined!: Projection;

  constructor(options: MultiHeadAttentionOptions) {
    super(options, "multiHeadAttention", "MultiHeadAttention");
    for (const option of ["heads", "keySize", "valueSize", "units"] as const) {
      const size = options[option];
      if (size !== undefined || option === "heads") checkCount(size as number, "MultiHeadAttention", option);
    }
  }

  protected contextFeatures({ query }: AttentionFeatures): number {
    const { heads, keySize, units = query } = this.options;
    if (keySize === undefined && query % heads !== 0) {
      throw new ShapeError(
        `Cannot run MultiHeadAttention "${this.name}" on a query of ${query} features with ${heads} heads: the heads share them evenly. Take a divisor, or give keySize.`,
      );
    }
    return units;
  }

  protected override headAxes(): readonly number[] {
    return [this.options.heads];
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { query, value, key } = featuresOf(inputs);
    const { heads, keySize = query / heads, valueSize = keySize, units = query } = this.options;
    this.query = this.projection("query", query, heads * keySize);
    this.key = this.projection("key", key, heads * keySize);
    this.value = this.projection("value", value, heads * valueSize);
    this.joined = this.projection("output", heads * valueSize, units);
  }

  private projection(name: string, from: number, to: number): Projection {
    const { useBias = true, biasInitializer = "zeros" } = this.options;
    const kernel = this.addParameter(`${name}Kernel`, [from, to], this.kernelOptions);
    return { kernel, bias: useBias ? this.addParameter(`${name}Bias`, [to], { initializer: biasInitializer }) : null };
  }

  protected project(values: Tensor, keys: Tensor): { keys: Tensor; values: Tensor } {
    return { keys: this.byHead(projected(keys, this.key)), values: this.byHead(projected(values, this.value)) };
  }

  protected scores(queries: Tensor, keys: Tensor): Tensor {
    const asked = this.byHead(projected(queries, this.query));
    const scores = matmulTransposed(multiply(asked, 1 / Math.sqrt(asked.shape[2] as number)), keys);
    const [B] = queries.shape as [number];
    return reshape(scores, [B, this.options.heads, ...scores.shape.slice(1)]);
  }

  protected override sumUp(weights: Tensor, values: Tensor): Tensor {
    const [B, n, Tq, S] = weights.shape as [number, number, number, number];
    const sums = matmul(reshape(weights, [B * n, Tq, S]), values);
    const width = values.shape[2] as number;
    const joined = reshape(transpose(reshape(sums, [B, n, Tq, width]), [0, 2, 1, 3]), [B, Tq, n * width]);
    return projected(joined, this.joined);
  }

  /** [B, T, n · d] → [B · n, T, d]. */
  private byHead(x: Tensor): Tensor {
    const { heads } = this.options;
    const [B, T, width] = x.shape as [number, number, number];
    const d = width / heads;
    return reshape(transpose(reshape(x, [B, T, heads, d]), [0, 2, 1, 3]), [B * heads, T, d]);
  }
}

function projected(x: Tensor, { kernel, bias }: Projection): Tensor {
  return linear(x, kernel.tensor, bias?.tensor ?? null);
}

/**
 * Attention with several heads; on one input, self-attention.
 * @throws {ValueError} when a size is not a whole number ≥ 1, or a dropout rate is not in [0, 1); {ShapeError} when heads do not share
 * the features of the query evenly and `keySize` is left out.
 * @example multiHeadAttention({ heads: 4, causal: true }) // [B, T, 64] → [B, T, 64], heads of 16
 */
export function multiHeadAttention(options: MultiHeadAttentionOptions): MultiHeadAttention {
  return new MultiHeadAttention(knownOptions("MultiHeadAttention", options, multiHeadAttentionNames));
}

import { multiply } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { matmulTransposed } from "../../autograd/ops/matmul-transposed.ts";
import { ShapeError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { checkChoice } from "../window-options.ts";
import {
  type AttentionFeatures,
  AttentionLayer,
  type AttentionLayerOptions,
  attentionLayerNames,
  featuresOf,
} from "./attention-layer.ts";

/** Options of `attention`. */
export interface AttentionOptions extends AttentionLayerOptions {
  /**
   * - "dot": q · k, as in Keras;
   * - "scaled": q · k / √D, so that the softmax of long vectors does not start saturated;
   * - "general": q · k W, with weights of its own, for a query and a key of different sizes.
   *
   * Default "dot".
   */
  readonly score?: "dot" | "scaled" | "general";
  /** Learn one number, starting at 1, that multiplies all scores. Default false. */
  readonly useScale?: boolean;
}

const attentionNames: NamesOf<AttentionOptions> = { ...attentionLayerNames, score: true, useScale: true };

/**
 * Attention by products. "dot" and "general" are Luong's scores [Luong, Pham & Manning 2015, arXiv:1508.04025], "scaled" is that of
 * the Transformer [Vaswani et al. 2017, arXiv:1706.03762].
 *
 *     e_ij = q_i · k_j,  q_i · k_j / √D  or  q_i · k_j W      a_i = softmax_j(s e_ij)      y_i = Σ_j a_ij v_j
 *
 * Shapes: see `AttentionLayer`; W = kernel [Dk, Dq] with "general"; s = scale [] with `useScale`.
 */
export class Attention extends AttentionLayer<AttentionOptions> {
  readonly type: string = "Attention";
  kernel: Parameter | null = null;
  scale: Parameter | null = null;

  constructor(options: AttentionOptions) {
    super(options, "attention", "Attention");
    checkChoice(options.score ?? "dot", ["dot", "scaled", "general"], "Attention", "score");
  }

  protected contextFeatures({ query, value, key }: AttentionFeatures): number {
    if (this.options.score !== "general" && query !== key) {
      throw new ShapeError(
        `Cannot run Attention "${this.name}" on a query of ${query} features and a key of ${key}: their product needs one size. Take score: "general", or additiveAttention({ units }).`,
      );
    }
    return value;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { query, key } = featuresOf(inputs);
    const { score, useScale = false } = this.options;
    if (score === "general") {
      this.kernel = this.addParameter("kernel", [key, query], this.kernelOptions);
    }
    if (useScale) this.scale = this.addParameter("scale", [], { initializer: "ones" });
  }

  protected project(values: Tensor, keys: Tensor): { keys: Tensor; values: Tensor } {
    return { keys: this.kernel ? linear(keys, this.kernel.tensor) : keys, values };
  }

  protected scores(queries: Tensor, keys: Tensor): Tensor {
    const scaled = this.options.score === "scaled" ? multiply(queries, 1 / Math.sqrt(queries.shape[2] as number)) : queries;
    const scores = matmulTransposed(scaled, keys);
    return this.scale ? multiply(scores, this.scale.tensor) : scores;
  }
}

/**
 * Attention by products of query and key.
 * @throws {ValueError} for an unknown score or a dropout rate that is not in [0, 1).
 * @example attention({ score: "scaled" }).apply([decoded, encoded]) // [B, K, H], [B, T, H] → [B, K, H]
 */
export function attention(options: AttentionOptions = {}): Attention {
  return new Attention(knownOptions("Attention", options, attentionNames));
}

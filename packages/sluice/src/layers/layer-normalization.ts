import { layerNorm } from "../autograd/ops/layer-norm.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, oneOutput } from "./layer.ts";
import { Normalization, type NormalizationOptions, normalizationNames } from "./normalization.ts";
import { knownOptions } from "./option-names.ts";

/** Options of `layerNormalization`. */
export type LayerNormalizationOptions = NormalizationOptions;

/**
 * Layer normalization over the last axis [Ba, Kiros & Hinton 2016, arXiv:1607.06450]:
 *
 *     y = (x − mean) / sqrt(variance + epsilon) ⊙ gamma + beta
 *
 * x [B, …, I], gamma and beta [I].
 */
export class LayerNormalization extends Normalization<LayerNormalizationOptions> {
  readonly type: string = "LayerNormalization";

  constructor(options: LayerNormalizationOptions) {
    super(options, "layerNormalization", "LayerNormalization");
  }

  call([x]: readonly Tensor[], { masks }: CallContext): CallResult {
    return oneOutput(layerNorm(x as Tensor, this.gamma?.tensor ?? null, this.beta?.tensor ?? null, this.epsilon), masks[0]);
  }
}

/** Brings each row of features to mean 0 and variance 1, then scales and shifts it. @example layerNormalization({ epsilon: 1e-5 }) */
export function layerNormalization(options: LayerNormalizationOptions = {}): LayerNormalization {
  return new LayerNormalization(knownOptions("LayerNormalization", options, normalizationNames));
}

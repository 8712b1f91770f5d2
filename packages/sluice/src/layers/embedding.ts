import { equal, subtract } from "../autograd/ops/elementwise.ts";
import { checkIndices, gatherRows } from "../autograd/ops/gather.ts";
import type { ConstraintSpec } from "../initializers/constraints.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { RegularizerSpec } from "../initializers/regularizers.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";

/** Options of `embedding`; defaults as in Keras 3. */
export interface EmbeddingOptions extends LayerOptions {
  /** V, the number of indices: they go from 0 to V − 1. */
  readonly inputDim: number;
  /** D, the length of each vector. */
  readonly outputDim: number;
  /** Default "randomUniform" in −0.05 … 0.05. */
  readonly embeddingsInitializer?: InitializerSpec;
  readonly embeddingsRegularizer?: RegularizerSpec | null;
  readonly embeddingsConstraint?: ConstraintSpec | null;
  /** Index 0 is padding: it is masked for the layers that follow, and must not stand for anything else. Default false. */
  readonly maskZero?: boolean;
}

const embeddingNames: NamesOf<EmbeddingOptions> = {
  ...layerNames,
  inputDim: true,
  outputDim: true,
  embeddingsInitializer: true,
  embeddingsRegularizer: true,
  embeddingsConstraint: true,
  maskZero: true,
};

/** A vector for each index: y = embeddings[x].   x [B, …] whole numbers, embeddings [V, D] → y [B, …, D]. */
export class Embedding extends Layer<EmbeddingOptions> {
  readonly type: string = "Embedding";
  embeddings!: Parameter;

  constructor(options: EmbeddingOptions) {
    super(options, "embedding");
    checkCount(options.inputDim, "Embedding", "inputDim");
    checkCount(options.outputDim, "Embedding", "outputDim");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    return [...x, this.options.outputDim];
  }

  protected override buildParameters(): void {
    const {
      inputDim,
      outputDim,
      embeddingsInitializer = "randomUniform",
      embeddingsRegularizer,
      embeddingsConstraint,
    } = this.options;
    this.embeddings = this.addParameter("embeddings", [inputDim, outputDim], {
      initializer: embeddingsInitializer,
      regularizer: embeddingsRegularizer,
      constraint: embeddingsConstraint,
    });
  }

  call([indices]: readonly Tensor[], { masks }: CallContext): CallResult {
    const x = indices as Tensor;
    // A kernel trusts its indices; one outside the table would read foreign memory. WebGPU reads are bounded by the device.
    if (x.backend.name !== "webgpu") checkIndices(x.dataSync(), this.options.inputDim, `look up embedding "${this.name}"`);
    const mask = this.options.maskZero ? subtract(1, equal(x, 0)) : (masks[0] ?? null);
    return oneOutput(gatherRows(this.embeddings.tensor, x), mask);
  }
}

/**
 * Learned vectors for words, categories or other indices: [B, T] → [B, T, D].
 * @throws {ValueError} when a size is not a whole number ≥ 1; at run time, naming the first index outside 0 … inputDim − 1.
 * @example embedding({ inputDim: 10_000, outputDim: 64, maskZero: true })
 */
export function embedding(options: EmbeddingOptions): Embedding {
  return new Embedding(knownOptions("Embedding", options, embeddingNames));
}

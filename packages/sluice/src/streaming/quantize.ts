import { checkWeightType, restoreWeights, roundWeights, type WeightType } from "../backend/weight-types.ts";
import { modelFromConfig } from "../models/from-config.ts";
import type { Model } from "../models/model.ts";

/** Options of `quantize`. */
export interface QuantizeOptions {
  /** "float16", "bfloat16" or "int8" (whole numbers of −127 … 127 with one scale for each column). */
  readonly type: WeightType;
}

/**
 * A copy of a model with every weight matrix rounded to a smaller type; biases and other vectors stay float32. Its `predict`
 * shows what rounding costs, its `stream()` runs on the small weights, `saveModel` writes them, and the loaded model is the same.
 * It is made for inference: training it goes on in float32, and saving rounds again.
 * @throws {ValueError} for a weight the type cannot hold; {StateError} before the weights exist.
 * @example
 * const small = quantize(model, { type: "int8" });
 * await writeFile("small.safetensors", await saveModel(small)); // a quarter of the bytes
 */
export function quantize(model: Model, { type }: QuantizeOptions): Model {
  checkWeightType(type, `quantize model "${model.name}"`);
  const numbers = new Map(model.parameters.map(({ path, tensor }) => [path, tensor.dataSync()] as const));
  const small = modelFromConfig(model.toConfig(), {
    backend: model.backend.name as "reference" | "wasm",
    weights: (path, shape) => {
      const values = numbers.get(path) as ArrayLike<number>;
      const columns = shape.at(-1) ?? 1;
      return shape.length === 2 ? restoreWeights(roundWeights(values, columns, type), type) : values;
    },
  });
  small.weightType = type;
  if (model.compileSpec) small.compile(model.compileSpec);
  return small;
}

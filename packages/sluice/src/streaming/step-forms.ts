import type { HostArray } from "../backend/backend.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { ActivationOptions } from "../layers/activation.ts";
import type { BatchNormalizationOptions } from "../layers/batch-normalization.ts";
import { checkActivation, checkCount } from "../layers/cells/cell-options.ts";
import type { ConcatenateOptions } from "../layers/concatenate.ts";
import type { DenseOptions, OutputActivationName } from "../layers/dense.ts";
import type { EmbeddingOptions } from "../layers/embedding.ts";
import type { LayerNormalizationOptions } from "../layers/layer-normalization.ts";
import { cannotStream, type PlanBuilder, type StepLayer, type StepValue } from "./plan-builder.ts";

/** How one kind of layer works on one time step: it adds its calls to the plan and gives its outputs. */
export interface StepForm {
  readonly type: string;
  /** @throws {ValueError} naming the layer when it needs more than one step at a time. */
  readonly plan: (layer: StepLayer<never>, inputs: readonly StepValue[], builder: PlanBuilder) => readonly StepValue[];
}

/** A layer with one input and one output. */
function single<O extends object>(
  type: string,
  plan: (layer: StepLayer<O>, x: StepValue, builder: PlanBuilder) => StepValue,
): StepForm {
  return {
    type,
    plan: (layer: StepLayer<O>, [x], builder) => {
      checkFeatures(layer, x as StepValue);
      return [plan(layer, x as StepValue, builder)];
    },
  };
}

function checkFeatures(layer: StepLayer, x: StepValue): void {
  if (x.shape.length > 0) return;
  throw cannotStream(layer, "its input has a batch axis and one other, so no features for each step; make it [null, features].");
}

/** `Dense` in inference: one vector a step. */
export const dense: StepForm = single("Dense", (layer: StepLayer<DenseOptions>, x, builder) => {
  const { units, activation = "linear", useBias = true } = layer.options;
  checkCount(units, "Dense", "units");
  const features = x.shape.at(-1) ?? 1;
  const rows = x.width / features;
  if (rows !== 1)
    throw cannotStream(layer, `it works on ${rows} vectors in each step; flatten them first, or use one vector a step.`);
  const kernel = builder.matrix(layer.weight("kernel", [features, units]));
  const bias = useBias ? layer.weight("bias", [units]).numbers() : null;
  const y = builder.value([...x.shape.slice(0, -1), units], x.sequence);
  builder.calls.push(builder.steps.linear(x.storage, kernel, bias, y.storage, builder.capacity));
  return activated(activation, y, builder, y);
});

/** `Activation` in inference. */
export const activation: StepForm = single("Activation", (layer: StepLayer<ActivationOptions>, x, builder) =>
  activated(layer.options.activation, x, builder),
);

function activated(name: OutputActivationName, x: StepValue, builder: PlanBuilder, into?: StepValue): StepValue {
  checkActivation(name, "a stream", "activation", ["softmax"]);
  if (name === "linear") return x;
  const y = into ?? builder.value(x.shape, x.sequence);
  const { steps } = builder;
  builder.calls.push(
    name === "softmax"
      ? steps.softmax(x.storage, y.storage, x.width, x.shape.at(-1) ?? 1)
      : steps.activate(name, x.storage, y.storage, x.width),
  );
  return y;
}

/** gamma and beta of a normalization, where it has them. */
function scaleAndShift(layer: StepLayer<Pick<LayerNormalizationOptions, "scale" | "center">>, n: number): (HostArray | null)[] {
  const { scale = true, center = true } = layer.options;
  return [scale && "gamma", center && "beta"].map((name) => (name ? layer.weight(name, [n]).numbers() : null));
}

/** `LayerNormalization` in inference. */
export const layerNormalization: StepForm = single(
  "LayerNormalization",
  (layer: StepLayer<LayerNormalizationOptions>, x, builder) => {
    const { epsilon = 1e-3 } = layer.options;
    const n = x.shape.at(-1) ?? 1;
    const [gamma = null, beta = null] = scaleAndShift(layer, n);
    const y = builder.value(x.shape, x.sequence);
    builder.calls.push(builder.steps.layerNorm(x.storage, gamma, beta, epsilon, y.storage, x.width, n, builder.capacity));
    return y;
  },
);

/** `BatchNormalization` in inference: its running statistics make it x ⊙ scale + shift. */
export const batchNormalization: StepForm = single(
  "BatchNormalization",
  (layer: StepLayer<BatchNormalizationOptions>, x, builder) => {
    const { epsilon = 1e-3 } = layer.options;
    const n = x.shape.at(-1) ?? 1;
    const [gamma = null, beta = null] = scaleAndShift(layer, n);
    const mean = layer.weight("movingMean", [n]).numbers();
    const variance = layer.weight("movingVariance", [n]).numbers();
    const factors = Float64Array.from(variance, (v, k) => (gamma?.[k] ?? 1) / Math.sqrt(v + epsilon));
    const shifts = factors.map((factor, k) => (beta?.[k] ?? 0) - (mean[k] as number) * factor);
    const y = builder.value(x.shape, x.sequence);
    builder.calls.push(builder.steps.affine(x.storage, factors, shifts, y.storage, x.width));
    return y;
  },
);

/** `Dropout` in inference: nothing. */
export const dropout: StepForm = single("Dropout", (_layer, x) => x);

/** `Embedding` in inference: indices are checked before a step changes anything. */
export const embedding: StepForm = {
  type: "Embedding",
  plan: (layer: StepLayer<EmbeddingOptions>, [input], builder) => {
    const x = input as StepValue;
    const { inputDim, outputDim, maskZero = false } = layer.options;
    const table = layer.weight("embeddings", [inputDim, outputDim]).numbers();
    const y = builder.value([...x.shape, outputDim], x.sequence);
    const first = maskZero ? 1 : 0;
    builder.checks.push((numbers: HostArray, rows: number): void => {
      for (let k = 0; k < rows * x.width; k++) {
        const index = numbers[k] as number;
        if (Number.isInteger(index) && index >= first && index < inputDim) continue;
        throw new ValueError(
          `Cannot look up index ${index} in embedding "${layer.name}" of a stream: indices go from ${first} to ${inputDim - 1}.` +
            (maskZero ? " Index 0 is padding (maskZero): leave that push out." : ""),
        );
      }
    });
    builder.calls.push(builder.steps.gather(table, outputDim, x.storage, y.storage, x.width));
    return [y];
  },
};

/** `Add` in inference. */
export const add: StepForm = {
  type: "Add",
  plan: (layer: StepLayer, inputs, builder) => {
    checkTogether(layer, inputs);
    return [
      inputs.reduce((a, b) => {
        if (a.width !== b.width)
          throw new ShapeError(`Cannot add steps of ${a.width} and ${b.width} numbers in "${layer.name}".`);
        const y = builder.value(a.shape, a.sequence);
        builder.calls.push(builder.steps.add(a.storage, b.storage, y.storage, a.width));
        return y;
      }),
    ];
  },
};

/** `Concatenate` in inference: features side by side. */
export const concatenate: StepForm = {
  type: "Concatenate",
  plan: (layer: StepLayer<ConcatenateOptions>, inputs, builder) => {
    checkTogether(layer, inputs);
    if (inputs.some(({ shape }) => shape.length !== 1)) throw cannotStream(layer, "it joins more than one axis of features.");
    const outWidth = inputs.reduce((sum, { width }) => sum + width, 0);
    const { axis = -1 } = layer.options;
    if (axis !== -1 && axis !== (inputs[0]?.sequence ? 2 : 1)) throw cannotStream(layer, "it joins steps, not features.");
    const y = builder.value([outWidth], inputs[0]?.sequence ?? true);
    let offset = 0;
    for (const { storage, width } of inputs) {
      builder.calls.push(builder.steps.place(storage, width, y.storage, outWidth, offset));
      offset += width;
    }
    return [y];
  },
};

function checkTogether(layer: StepLayer, inputs: readonly StepValue[]): void {
  for (const x of inputs) checkFeatures(layer, x);
  if (inputs.some(({ sequence }) => sequence !== inputs[0]?.sequence)) {
    throw cannotStream(layer, "it joins a sequence with the last output of another.");
  }
}

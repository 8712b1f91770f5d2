import type { HostArray } from "../backend/backend.ts";
import { ValueError } from "../errors.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Dense, type OutputActivationName } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { Flatten } from "../layers/flatten.ts";
import type { Layer } from "../layers/layer.ts";
import { LayerNormalization } from "../layers/layer-normalization.ts";
import { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { Reshape } from "../layers/reshape.ts";
import { TimeDistributed } from "../layers/time-distributed.ts";
import { cannotStream, type PlanBuilder, type StepValue } from "./plan-builder.ts";
import { planRecurrent } from "./plan-recurrent.ts";

/**
 * Adds one use of a layer to a plan; gives its outputs.
 * @throws {ValueError} naming the layer when it needs more than one step at a time.
 */
export function planLayer(layer: Layer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  const x = inputs[0] as StepValue;
  if (layer instanceof RecurrentLayer) return planRecurrent(layer, inputs, builder);
  if (x.shape.length === 0 && !(layer instanceof Embedding)) {
    throw cannotStream(
      layer,
      "its input has a batch axis and one other, so no features for each step; make it [null, features].",
    );
  }
  if (layer instanceof Dense) return [planDense(layer, x, builder)];
  if (layer instanceof Embedding) return [planEmbedding(layer, x, builder)];
  if (layer instanceof Activation) return [planActivation(layer.options.activation, x, builder)];
  if (layer instanceof LayerNormalization) return [planLayerNorm(layer, x, builder)];
  if (layer instanceof Dropout) return [x];
  if (layer instanceof TimeDistributed) return [planTimeDistributed(layer, x, builder)];
  if (layer instanceof Flatten || layer instanceof Reshape) return [planReshape(layer, x)];
  if (layer instanceof Add) return [inputs.reduce((sum, each) => planAdd(layer, sum, each, builder))];
  if (layer instanceof Concatenate) return [planConcatenate(layer, inputs, builder)];
  throw cannotStream(layer, reasons[layer.type] ?? "this version has no streamed form of it.");
}

const reasons: Readonly<Record<string, string>> = {
  Bidirectional: "its backward half begins at the end of the sequence, which a stream never sees.",
  Masking: "padding has no place in a stream; leave the layer out, and do not push steps that do not exist.",
  RepeatVector: "it makes a sequence of its own, which has no step to go with the one that is pushed.",
};

function planDense(layer: Dense, x: StepValue, builder: PlanBuilder): StepValue {
  const { units, activation = "linear" } = layer.options;
  const rows = x.width / (x.shape.at(-1) ?? 1);
  if (rows !== 1)
    throw cannotStream(layer, `it works on ${rows} vectors in each step; flatten them first, or use one vector a step.`);
  const y = builder.value([...x.shape.slice(0, -1), units], x.sequence);
  const bias = builder.numbersOf(layer.bias);
  builder.calls.push(builder.steps.linear(x.storage, builder.matrix(layer.kernel), bias, y.storage, builder.capacity));
  return planActivation(activation, y, builder, y);
}

function planActivation(name: OutputActivationName, x: StepValue, builder: PlanBuilder, into?: StepValue): StepValue {
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

function planLayerNorm(layer: LayerNormalization, x: StepValue, builder: PlanBuilder): StepValue {
  const { epsilon = 1e-3 } = layer.options;
  const y = builder.value(x.shape, x.sequence);
  const [scale, shift] = [builder.numbersOf(layer.gamma), builder.numbersOf(layer.beta)];
  const n = x.shape.at(-1) ?? 1;
  builder.calls.push(builder.steps.layerNorm(x.storage, scale, shift, epsilon, y.storage, x.width, n, builder.capacity));
  return y;
}

function planEmbedding(layer: Embedding, x: StepValue, builder: PlanBuilder): StepValue {
  const { inputDim, outputDim, maskZero = false } = layer.options;
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
  builder.calls.push(builder.steps.gather(builder.numbersOf(layer.embeddings), outputDim, x.storage, y.storage, x.width));
  return y;
}

/** The layer inside sees one step, which has no time axis any more. */
function planTimeDistributed(layer: TimeDistributed, x: StepValue, builder: PlanBuilder): StepValue {
  if (!x.sequence) throw cannotStream(layer, "its time axis is not the one that is streamed.");
  const [y] = planLayer(layer.options.layer, [{ ...x, sequence: false }], builder) as [StepValue];
  return { ...y, sequence: true };
}

function planReshape(layer: Flatten | Reshape, x: StepValue): StepValue {
  if (x.sequence) {
    throw cannotStream(
      layer,
      `it joins the time axis with the others; timeDistributed(${layer instanceof Flatten ? "flatten()" : "reshape(…)"}) works step by step.`,
    );
  }
  return { ...x, shape: layer.outputShape([[1, ...x.shape]]).slice(1) as number[] };
}

function planAdd(layer: Layer, a: StepValue, b: StepValue, builder: PlanBuilder): StepValue {
  checkTogether(layer, [a, b]);
  const y = builder.value(a.shape, a.sequence);
  builder.calls.push(builder.steps.add(a.storage, b.storage, y.storage, a.width));
  return y;
}

function planConcatenate(layer: Concatenate, inputs: readonly StepValue[], builder: PlanBuilder): StepValue {
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
  return y;
}

function checkTogether(layer: Layer, inputs: readonly StepValue[]): void {
  if (inputs.some(({ sequence }) => sequence !== inputs[0]?.sequence)) {
    throw cannotStream(layer, "it joins a sequence with the last output of another.");
  }
}

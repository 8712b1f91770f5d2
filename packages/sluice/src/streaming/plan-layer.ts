import type { Layer } from "../layers/layer.ts";
import { RecurrentLayer } from "../layers/recurrent-layer.ts";
import type { TimeDistributed } from "../layers/time-distributed.ts";
import { cannotStream, type PlanBuilder, type StepLayer, type StepValue } from "./plan-builder.ts";
import { planRecurrent } from "./plan-recurrent.ts";
import {
  activation,
  add,
  batchNormalization,
  concatenate,
  dense,
  dropout,
  embedding,
  layerNormalization,
  type StepForm,
} from "./step-forms.ts";
import { stepLayerOf } from "./step-layer.ts";

const forms: readonly StepForm[] = [
  activation,
  add,
  batchNormalization,
  concatenate,
  dense,
  dropout,
  embedding,
  layerNormalization,
];

/**
 * Adds one use of a layer to a plan; gives its outputs.
 * @throws {ValueError} naming the layer when it needs more than one step at a time.
 */
export function planLayer(layer: Layer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  const x = inputs[0] as StepValue;
  if (layer instanceof RecurrentLayer) return planRecurrent(layer, inputs, builder);
  if (layer.type === "TimeDistributed") return [planTimeDistributed(layer as TimeDistributed, x, builder)]; // by type: an app without it carries none
  if (layer.type === "Flatten" || layer.type === "Reshape") return [planReshape(layer, x)];
  const form = forms.find(({ type }) => type === layer.type);
  if (form) return form.plan(stepLayerOf(layer) as StepLayer<never>, inputs, builder);
  throw cannotStream(layer, reasons[layer.type] ?? "this version has no streamed form of it.");
}

const reasons: Readonly<Record<string, string>> = {
  Bidirectional: "its backward half begins at the end of the sequence, which a stream never sees.",
  Masking: "padding has no place in a stream; leave the layer out, and do not push steps that do not exist.",
  RepeatVector: "it makes a sequence of its own, which has no step to go with the one that is pushed.",
};

/** The layer inside sees one step, which has no time axis any more. */
function planTimeDistributed(layer: TimeDistributed, x: StepValue, builder: PlanBuilder): StepValue {
  if (!x.sequence) throw cannotStream(layer, "its time axis is not the one that is streamed.");
  const [y] = planLayer(layer.options.layer, [{ ...x, sequence: false }], builder) as [StepValue];
  return { ...y, sequence: true };
}

function planReshape(layer: Layer, x: StepValue): StepValue {
  if (x.sequence) {
    throw cannotStream(
      layer,
      `it joins the time axis with the others; timeDistributed(${layer.type === "Flatten" ? "flatten()" : "reshape(…)"}) works step by step.`,
    );
  }
  return { ...x, shape: layer.outputShape([[1, ...x.shape]]).slice(1) as number[] };
}

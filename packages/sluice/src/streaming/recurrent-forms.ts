import type { Storage } from "../backend/backend.ts";
import type { StepCall } from "../backend/step-kernels.ts";
import { cellSettings, fusedActivations, type GatedCellOptions, isGateActivation } from "../layers/cells/cell-options.ts";
import type { GRUCellOptions } from "../layers/cells/gru-cell.ts";
import { isGeneralLSTM } from "../layers/cells/lstm-form.ts";
import type { SimpleRNNCellOptions } from "../layers/cells/simple-rnn-cell.ts";
import type { RecurrentOptions } from "../layers/recurrent-layer.ts";
import { cannotStream, type PlanBuilder, type StepLayer, type StepValue } from "./plan-builder.ts";
import type { StepForm } from "./step-forms.ts";

/** What a cell gives at each step: what it shows, and the parts of its state in their order. */
export interface PlannedCell {
  readonly output: StepValue;
  readonly states: readonly StepValue[];
}

/** A recurrent layer: its cell once, with a state that goes on. `plan` adds the cell. */
export function planSequence(
  layer: Pick<StepLayer<RecurrentOptions>, "type" | "name" | "options">,
  inputs: readonly StepValue[],
  plan: (x: StepValue) => PlannedCell,
): readonly StepValue[] {
  const { goBackwards = false, returnSequences = false, returnState = false } = layer.options;
  const x = inputs[0] as StepValue;
  if (goBackwards) throw cannotStream(layer, "it begins at the end of the sequence (goBackwards), which a stream never sees.");
  if (inputs.length > 1) throw cannotStream(layer, "its initial state is an input of its own.");
  if (!x.sequence) throw cannotStream(layer, "it reads a sequence that the model makes inside.");
  const { output, states } = plan(x);
  return [{ ...output, sequence: returnSequences }, ...(returnState ? states : [])];
}

/**
 * The fused step of a cell: its weights are found first, then `state` gives memory for parts of its state.
 * @returns the call; null when the fused step does not have the cell's activations or its form.
 */
export type CellStep<O extends object = never> = (
  cell: StepLayer<O>,
  x: StepValue,
  state: (name: string) => Storage,
  builder: PlanBuilder,
) => StepCall | null;

/** Null for other forms than the plain one, and for activations whose slope does not follow from their output, as in `fused` of the layer. */
export const lstmStep: CellStep<GatedCellOptions> = (cell, x, state, builder) => {
  if (isGeneralLSTM(cell.options)) return null;
  const { units, activation, recurrentActivation, useBias } = cellSettings(cell.options, "LSTM");
  if (!isGateActivation(activation) || !isGateActivation(recurrentActivation)) return null;
  const kernel = builder.matrix(cell.weight("kernel", [x.width, 4 * units]));
  const recurrentKernel = builder.matrix(cell.weight("recurrentKernel", [units, 4 * units]));
  const bias = useBias ? cell.weight("bias", [4 * units]).numbers() : null;
  const memory = { hidden: state("hiddenState"), cell: state("cellState") };
  const { steps, capacity } = builder;
  return steps.lstm({ x: x.storage, kernel, recurrentKernel, bias, activation, recurrentActivation, ...memory }, capacity);
};

/** Null for such activations, for those with numbers of their own, and for `gateClip`. */
export const gruStep: CellStep<GRUCellOptions> = (cell, x, state, builder) => {
  const activations = fusedActivations(cell.options);
  if (!activations) return null;
  const { units, useBias } = cellSettings({ ...cell.options, ...activations }, "GRU");
  const { resetAfter = true } = cell.options;
  const kernel = builder.matrix(cell.weight("kernel", [x.width, 3 * units]));
  const recurrent = cell.weight("recurrentKernel", [units, 3 * units]);
  const [gateKernel, candidateKernel] = [builder.matrix(recurrent, 0, 2 * units), builder.matrix(recurrent, 2 * units)];
  const bias = useBias ? cell.weight("bias", [3 * units]).numbers() : null;
  const recurrentBias = useBias && resetAfter ? cell.weight("recurrentBias", [3 * units]).numbers() : null;
  const weights = { kernel, gateKernel, candidateKernel, bias, recurrentBias };
  const settings = { hidden: state("hiddenState"), ...activations, resetAfter };
  return builder.steps.gru({ x: x.storage, ...weights, ...settings }, builder.capacity);
};

/** Null for such activations, for those with numbers of their own, and for `gateClip`. */
export const rnnStep: CellStep<SimpleRNNCellOptions> = (cell, x, state, builder) => {
  const activations = fusedActivations(cell.options);
  if (!activations) return null;
  const { activation } = activations;
  const { units, useBias } = cellSettings({ ...cell.options, activation }, "SimpleRNN");
  const kernel = builder.matrix(cell.weight("kernel", [x.width, units]));
  const recurrentKernel = builder.matrix(cell.weight("recurrentKernel", [units, units]));
  const bias = useBias ? cell.weight("bias", [units]).numbers() : null;
  const hidden = state("hiddenState");
  return builder.steps.rnn({ x: x.storage, kernel, recurrentKernel, bias, hidden, activation }, builder.capacity);
};

/** A layer whose cell has a fused step: what a program that only infers can carry. */
function recurrent<O extends Pick<GatedCellOptions, "units"> & RecurrentOptions>(
  type: string,
  parts: readonly string[],
  step: CellStep<O>,
): StepForm {
  return {
    type,
    plan: (layer: StepLayer<O>, inputs, builder) =>
      planSequence(layer, inputs, (x) => {
        if (x.shape.length !== 1) throw cannotStream(layer, "it reads vectors, one at each step.");
        const made = new Map<string, StepValue>();
        const state = (name: string): Storage => {
          const { units } = layer.options;
          const storage = builder.state(`${layer.name}/${name}`, units);
          made.set(name, { storage, shape: [units], width: units, sequence: false });
          return storage;
        };
        const call = step(layer, x, state, builder);
        if (call === null) throw cannotStream(layer, "its options have no fused step; load the model with the whole library.");
        builder.calls.push(call);
        return { output: made.get("hiddenState") as StepValue, states: parts.map((name) => made.get(name) as StepValue) };
      }),
  };
}

/** `LSTM` in inference: every model of `lstm` without options of other forms. */
export const lstm: StepForm = recurrent("LSTM", ["hiddenState", "cellState"], lstmStep);
/** `GRU` in inference. */
export const gru: StepForm = recurrent("GRU", ["hiddenState"], gruStep);
/** `SimpleRNN` in inference. */
export const simpleRnn: StepForm = recurrent("SimpleRNN", ["hiddenState"], rnnStep);

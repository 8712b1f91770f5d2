import type { ActivationName, GateActivationName } from "../../backend/kernels.ts";
import { ValueError } from "../../errors.ts";
import type { ConstraintSpec } from "../../initializers/constraints.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import type { RegularizerSpec } from "../../initializers/regularizers.ts";
import type { LayerOptions, ParameterOptions } from "../layer.ts";
import { layerNames, type NamesOf } from "../option-names.ts";
import type { ActivationOptions, ActivationSpec } from "./activation-spec.ts";

/** Options of every built-in cell; defaults as in Keras 3. */
export interface CellOptions extends LayerOptions {
  /** H, the size of the hidden state. */
  readonly units: number;
  /** Of the candidate, and of an LSTM's cell state on its way out. Default "tanh". */
  readonly activation?: ActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Of the weights on x. Default "glorotUniform". */
  readonly kernelInitializer?: InitializerSpec;
  /** Of the weights on h. Default "orthogonal". */
  readonly recurrentInitializer?: InitializerSpec;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerSpec;
  readonly kernelRegularizer?: RegularizerSpec | null;
  readonly recurrentRegularizer?: RegularizerSpec | null;
  readonly biasRegularizer?: RegularizerSpec | null;
  readonly kernelConstraint?: ConstraintSpec | null;
  readonly recurrentConstraint?: ConstraintSpec | null;
  readonly biasConstraint?: ConstraintSpec | null;
  /** Share of the input's features dropped in training: one mask a call, the same at all steps and for all gates. Default 0. */
  readonly dropout?: number;
  /** Share of the hidden state dropped on its way back in: one mask a call for each gate, the same at all steps. Default 0. */
  readonly recurrentDropout?: number;
}

/** The names of `InputCellOptions`. */
export const inputCellNames: NamesOf<InputCellOptions> = {
  ...layerNames,
  units: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
  kernelConstraint: true,
  biasConstraint: true,
  dropout: true,
};

/** The names of `CellOptions`. */
export const cellNames: NamesOf<CellOptions> = {
  ...inputCellNames,
  activation: true,
  recurrentInitializer: true,
  recurrentRegularizer: true,
  recurrentConstraint: true,
  recurrentDropout: true,
};

/** Options of cells without weights on h: nothing of it is dropped. */
export type InputCellOptions = Omit<
  CellOptions,
  "activation" | "recurrentInitializer" | "recurrentRegularizer" | "recurrentConstraint" | "recurrentDropout"
>;

/** Options of cells with gates. */
export interface GatedCellOptions extends CellOptions {
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationName;
}

/** The names of `GatedCellOptions`. */
export const gatedCellNames: NamesOf<GatedCellOptions> = { ...cellNames, recurrentActivation: true };

/** Cell options with their defaults filled in. */
export interface CellSettings {
  readonly units: number;
  readonly activation: ActivationName;
  readonly recurrentActivation: ActivationName;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly kernel: ParameterOptions;
  readonly recurrentKernel: ParameterOptions;
  readonly bias: ParameterOptions;
}

/** @throws {ValueError} when units is not a whole number ≥ 1, a dropout rate is not in [0, 1), or an activation is unknown. */
export function cellSettings(options: GatedCellOptions, type: string): CellSettings {
  const { units, activation = "tanh", recurrentActivation = "sigmoid", useBias = true } = options;
  const { dropout = 0, recurrentDropout = 0 } = options;
  checkCount(units, type, "units");
  checkRate(dropout, type, "dropout");
  checkRate(recurrentDropout, type, "recurrentDropout");
  checkActivation(activation, type, "activation");
  checkActivation(recurrentActivation, type, "recurrentActivation");
  const { kernelInitializer = "glorotUniform", recurrentInitializer = "orthogonal", biasInitializer = "zeros" } = options;
  return {
    units,
    activation,
    recurrentActivation,
    useBias,
    dropout,
    recurrentDropout,
    kernel: { initializer: kernelInitializer, regularizer: options.kernelRegularizer, constraint: options.kernelConstraint },
    recurrentKernel: {
      initializer: recurrentInitializer,
      regularizer: options.recurrentRegularizer,
      constraint: options.recurrentConstraint,
    },
    bias: { initializer: biasInitializer, regularizer: options.biasRegularizer, constraint: options.biasConstraint },
  };
}

/** @throws {ValueError} unless the option is a whole number ≥ 1. */
export function checkCount(value: number, type: string, option: string): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new ValueError(`Cannot make ${type} with ${option} ${String(value)}: it is a whole number from 1 up.`);
  }
}

/** @throws {ValueError} unless the option is in [0, 1). */
export function checkRate(value: number, type: string, option: string): void {
  if (!(value >= 0 && value < 1)) {
    throw new ValueError(
      `Cannot make ${type} with ${option} ${String(value)}: it is the share that is dropped, from 0 to below 1.`,
    );
  }
}

/** Every activation by name, and whether fused sequences offer it: those whose slope follows from their output. */
const activationNames: Readonly<Record<GateActivationName, true> & Record<Exclude<ActivationName, GateActivationName>, false>> = {
  linear: true,
  sigmoid: true,
  tanh: true,
  relu: true,
  relu6: true,
  leakyRelu: true,
  elu: true,
  selu: true,
  softplus: true,
  softsign: true,
  hardSigmoid: true,
  hardTanh: true,
  exponential: true,
  gelu: false,
  silu: false,
  mish: false,
};

/** @throws {ValueError} for a name that is no activation, nor among `others`. */
export function checkActivation(name: string, type: string, option: string, others: readonly string[] = []): void {
  const known = [...Object.keys(activationNames), ...others];
  if (!known.includes(name)) {
    throw new ValueError(`Cannot make ${type} with ${option} "${name}": the activations are ${known.join(", ")}.`);
  }
}

/** Whether a fused sequence can run the activation. */
export function isGateActivation(name: ActivationName): name is GateActivationName {
  return activationNames[name];
}

/** The two activations of a cell, as a fused step takes them. */
export interface FusedActivations {
  readonly activation: GateActivationName;
  readonly recurrentActivation: GateActivationName;
}

/** The activations with which a fused step computes the same as a GRU or a simple RNN with these options; null where there is none that does. */
export function fusedActivations({
  activation = "tanh",
  recurrentActivation = "sigmoid",
  gateClip = null,
}: ActivationOptions & { readonly recurrentActivation?: ActivationSpec }): FusedActivations | null {
  if (gateClip !== null || typeof activation !== "string" || typeof recurrentActivation !== "string") return null;
  return isGateActivation(activation) && isGateActivation(recurrentActivation) ? { activation, recurrentActivation } : null;
}

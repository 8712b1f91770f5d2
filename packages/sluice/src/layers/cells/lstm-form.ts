import { ValueError } from "../../errors.ts";
import type { NamesOf } from "../option-names.ts";
import { type ActivationSpec, checkActivationSpec } from "./activation-spec.ts";
import { checkCount, checkRate, gatedCellNames } from "./cell-options.ts";
import { checkGateBias, type GateBiasSpec, type GateName } from "./gate-bias.ts";
import type { LSTMCellOptions } from "./lstm-cell.ts";

/** Greff et al.'s names: their vanilla LSTM, which has peepholes, and what each of eight variants changes in it. */
export type LSTMVariant = "vanilla" | "NIG" | "NFG" | "NOG" | "NIAF" | "NOAF" | "CIFG" | "NP" | "FGR";

/** Options that change the equations of an LSTM, its masks or its start. They combine freely; the ones left out leave the plain LSTM. */
export interface LSTMFormOptions {
  /** A variant by the name of [Greff et al. 2017, arXiv:1503.04069]. Options beside it have the last word. */
  readonly variant?: LSTMVariant;
  /** Gates that read the cell: each its own unit, or all units through a matrix [Sherstinsky 2020]. Default null: they do not. */
  readonly peepholes?: "diagonal" | "full" | null;
  /** Which cell state the output gate's peephole reads: c_t [Gers et al. 2002], or c_{t−1} as printed for FGR. Default "new". */
  readonly outputPeephole?: "new" | "previous";
  /** false: i = 1. Default true. */
  readonly inputGate?: boolean;
  /** false: f = 1, as in 1997. Default true. */
  readonly forgetGate?: boolean;
  /** false: o = 1. Default true. */
  readonly outputGate?: boolean;
  /** f = 1 − i, without weights for f (CIFG; ONNX's input_forget). Default false. */
  readonly coupledGates?: boolean;
  /** Each gate also reads all gates of t − 1 (FGR), which then belong to the state. Default false. */
  readonly gateRecurrence?: boolean;
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationSpec;
  /** Of the candidate g; default `activation`. "linear" is NIAF. */
  readonly cellActivation?: ActivationSpec;
  /** Of the cell on its way out; default `activation`. "linear" is NOAF. */
  readonly outputActivation?: ActivationSpec;
  /**
   * LSTMP [Sak et al. 2014, arXiv:1402.1128]: the state is a projection r of the output, of this size; with `nonRecurrent`, the
   * layer shows [r, p], where the projection p is not fed back. Default null.
   */
  readonly projection?: number | { readonly recurrent: number; readonly nonRecurrent: number } | null;
  /** Limit of |c| after each update [Sak et al. 2014: 50; cuDNN's clip]. Default null. */
  readonly cellClip?: number | null;
  /** Limit of what enters each activation, peepholes included (ONNX's clip). Default null. */
  readonly gateClip?: number | null;
  /** Layer normalization of W x, of R h and of the cell on its way out [Ba et al. 2016, arXiv:1607.06450]. Default false. */
  readonly layerNorm?: boolean;
  /** Share of the units that keep their old value, drawn at each step; its mean outside training [Krueger et al. 2017, arXiv:1606.01305]. */
  readonly zoneout?: { readonly hidden?: number; readonly cell?: number } | null;
  /** Share of the candidate dropped, drawn at each step [Semeniuta et al. 2016, arXiv:1603.05118]. Default 0. */
  readonly candidateDropout?: number;
  /** Share of the recurrent kernel's weights dropped, the same at all steps of a call [Merity et al. 2018, arXiv:1708.02182]. Default 0. */
  readonly weightDrop?: number;
  /** h_0 and c_0 are weights, used when no state is given; they start at 0. Default false. */
  readonly learnInitialState?: boolean;
  /** Where the gates' biases start. Default null: as `biasInitializer` and `unitForgetBias` say. */
  readonly gateBias?: GateBiasSpec | null;
  /**
   * Errors go back in time through c alone [Hochreiter & Schmidhuber 1997]: what gates and candidate read of the step before, and
   * gates of the cell, passes none on, though the weights it comes through learn. The outputs stay the same; an LSTM
   * runs step by step with it, without the fused kernel. Default false.
   */
  readonly truncatedGradient?: boolean;
}

/** Every option of an LSTM's step: those of the plain cell, and those that change its form. */
export interface GeneralLSTMCellOptions extends Omit<LSTMCellOptions, "recurrentActivation">, LSTMFormOptions {}

const variants: Readonly<Record<LSTMVariant, LSTMFormOptions>> = {
  vanilla: { peepholes: "diagonal" },
  NIG: { peepholes: "diagonal", inputGate: false },
  NFG: { peepholes: "diagonal", forgetGate: false },
  NOG: { peepholes: "diagonal", outputGate: false },
  NIAF: { peepholes: "diagonal", cellActivation: "linear" },
  NOAF: { peepholes: "diagonal", outputActivation: "linear" },
  CIFG: { peepholes: "diagonal", coupledGates: true },
  NP: { peepholes: null },
  FGR: { peepholes: "diagonal", gateRecurrence: true },
};

/** The form of an LSTM with its defaults filled in. */
export interface LSTMForm {
  /** The blocks of the weights, in the order i f g o, without those that are not there. */
  readonly blocks: readonly GateName[];
  readonly peepholes: "diagonal" | "full" | null;
  readonly outputPeephole: "new" | "previous";
  readonly coupledGates: boolean;
  readonly gateRecurrence: boolean;
  readonly gateActivation: ActivationSpec;
  readonly cellActivation: ActivationSpec;
  readonly outputActivation: ActivationSpec;
  readonly projection: { readonly recurrent: number; readonly nonRecurrent: number } | null;
  readonly cellClip: number | null;
  readonly gateClip: number | null;
  readonly layerNorm: boolean;
  readonly zoneout: { readonly hidden: number; readonly cell: number };
  readonly candidateDropout: number;
  readonly weightDrop: number;
  readonly learnInitialState: boolean;
  readonly gateBias: GateBiasSpec | null;
  readonly truncatedGradient: boolean;
}

/** Whether some option asks for more than `LSTMCell` offers. */
export function isGeneralLSTM({ recurrentActivation, ...options }: GeneralLSTMCellOptions): boolean {
  if (typeof recurrentActivation === "object") return true;
  const given: LSTMFormOptions = options;
  return (Object.keys(formOptions) as (keyof LSTMFormOptions)[]).some((key) => given[key] !== undefined && given[key] !== null);
}

const formOptions: Readonly<Record<Exclude<keyof LSTMFormOptions, "recurrentActivation">, true>> = {
  variant: true,
  peepholes: true,
  outputPeephole: true,
  inputGate: true,
  forgetGate: true,
  outputGate: true,
  coupledGates: true,
  gateRecurrence: true,
  cellActivation: true,
  outputActivation: true,
  projection: true,
  cellClip: true,
  gateClip: true,
  layerNorm: true,
  zoneout: true,
  candidateDropout: true,
  weightDrop: true,
  learnInitialState: true,
  gateBias: true,
  truncatedGradient: true,
};

/** The names of `GeneralLSTMCellOptions`. */
export const generalLstmCellNames: NamesOf<GeneralLSTMCellOptions> = { ...gatedCellNames, unitForgetBias: true, ...formOptions };

/**
 * Fills in the variant and the defaults.
 * @throws {ValueError} for a value outside its rule, and for options that have no meaning together.
 */
export function lstmForm(options: GeneralLSTMCellOptions): LSTMForm {
  const { variant, activation = "tanh" } = options;
  if (variant !== undefined && !Object.hasOwn(variants, variant)) {
    throw new ValueError(`Cannot make LSTM with variant "${variant}": the variants are ${Object.keys(variants).join(", ")}.`);
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const merged: LSTMFormOptions = { ...(variant && variants[variant]), ...given };
  const { inputGate = true, forgetGate = true, outputGate = true, coupledGates = false } = merged;
  const { projection = null, zoneout } = merged;
  const form: LSTMForm = {
    blocks: [
      ...(inputGate ? (["input"] as const) : []),
      ...(forgetGate && !coupledGates ? (["forget"] as const) : []),
      "candidate",
      ...(outputGate ? (["output"] as const) : []),
    ],
    peepholes: merged.peepholes ?? null,
    outputPeephole: merged.outputPeephole ?? "new",
    coupledGates,
    gateRecurrence: merged.gateRecurrence ?? false,
    gateActivation: merged.recurrentActivation ?? "sigmoid",
    cellActivation: merged.cellActivation ?? activation,
    outputActivation: merged.outputActivation ?? activation,
    projection: typeof projection === "number" ? { recurrent: projection, nonRecurrent: 0 } : projection,
    cellClip: merged.cellClip ?? null,
    gateClip: merged.gateClip ?? null,
    layerNorm: merged.layerNorm ?? false,
    zoneout: { hidden: zoneout?.hidden ?? 0, cell: zoneout?.cell ?? 0 },
    candidateDropout: merged.candidateDropout ?? 0,
    weightDrop: merged.weightDrop ?? 0,
    learnInitialState: merged.learnInitialState ?? false,
    gateBias: merged.gateBias ?? null,
    truncatedGradient: merged.truncatedGradient ?? false,
  };
  checkValues(form);
  if (coupledGates && !(inputGate && forgetGate)) {
    refuse(
      `coupledGates and ${inputGate ? "forgetGate" : "inputGate"} false`,
      "coupled gates are f = 1 − i, so both must be there",
    );
  }
  checkMeaning(form, options, merged);
  return form;
}

function checkValues(form: LSTMForm): void {
  checkActivationSpec(form.gateActivation, "LSTM", "recurrentActivation");
  checkActivationSpec(form.cellActivation, "LSTM", "cellActivation");
  checkActivationSpec(form.outputActivation, "LSTM", "outputActivation");
  checkRate(form.zoneout.hidden, "LSTM", "zoneout.hidden");
  checkRate(form.zoneout.cell, "LSTM", "zoneout.cell");
  checkRate(form.candidateDropout, "LSTM", "candidateDropout");
  checkRate(form.weightDrop, "LSTM", "weightDrop");
  if (form.projection) {
    checkCount(form.projection.recurrent, "LSTM", "projection");
    if (form.projection.nonRecurrent !== 0) checkCount(form.projection.nonRecurrent, "LSTM", "projection.nonRecurrent");
  }
  for (const key of ["cellClip", "gateClip"] as const) {
    const limit = form[key];
    if (limit !== null && !(limit > 0)) refuse(`${key} ${limit}`, "it is a limit above 0, or null for none");
  }
  if (form.peepholes !== null && form.peepholes !== "diagonal" && form.peepholes !== "full") {
    refuse(`peepholes ${JSON.stringify(form.peepholes)}`, 'they are "diagonal", "full" or null');
  }
  if (form.outputPeephole !== "new" && form.outputPeephole !== "previous") {
    refuse(`outputPeephole ${JSON.stringify(form.outputPeephole)}`, 'it is "new" or "previous"');
  }
}

/** Refuses options that say nothing, or opposite things, about one another. */
function checkMeaning(
  { blocks, peepholes, gateRecurrence, gateBias }: LSTMForm,
  options: GeneralLSTMCellOptions,
  merged: LSTMFormOptions,
): void {
  const hasGates = blocks.length > 1;
  if (peepholes && !hasGates) refuse(`peepholes "${peepholes}" and no gate`, "peepholes are what gates read of the cell");
  if (gateRecurrence && !hasGates) refuse("gateRecurrence and no gate", "there is nothing to feed back");
  if (merged.outputPeephole && !(peepholes && blocks.includes("output"))) {
    refuse(`outputPeephole "${merged.outputPeephole}"`, "it needs peepholes and an output gate");
  }
  if (gateBias && options.useBias === false) refuse("gateBias and useBias false", "there is no bias to start");
  if (gateBias) checkGateBias(gateBias, blocks, "LSTM");
}

function refuse(what: string, rule: string): never {
  throw new ValueError(`Cannot make LSTM with ${what}: ${rule}.`);
}

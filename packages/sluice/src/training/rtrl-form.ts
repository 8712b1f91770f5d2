import type { ActivationName } from "../backend/kernels.ts";
import { UNARY, type UnaryFunction } from "../backend/reference/functions.ts";
import { ValueError } from "../errors.ts";
import type { ActivationSpec } from "../layers/cells/activation-spec.ts";
import { GeneralLSTMCell } from "../layers/cells/general-lstm-cell.ts";
import type { LSTMCell } from "../layers/cells/lstm-cell.ts";
import { type BlockName, once, twice } from "../layers/cells/memory-blocks-cell.ts";
import type { LSTM } from "../layers/lstm.ts";
import { MemoryBlocks } from "../layers/memory-blocks.ts";

/** Sizes, columns and functions of a layer, as its forward recursion needs them. */
export interface RtrlForm {
  /** Memory cells, and how many of them share one block's gates. */
  readonly cells: number;
  readonly cellsPerBlock: number;
  readonly hiddenUnits: number;
  /** Whether gates feed back too. */
  readonly feedsGates: boolean;
  /** The first column of each part that is there. */
  readonly at: ReadonlyMap<BlockName, number>;
  /** The columns that have a bias, in its order. */
  readonly biased: readonly number[];
  readonly gate: UnaryFunction;
  /** g, of what enters the cell. */
  readonly cell: UnaryFunction;
  /** h, of the cell on its way out. */
  readonly output: UnaryFunction;
  /** Of conventional units. */
  readonly hidden: UnaryFunction;
}

/** @throws {ValueError} for a layer with options that the recursion does not have. */
export function rtrlForm(layer: MemoryBlocks | LSTM): RtrlForm {
  const { dropout = 0, recurrentDropout = 0, goBackwards = false } = layer.options;
  if (dropout > 0 || recurrentDropout > 0) throw refused(layer, "it has dropout", "leave dropout and recurrentDropout at 0");
  if (goBackwards)
    throw refused(layer, "it reads from the end (goBackwards)", "learning goes with time; give it the sequence reversed");
  return layer instanceof MemoryBlocks ? blocksForm(layer) : lstmForm(layer, layer.cell);
}

function blocksForm(layer: MemoryBlocks): RtrlForm {
  const { units, cellsPerBlock = 1, hiddenUnits = 0 } = layer.options;
  const { recurrentActivation = "sigmoid", cellActivation = twice, outputActivation = once } = layer.options;
  const { parts, biased, settings, stateShapes } = layer.cell;
  const columns = (name: BlockName): number[] => {
    const { at, length } = parts.get(name) as { at: number; length: number };
    return Array.from({ length }, (_, k) => at + k);
  };
  return {
    cells: units,
    cellsPerBlock,
    hiddenUnits,
    feedsGates: "gates" in stateShapes,
    at: new Map([...parts].map(([name, { at }]) => [name, at])),
    biased: biased.flatMap(columns),
    gate: functionOf(recurrentActivation, layer),
    cell: functionOf(cellActivation, layer),
    output: functionOf(outputActivation, layer),
    hidden: functionOf(settings.activation, layer),
  };
}

/** An LSTM is memory blocks of one cell each, whose gates do not feed back. */
function lstmForm(layer: LSTM, cell: LSTMCell | GeneralLSTMCell): RtrlForm {
  const { units, activation, recurrentActivation, useBias } = cell.settings;
  const plain = {
    blocks: ["input", "forget", "candidate", "output"] as const,
    cellActivation: activation,
    outputActivation: activation,
  };
  const form = cell instanceof GeneralLSTMCell ? cell.form : { ...plain, gateActivation: recurrentActivation };
  if (cell instanceof GeneralLSTMCell && hasOtherEquations(cell)) {
    throw refused(
      layer,
      "its options change more than which gates are there",
      "leave out peepholes, coupledGates, gateRecurrence, projection, clips, layerNorm, zoneout, candidateDropout, weightDrop and learnInitialState",
    );
  }
  return {
    cells: units,
    cellsPerBlock: 1,
    hiddenUnits: 0,
    feedsGates: false,
    at: new Map(form.blocks.map((name, k) => [name, k * units])),
    biased: useBias ? Array.from({ length: form.blocks.length * units }, (_, column) => column) : [],
    gate: functionOf(form.gateActivation, layer),
    cell: functionOf(form.cellActivation, layer),
    output: functionOf(form.outputActivation, layer),
    hidden: UNARY.linear,
  };
}

function hasOtherEquations({ form }: GeneralLSTMCell): boolean {
  const { peepholes, coupledGates, gateRecurrence, projection, cellClip, gateClip, layerNorm, zoneout } = form;
  const drops = form.candidateDropout + form.weightDrop + zoneout.hidden + zoneout.cell > 0;
  return (
    Boolean(peepholes || coupledGates || gateRecurrence || projection || cellClip || gateClip || layerNorm) ||
    drops ||
    form.learnInitialState
  );
}

/** The activation as a function of one number, with its slope. */
function functionOf(spec: ActivationSpec, layer: MemoryBlocks | LSTM): UnaryFunction {
  const { type, alpha, beta }: { type: string; alpha?: number; beta?: number } = typeof spec === "string" ? { type: spec } : spec;
  if (type === "scaledTanh") return scaledTanh(alpha ?? 1, beta ?? 1);
  const numbers = alpha !== undefined || beta !== undefined;
  if (numbers || !Object.hasOwn(UNARY, type)) {
    throw refused(layer, `of its activation ${JSON.stringify(spec)}`, 'use one by its name, or "scaledTanh"');
  }
  return UNARY[type as ActivationName];
}

function scaledTanh(alpha: number, beta: number): UnaryFunction {
  return { value: (x) => alpha * Math.tanh(beta * x), slope: (y) => alpha * beta * (1 - (y / alpha) ** 2) };
}

function refused(layer: MemoryBlocks | LSTM, why: string, way: string): ValueError {
  return new ValueError(
    `Cannot train ${layer.type} "${layer.name}" by truncated real-time recurrent learning, because ${why}: ${way}.`,
  );
}

import { add, multiply, stopGradient } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { concat, reshape, slice } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import { RandomStream } from "../../random/philox.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, State, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { type ActivationSpec, activateBy, checkActivationSpec } from "./activation-spec.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount } from "./cell-options.ts";
import { checkGateBias, type GateBiasSpec, type GateName, startGateBias } from "./gate-bias.ts";
import { reportGates } from "./gates.ts";

/** What memory blocks carry: y of cells and conventional units, c of the cells, and the gates where they feed back. */
export type MemoryBlocksState = { readonly hiddenState: Tensor; readonly cellState: Tensor };

/** Options of `memoryBlocksCell`. */
export interface MemoryBlocksCellOptions extends CellOptions {
  /** Number of memory cells, all blocks together. */
  readonly units: number;
  /** S, the cells of one block, which share its gates. Default 1. */
  readonly cellsPerBlock?: number;
  /** Conventional hidden units beside the blocks. Default 0. */
  readonly hiddenUnits?: number;
  /** Default true. */
  readonly inputGate?: boolean;
  /** The gate of [Gers et al. 2000]. Default false, as in 1997. */
  readonly forgetGate?: boolean;
  /** Default true. */
  readonly outputGate?: boolean;
  /** What feeds back: every unit, gates too; cells and conventional units; or nothing but c itself. Default "full". */
  readonly recurrence?: "full" | "cells" | "none";
  /** Which units have a bias, given `useBias`. Default "all". */
  readonly biasedUnits?: "all" | "gates";
  /** Where the gates' biases start; { start, step } goes from block to block. Default null: as `biasInitializer` says. */
  readonly gateBias?: GateBiasSpec | null;
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationSpec;
  /** g. Default 4 σ(x) − 2 = 2 tanh(x / 2). */
  readonly cellActivation?: ActivationSpec;
  /** h. Default 2 σ(x) − 1 = tanh(x / 2). */
  readonly outputActivation?: ActivationSpec;
  /**
   * Errors go back in time through c alone, as published in 1997: what units read of y(t − 1) passes none on, though the weights
   * it comes through learn. The outputs stay the same. Default false: the exact gradient.
   */
  readonly truncatedGradient?: boolean;
}

/** The names of `MemoryBlocksCellOptions`. */
export const memoryBlocksCellNames: NamesOf<MemoryBlocksCellOptions> = {
  ...cellNames,
  units: true,
  cellsPerBlock: true,
  hiddenUnits: true,
  inputGate: true,
  forgetGate: true,
  outputGate: true,
  recurrence: true,
  biasedUnits: true,
  gateBias: true,
  recurrentActivation: true,
  cellActivation: true,
  outputActivation: true,
  truncatedGradient: true,
};

/** Parts of the weights along their last axis: the gates and g of the cells, then the conventional units. */
export type BlockName = GateName | "hidden";

/**
 * One step of the memory blocks of [Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735]: S cells share the gates of
 * their block, every unit of the hidden layer reads every other one, and there is no forget gate unless asked for.
 *
 *     y_k = σ(W_k x + R_k y + b_k)      k an input, forget or output gate, one for each block, or a conventional unit (`activation`)
 *     c' = y_f c + y_i g(W_g x + R_g y + b_g)      y_c = y_o h(c')      for the cells of the block
 *     g(x) = 4 σ(x) − 2      h(x) = 2 σ(x) − 1
 *
 * Shapes: x [B, I]; with N blocks of S cells and u conventional units, hiddenState [B, NS + u] is y of the cells, then of the
 * conventional units, cellState [B, NS], and gates [B, G], G = N for each kind of gate, part of the state with recurrence "full".
 * W = kernel [I, G + NS + u] with its columns in the order i f g o, conventional units; R = recurrentKernel with the same columns
 * and rows for cells, conventional units and, when "full", gates; b = bias [columns], or [G] with biasedUnits "gates".
 *
 * With `truncatedGradient` every ∂net_k(t) / ∂y_u(t − 1) counts as 0 [appendix A.1], and ∂c' / ∂c = y_f (1 without forget gates): the
 * constant error carousel alone carries errors back. `truncatedRtrl` computes the same gradient forwards.
 */
export class MemoryBlocksCell extends Cell<MemoryBlocksCellOptions, MemoryBlocksState> {
  readonly type: string = "MemoryBlocksCell";
  readonly stateShapes: Readonly<Record<keyof MemoryBlocksState, Shape>>;
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel: Parameter | null = null;
  bias: Parameter | null = null;
  /** Where each part of the weights begins and how long it is. */
  readonly parts: ReadonlyMap<BlockName, { readonly at: number; readonly length: number }>;
  private readonly blocks: number;

  constructor(options: MemoryBlocksCellOptions) {
    super(options, "memoryBlocksCell");
    const { recurrentActivation: _, ...rest } = options;
    this.settings = cellSettings(rest, "MemoryBlocks");
    const { units, cellsPerBlock = 1, hiddenUnits = 0, recurrence = "full" } = options;
    const { inputGate = true, forgetGate = false, outputGate = true } = options;
    checkOptions(options);
    this.blocks = units / cellsPerBlock;
    const sizes: readonly (readonly [BlockName, number])[] = [
      ["input", inputGate ? this.blocks : 0],
      ["forget", forgetGate ? this.blocks : 0],
      ["candidate", units],
      ["output", outputGate ? this.blocks : 0],
      ["hidden", hiddenUnits],
    ];
    let at = 0;
    const parts = sizes.map(([name, length]) => {
      at += length;
      return [name, { at: at - length, length }] as const;
    });
    this.parts = new Map(parts.filter(([, { length }]) => length > 0));
    const { gateBias } = options;
    if (gateBias) checkGateBias(gateBias, this.biased, "MemoryBlocks");
    const gates = this.gates.length * this.blocks;
    this.stateShapes = {
      hiddenState: [units + hiddenUnits],
      cellState: [units],
      ...(recurrence === "full" && gates > 0 && { gates: [gates] }),
    };
  }

  private get gates(): readonly BlockName[] {
    return [...this.parts.keys()].filter((name) => name !== "candidate" && name !== "hidden");
  }

  /** The parts that have a bias. */
  get biased(): readonly BlockName[] {
    const { useBias = true, biasedUnits = "all" } = this.options;
    if (!useBias) return [];
    return biasedUnits === "gates" ? this.gates : [...this.parts.keys()];
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { kernel, recurrentKernel, bias } = this.settings;
    const { recurrence = "full" } = this.options;
    const columns = this.lengthOf([...this.parts.keys()]);
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), columns], kernel);
    if (recurrence !== "none") {
      const rows = recurrence === "full" ? columns : this.lengthOf(["candidate", "hidden"]);
      this.recurrentKernel = this.addParameter("recurrentKernel", [rows, columns], recurrentKernel);
    }
    const biases = this.lengthOf(this.biased);
    if (biases > 0) this.bias = this.addParameter("bias", [biases], { ...bias, adjust: (initial) => this.startBias(initial) });
  }

  private startBias(bias: Float64Array): void {
    const { gateBias } = this.options;
    if (!gateBias) return;
    const places = new Map<GateName, { at: number; length: number }>();
    let at = 0;
    for (const name of this.biased) {
      const { length } = this.parts.get(name) as { length: number };
      if (name !== "hidden") places.set(name, { at, length });
      at += length;
    }
    startGateBias(gateBias, bias, places, new RandomStream(this.randomKey("gateBias", 0)));
  }

  private lengthOf(names: readonly BlockName[]): number {
    return names.reduce((total, name) => total + (this.parts.get(name)?.length ?? 0), 0);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, { ...this.settings, units: this.lengthOf(["candidate", "hidden"]) }, 1);
  }

  step(x: Tensor, state: State & MemoryBlocksState, dropout: StepDropout = noDropout): MemoryBlocksState {
    const { recurrentActivation = "sigmoid", cellActivation = twice, outputActivation = once } = this.options;
    const z = this.preActivations(x, state, dropout);
    const gate = (name: BlockName): Tensor | null => {
      const open = z.get(name);
      return open ? activateBy(recurrentActivation, open) : null;
    };
    const [i, f, o] = [gate("input"), gate("forget"), gate("output")];
    const g = activateBy(cellActivation, z.get("candidate") as Tensor);
    reportGates(() => ({
      ...(i && { inputGate: i }),
      ...(f && { forgetGate: f }),
      cellCandidate: g,
      ...(o && { outputGate: o }),
    }));
    const cellState = add(this.shared(f, state.cellState), this.shared(i, g));
    const cells = this.shared(o, activateBy(outputActivation, cellState));
    const hidden = z.get("hidden");
    const gates = [i, f, o].filter((each) => each !== null);
    return {
      hiddenState: hidden ? concat([cells, activateBy(this.settings.activation, hidden)]) : cells,
      cellState,
      ...("gates" in this.stateShapes && { gates: concat(gates) }),
    };
  }

  /** W x + R y + b by part. */
  private preActivations(x: Tensor, state: State & MemoryBlocksState, dropout: StepDropout): ReadonlyMap<BlockName, Tensor> {
    const h = dropped(state.hiddenState, dropout.recurrent[0]);
    const fed = state.gates ? concat([h, state.gates]) : h;
    const y = this.options.truncatedGradient ? stopGradient(fed) : fed;
    const all = this.biased.length === this.parts.size;
    const fromInput = linear(dropped(x, dropout.input), this.kernel.tensor, all ? (this.bias?.tensor ?? null) : null);
    const sum = this.recurrentKernel ? add(fromInput, matmul(y, this.recurrentKernel.tensor)) : fromInput;
    const z = new Map<BlockName, Tensor>();
    for (const [name, { at, length }] of this.parts) z.set(name, slice(sum, at, at + length, { axis: 1 }));
    if (all || !this.bias) return z;
    for (const [k, name] of this.biased.entries()) {
      z.set(name, add(z.get(name) as Tensor, slice(this.bias.tensor, k * this.blocks, (k + 1) * this.blocks)));
    }
    return z;
  }

  /** Each block's gate times the cells of the block.   gate [B, N], cells [B, NS] */
  private shared(gate: Tensor | null, cells: Tensor): Tensor {
    if (!gate) return cells;
    const B = cells.shape[0] as number;
    const { blocks } = this;
    const product = multiply(reshape(gate, [B, blocks, 1]), reshape(cells, [B, blocks, this.settings.units / blocks]));
    return reshape(product, cells.shape);
  }
}

/** 4 σ(x) − 2 and 2 σ(x) − 1, in the form that keeps its digits near 0. */
export const twice: ActivationSpec = { type: "scaledTanh", alpha: 2, beta: 0.5 };
export const once: ActivationSpec = { type: "scaledTanh", alpha: 1, beta: 0.5 };

function checkOptions(options: MemoryBlocksCellOptions): void {
  const { units, cellsPerBlock = 1, hiddenUnits = 0, recurrence = "full", biasedUnits = "all" } = options;
  const { recurrentActivation = "sigmoid", cellActivation = twice, outputActivation = once } = options;
  const fail = (what: string, rule: string): never => {
    throw new ValueError(`Cannot make MemoryBlocks with ${what}: ${rule}.`);
  };
  checkCount(cellsPerBlock, "MemoryBlocks", "cellsPerBlock");
  if (units % cellsPerBlock !== 0) fail(`${units} units of ${cellsPerBlock} a block`, "units is a multiple of cellsPerBlock");
  if (hiddenUnits !== 0) checkCount(hiddenUnits, "MemoryBlocks", "hiddenUnits");
  if (!["full", "cells", "none"].includes(recurrence)) fail(`recurrence "${recurrence}"`, 'it is "full", "cells" or "none"');
  if (!["all", "gates"].includes(biasedUnits)) fail(`biasedUnits "${biasedUnits}"`, 'they are "all" or "gates"');
  checkActivationSpec(recurrentActivation, "MemoryBlocks", "recurrentActivation");
  checkActivationSpec(cellActivation, "MemoryBlocks", "cellActivation");
  checkActivationSpec(outputActivation, "MemoryBlocks", "outputActivation");
}

/**
 * One step of memory blocks with weights of its own.
 * @example rnn(memoryBlocksCell({ units: 4, cellsPerBlock: 2 }))
 */
export function memoryBlocksCell(options: MemoryBlocksCellOptions): MemoryBlocksCell {
  return new MemoryBlocksCell(knownOptions("MemoryBlocksCell", options, memoryBlocksCellNames));
}

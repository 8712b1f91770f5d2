import { add, multiply } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { split } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { type LinearTerms, type LogLinearTerms, lastStep, parallelInput, runLinear, runLogLinear } from "../linear-recurrence.ts";
import type { NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import type { SequenceResult } from "../scan.ts";
import { Cell, dropped, type HiddenState, noDropout, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, type InputCellOptions, inputCellNames } from "./cell-options.ts";
import type { CandidateActivation } from "./positive.ts";

/** Options of the cells of minGRU and minLSTM. */
export interface MinimalCellOptions extends InputCellOptions {
  /** Of the candidate. "positive" is the paper's g(v) = v + ½ for v ≥ 0, σ(v) below. Default "positive". */
  readonly activation?: CandidateActivation;
}

/** The names of `MinimalCellOptions`. */
export const minimalCellNames: NamesOf<MinimalCellOptions> = { ...inputCellNames, activation: true };

/** What minGRU and minLSTM share [Feng et al. 2024, arXiv:2410.01201]: gates and candidate read x alone, so a step is linear in h. */
export abstract class MinimalCell extends Cell<MinimalCellOptions, HiddenState> {
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: CellSettings;
  readonly activation: CandidateActivation;
  /** Blocks of the kernel. */
  abstract readonly blocks: number;
  kernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: MinimalCellOptions, defaultName: string, type: string) {
    super(options, defaultName);
    const { activation = "positive", ...rest } = options;
    this.settings = cellSettings({ ...rest, ...(activation !== "positive" && { activation }) }, type);
    this.activation = activation;
    this.stateShapes = { hiddenState: [options.units] };
  }

  /** From the blocks of W x + b, each [..., H]: what is kept of h, and what is added. */
  abstract terms(blocks: readonly Tensor[]): LinearTerms;

  /** Their logarithms, with the activation "positive". */
  abstract logTerms(blocks: readonly Tensor[]): LogLinearTerms;

  /** W x + b in blocks, for x [..., I]. */
  project(x: Tensor): readonly Tensor[] {
    return split(linear(x, this.kernel.tensor, this.bias?.tensor ?? null), this.blocks);
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), this.blocks * units], kernel);
    if (useBias) this.bias = this.addParameter("bias", [this.blocks * units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 0);
  }

  step(x: Tensor, { hiddenState: h }: HiddenState, dropout: StepDropout = noDropout): HiddenState {
    const { keep, gain } = this.terms(this.project(dropped(x, dropout.input)));
    return { hiddenState: add(multiply(keep, h), gain) };
  }
}

/** Options of minGRU and minLSTM. */
export interface MinimalOptions extends MinimalCellOptions, RecurrentOptions {
  /**
   * Run all steps in log space, as the paper does; it takes several times as long for the same numbers, since the linear scan is as
   * safe for factors in [0, 1]. Only with the activation "positive". Default false.
   */
  readonly logSpace?: boolean;
}

/** The names of `MinimalOptions`. */
export const minimalNames: NamesOf<MinimalOptions> = { ...minimalCellNames, ...recurrentNames, logSpace: true };

/** A minimal cell over a sequence, all steps at once. */
export abstract class MinimalLayer extends RecurrentLayer<MinimalOptions, HiddenState> {
  abstract override readonly cell: MinimalCell;

  constructor(options: MinimalOptions, defaultName: string, type: string) {
    super(options, defaultName);
    const { activation = "positive", logSpace = false } = options;
    if (logSpace && activation !== "positive") {
      throw new ValueError(
        `Cannot make ${type} in log space with activation "${activation}": candidates must be above 0. Use "positive", or leave logSpace out.`,
      );
    }
  }

  protected override fused(sequence: Tensor, { hiddenState }: HiddenState, mask: Tensor | null): SequenceResult<HiddenState> {
    const { cell, options } = this;
    const { x, uses } = parallelInput(sequence, mask, options);
    const blocks = cell.project(x);
    const h = options.logSpace
      ? runLogLinear(cell.logTerms(blocks), hiddenState, uses)
      : runLinear(cell.terms(blocks), hiddenState, uses);
    const last = lastStep(h, hiddenState);
    return { output: options.returnSequences ? h : last, state: { hiddenState: last } };
  }
}

import { multiply } from "../../autograd/ops/elementwise.ts";
import { layerNorm } from "../../autograd/ops/layer-norm.ts";
import { expandDims, reshape, reverse } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerOptions, State, SymbolicShape } from "../layer.ts";
import { lastStep } from "../linear-recurrence.ts";
import { layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions } from "../recurrent-layer.ts";
import type { SequenceResult } from "../scan.ts";
import { Cell } from "./cell.ts";
import { checkCount } from "./cell-options.ts";
import { checkHeads } from "./heads.ts";

/** Options of the xLSTM blocks. */
export interface XLSTMBlockOptions extends LayerOptions {
  /** Heads of the cell inside. Default 1; the authors take 4. */
  readonly heads?: number;
  /** K: steps that the causal convolution before the gates reads. Default 4. */
  readonly convolutionLength?: number;
}

/** The names of `XLSTMBlockOptions`. */
export const xLstmBlockNames: NamesOf<XLSTMBlockOptions> = { ...layerNames, heads: true, convolutionLength: true };

/** The guard of the normalisations. */
export const EPSILON = 1e-5; // of the norms, the authors'

/**
 * What the two residual blocks of xLSTM share [Beck et al. 2024, arXiv:2405.04517]. A block keeps the shape of what it reads, [B, D],
 * so it has no units of its own, and blocks can be stacked: rnn([…]).
 */
export abstract class XLSTMBlockCell<O extends XLSTMBlockOptions> extends Cell<O> {
  readonly heads: number;
  readonly convolutionLength: number;
  protected features = 0;

  constructor(options: O, defaultName: string, type: string) {
    super(options, defaultName);
    const { heads = 1, convolutionLength = 4 } = options;
    checkCount(heads, type, "heads");
    checkCount(convolutionLength, type, "convolutionLength");
    this.heads = heads;
    this.convolutionLength = convolutionLength;
  }

  /** Units of the cell inside, which its heads share. */
  protected abstract innerWidth(features: number): number;

  /** State parts beside hiddenState, which is what the block shows, for D features. */
  protected abstract innerShapes(features: number): Readonly<Record<string, Shape>>;

  /** T steps from a state: what each shows [B, T, D], and the state after them. hiddenState is the caller's to set. */
  abstract read(x: Tensor, state: State): { y: Tensor; state: State };

  /** Known once an input is. */
  get stateShapes(): Readonly<Record<string, Shape>> {
    return { hiddenState: [this.features], ...this.innerShapes(this.features) };
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    this.features = this.featuresOf(inputs);
    checkHeads(this.heads, this.innerWidth(this.features), this.type);
    return super.outputShape(inputs);
  }

  step(x: Tensor, state: State): State {
    const { y, state: after } = this.read(expandDims(x, 1), state);
    return { ...after, hiddenState: lastStep(y, x) };
  }

  protected scaleParameter(name: string, size: number): Parameter {
    return this.addParameter(name, [size], { initializer: "ones" });
  }

  /** Norm of each head's part of h [..., H], then a scale for each unit. */
  protected headNorm(h: Tensor, scale: Tensor): Tensor {
    const width = h.shape.at(-1) as number;
    const byHead = reshape(h, [...h.shape.slice(0, -1), this.heads, width / this.heads]);
    return multiply(reshape(layerNorm(byHead, null, null, EPSILON), h.shape), scale);
  }
}

/** A block over a sequence: all that does not read the past at once; step by step where there is a mask. */
export abstract class XLSTMBlockLayer<O extends XLSTMBlockOptions & RecurrentOptions> extends RecurrentLayer<O> {
  abstract override readonly cell: XLSTMBlockCell<XLSTMBlockOptions>;

  protected override fused(sequence: Tensor, initial: State, mask: Tensor | null): SequenceResult<State> | null {
    if (mask || sequence.shape[1] === 0) return null;
    const { y, state } = this.cell.read(this.options.goBackwards ? reverse(sequence, 1) : sequence, initial);
    const hiddenState = lastStep(y, initial.hiddenState as Tensor);
    return { output: this.options.returnSequences ? y : hiddenState, state: { ...state, hiddenState } };
  }
}

import { convolution } from "../../autograd/ops/convolution.ts";
import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ValueError } from "../../errors.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerOptions, SymbolicShape } from "../layer.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { type ActivationSpec, activateBy, checkActivationSpec } from "./activation-spec.ts";
import { checkActivation, checkCount } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import { GridCell } from "./grid-cell.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** Window sizes of the convolutions of each branch, one behind the other. */
export type InceptionBranches = readonly (readonly number[])[];

const versions: Readonly<Record<1 | 2, InceptionBranches>> = {
  1: [[1], [3], [5]],
  2: [[1], [3], [3, 3]],
};

/** clip(0.2 x + 0.5, 0, 1), the hard sigmoid of Keras 1. */
export const steepSigmoid: ActivationSpec = { type: "hardSigmoid", alpha: 0.2 };

/** Options of `inceptionLstmCell`. */
export interface InceptionLSTMCellOptions extends LayerOptions {
  /** C, channels of each branch; h and c have as many for each of them: 3C. */
  readonly filters: number;
  /** 1: windows of 1, 3 and 5; 2: the 5 × 5 window is two of 3 × 3, one behind the other. Default 1. */
  readonly version?: 1 | 2;
  /** Other branches than those of `version`. */
  readonly branches?: InceptionBranches;
  /** Between the two windows of version 2, which the paper leaves open. Default "linear". */
  readonly innerActivation?: ActivationName;
  /** Of the candidate, and of c on its way out. Default "tanh". */
  readonly activation?: ActivationName;
  /** Of the gates. Default clip(0.2 x + 0.5, 0, 1), as in the authors' code. */
  readonly recurrentActivation?: ActivationSpec;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerSpec;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerSpec;
}

const inceptionLstmCellNames: NamesOf<InceptionLSTMCellOptions> = {
  ...layerNames,
  filters: true,
  version: true,
  branches: true,
  innerActivation: true,
  activation: true,
  recurrentActivation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
};

interface Convolved {
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
}

/**
 * One step of the Inception LSTM [Hosseini et al. 2019, arXiv:1909.05622]: each gate looks through windows of several sizes.
 *
 *     i = [σ(W_i1 ∗ X + b_i1); σ(W_i3 ∗ X + b_i3); σ(W_i5 ∗ X + b_i5)]      X = [x; h], f and o alike, g with tanh
 *     c' = f ⊙ c + i ⊙ g                                                   h' = o ⊙ tanh(c')
 *
 * Shapes: x [B, height, width, I], h and c [B, height, width, NC] for N branches; branch n: kernel [k, k, I + NC, 4C], rows of x first,
 * bias [4C], blocks i f g o; its second window: kernel2 [k, k, C, 4C] and bias2, in which block k reads block k of the first.
 * With the one branch [3] it is the ConvLSTM.
 */
export class InceptionLSTMCell extends GridCell<InceptionLSTMCellOptions> {
  readonly type: string = "InceptionLSTMCell";
  private readonly layout: InceptionBranches;
  private branches: readonly (readonly Convolved[])[] = [];

  constructor(options: InceptionLSTMCellOptions) {
    const { filters, version = 1, branches = versions[version] } = options;
    super(options, "inceptionLstmCell", 2, filters * (branches?.length ?? 1));
    checkCount(filters, "InceptionLSTM", "filters");
    if (!branches) throw new ValueError(`Cannot make InceptionLSTM with version ${String(version)}: it is 1 or 2.`);
    if (branches.length === 0 || branches.some((sizes) => sizes.length === 0)) {
      throw new ValueError(
        "Cannot make InceptionLSTM with a branch of no windows: give each at least one size, as in [[1], [3], [3, 3]].",
      );
    }
    for (const size of branches.flat()) checkCount(size, "InceptionLSTM", "a window of");
    checkActivation(options.innerActivation ?? "linear", "InceptionLSTM", "innerActivation");
    checkActivation(options.activation ?? "tanh", "InceptionLSTM", "activation");
    checkActivationSpec(options.recurrentActivation ?? steepSigmoid, "InceptionLSTM", "recurrentActivation");
    this.layout = branches;
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { filters, useBias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = this.options;
    this.branches = this.layout.map((sizes, n) =>
      sizes.map((size, place) => {
        const path = (name: string): string => `branch${n}/${name}${place > 0 ? place + 1 : ""}`;
        const inputs = place === 0 ? (x.at(-1) as number) + this.channels : filters;
        return {
          kernel: this.addParameter(path("kernel"), [size, size, inputs, 4 * filters], { initializer: kernelInitializer }),
          bias: useBias ? this.addParameter(path("bias"), [4 * filters], { initializer: biasInitializer }) : null,
        };
      }),
    );
  }

  /** The four blocks of one branch before their activations, each [B, height, width, C]. */
  private blocksOf([first, ...more]: readonly Convolved[], X: Tensor): Tensor[] {
    const { kernel, bias } = first as Convolved;
    const { innerActivation = "linear" } = this.options;
    const z = split(convolution(X, kernel.tensor, bias?.tensor ?? null, { padding: "same" }), 4);
    return more.reduce((blocks, next) => {
      const kernels = split(next.kernel.tensor, 4);
      const biases = next.bias ? split(next.bias.tensor, 4) : [];
      return blocks.map((block, k) =>
        convolution(activate(innerActivation, block), kernels[k] as Tensor, biases[k] ?? null, { padding: "same" }),
      );
    }, z);
  }

  step(x: Tensor, { hiddenState: h, cellState: c }: LSTMState): LSTMState {
    const { activation = "tanh", recurrentActivation = steepSigmoid } = this.options;
    const X = concat([x, h]);
    const branches = this.branches.map((branch) => this.blocksOf(branch, X));
    const joined = (k: number): Tensor => concat(branches.map((blocks) => blocks[k] as Tensor));
    const [i, f, o] = [0, 1, 3].map((k) => activateBy(recurrentActivation, joined(k))) as [Tensor, Tensor, Tensor];
    const g = activate(activation, joined(2));
    reportGates(() => ({ inputGate: i, forgetGate: f, cellCandidate: g, outputGate: o }));
    const cellState = add(multiply(f, c), multiply(i, g));
    return { hiddenState: multiply(o, activate(activation, cellState)), cellState };
  }
}

/** Options of `inceptionLstm`. */
export interface InceptionLSTMOptions extends InceptionLSTMCellOptions, RecurrentOptions {}

const inceptionLstmNames: NamesOf<InceptionLSTMOptions> = { ...inceptionLstmCellNames, ...recurrentNames };

/** The Inception LSTM over a sequence of images. Equations: see `InceptionLSTMCell`. */
export class InceptionLSTM extends RecurrentLayer<InceptionLSTMOptions, LSTMState> {
  readonly type: string = "InceptionLSTM";
  readonly cell: InceptionLSTMCell;

  constructor(options: InceptionLSTMOptions) {
    super(options, "inceptionLstm");
    this.cell = new InceptionLSTMCell(options);
  }
}

/** One Inception LSTM step with weights of its own. @example rnn(inceptionLstmCell({ filters: 16, version: 2 })) */
export function inceptionLstmCell(options: InceptionLSTMCellOptions): InceptionLSTMCell {
  return new InceptionLSTMCell(knownOptions("InceptionLSTMCell", options, inceptionLstmCellNames));
}

/**
 * An Inception LSTM over images: [B, T, h, w, I] → [B, h, w, 3 · filters], or each step's with `returnSequences`.
 * @throws {ValueError} for a value outside its rule; {ShapeError} when a size other than batch and time is unknown.
 * @example inceptionLstm({ filters: 16, version: 2 })
 */
export function inceptionLstm(options: InceptionLSTMOptions): InceptionLSTM {
  return new InceptionLSTM(knownOptions("InceptionLSTM", options, inceptionLstmNames));
}

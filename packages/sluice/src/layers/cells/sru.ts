import { activate, add, multiply, sigmoid, subtract } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { withoutPadding } from "../linear-recurrence.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions } from "../recurrent-layer.ts";
import { type SequenceResult, scan } from "../scan.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellSettings } from "./cell-options.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** `activation` is "linear" by default, and the weights on c start between ±√1.5. */
export interface SRUCellOptions extends Omit<CellOptions, "recurrentDropout"> {
  /** Where the bias of the highway gate starts; below 0 lets x through at first. Default 0. */
  readonly highwayBias?: number;
  /** Multiply the highway's x by α = √(1 + 2 exp(highwayBias)), so that signals keep their size through many layers. Default true. */
  readonly rescale?: boolean;
}

/**
 * One step of the simple recurrent unit [Lei et al. 2018, arXiv:1709.02755]: all products with x can be taken at once, and the step
 * that is left works element by element.
 *
 *     f = σ(W_f x + v_f ⊙ c + b_f)      c' = f ⊙ c + (1 − f) ⊙ W x
 *     r = σ(W_r x + v_r ⊙ c + b_r)      h' = r ⊙ g(c') + (1 − r) ⊙ α x̂
 *
 * x̂ is x itself where it has H features, and W_s x otherwise; g is the identity unless `activation` says otherwise.
 * Shapes: x [B, I], h and c [B, H]; W = kernel [I, 3H], blocks candidate f r, or [I, 4H] with W_s as the fourth; v = recurrentKernel
 * [2H] and b = bias [2H], blocks f r.
 */
export class SRUCell extends Cell<SRUCellOptions, LSTMState> {
  readonly type: string = "SRUCell";
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  readonly settings: CellSettings;
  private readonly scale: number;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: SRUCellOptions) {
    super(options, "sruCell");
    const spread = { type: "randomUniform", min: -Math.sqrt(1.5), max: Math.sqrt(1.5) } as const;
    this.settings = cellSettings({ activation: "linear", recurrentInitializer: spread, ...options }, "SRU");
    this.stateShapes = { hiddenState: [options.units], cellState: [options.units] };
    const { highwayBias = 0, rescale = true } = options;
    this.scale = rescale ? Math.sqrt(1 + 2 * Math.exp(highwayBias)) : 1;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const features = this.featuresOf(inputs);
    this.kernel = this.addParameter("kernel", [features, (features === units ? 3 : 4) * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [2 * units], recurrentKernel);
    if (!useBias) return;
    const { highwayBias = 0 } = this.options;
    const adjust = (initial: Float64Array): void => {
      for (let j = units; j < 2 * units; j++) initial[j] = (initial[j] as number) + highwayBias;
    };
    this.bias = this.addParameter("bias", [2 * units], { ...bias, adjust });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, { ...this.settings, recurrentDropout: 0 }, 0);
  }

  /** Everything x [..., I] gives: candidate, f, r and the highway's x [..., 4H]. */
  project(x: Tensor): Tensor {
    const products = linear(x, this.kernel.tensor);
    return this.kernel.tensor.shape[1] === 3 * this.settings.units ? concat([products, x]) : products;
  }

  /** The step after `project`: u [B, 4H]. */
  advance(u: Tensor, { cellState: c }: LSTMState): LSTMState {
    const [candidate, xf, xr, skip] = split(u, 4) as [Tensor, Tensor, Tensor, Tensor];
    const gates = add(concat([xf, xr]), multiply(concat([c, c]), this.recurrentKernel.tensor));
    const [f, r] = split(sigmoid(this.bias ? add(gates, this.bias.tensor) : gates), 2) as [Tensor, Tensor];
    const cellState = add(multiply(f, c), multiply(subtract(1, f), candidate));
    const shown = multiply(r, activate(this.settings.activation, cellState));
    return { hiddenState: add(shown, multiply(subtract(1, r), multiply(skip, this.scale))), cellState };
  }

  step(x: Tensor, state: LSTMState, dropout: StepDropout = noDropout): LSTMState {
    return this.advance(this.project(dropped(x, dropout.input)), state);
  }
}

export interface SRUOptions extends SRUCellOptions, RecurrentOptions {}

/** The simple recurrent unit over a sequence: one product for all steps, then the step itself. Equations: see `SRUCell`. */
export class SRU extends RecurrentLayer<SRUOptions, LSTMState> {
  readonly type: string = "SRU";
  readonly cell: SRUCell;

  constructor(options: SRUOptions) {
    super(options, "sru");
    this.cell = new SRUCell(options);
  }

  protected override fused(x: Tensor, initial: LSTMState, mask: Tensor | null): SequenceResult<LSTMState> {
    const { returnSequences = false, goBackwards = false } = this.options;
    const output = (state: LSTMState): Tensor => this.cell.output(state);
    const projected = this.cell.project(withoutPadding(x, mask));
    return scan((u, state: LSTMState) => this.cell.advance(u, state), initial, projected, {
      mask,
      output,
      goBackwards,
      returnSequences,
    });
  }
}

/** One step of the simple recurrent unit with weights of its own. @example rnn(sruCell({ units: 32 })) */
export function sruCell(options: SRUCellOptions): SRUCell {
  return new SRUCell(options);
}

/** A layer of simple recurrent units: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example sru({ units: 32 }) */
export function sru(options: SRUOptions): SRU {
  return new SRU(options);
}

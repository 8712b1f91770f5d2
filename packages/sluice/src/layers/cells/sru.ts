import { earlier } from "../../autograd/ops/associative-scan.ts";
import { dropoutMask } from "../../autograd/ops/dropout.ts";
import { activate, add, multiply, sigmoid, subtract } from "../../autograd/ops/elementwise.ts";
import { layerNorm as normalize } from "../../autograd/ops/layer-norm.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, expandDims, split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { heldInputs, lastStep, parallelInput } from "../linear-recurrence.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { type SequenceResult, scan } from "../scan.ts";
import { checkChoice } from "../window-options.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount, checkRate } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** `activation` is "linear" by default, and the weights on c start between ±√1.5. `recurrentDropout` acts on c where f and r read it. */
export interface SRUCellOptions extends CellOptions {
  /** Where the bias of the highway gate starts; below 0 lets x through at first. Default 0. */
  readonly highwayBias?: number;
  /** Multiply the highway's x by α = √(1 + 2 exp(highwayBias)), so that signals keep their size through many layers. Default true. */
  readonly rescale?: boolean;
  /** Let x past the gate r; false shows r ⊙ g(c') alone. Default true. */
  readonly highway?: boolean;
  /** n: read x through a matrix of n columns, which has fewer weights when n is small. Default null: at full rank. */
  readonly projection?: number | null;
  /** Normalise what the products read ("before"; the highway still takes x), or what the cell shows ("after"). Default null. */
  readonly layerNorm?: "before" | "after" | null;
  /** Share of the gate r taken as 0 in training: one mask a call, the same at all steps; a dropped unit shows α x̂ alone. Default 0. */
  readonly outputDropout?: number;
}

const sruCellNames: NamesOf<SRUCellOptions> = {
  ...cellNames,
  highwayBias: true,
  rescale: true,
  highway: true,
  projection: true,
  layerNorm: true,
  outputDropout: true,
};

const LAYER_NORM_EPSILON = 1e-5; // of the authors' package

/**
 * One step of the simple recurrent unit [Lei et al. 2018, arXiv:1709.02755]: all products with x can be taken at once, and the step
 * that is left works element by element.
 *
 *     f = σ(W_f x + v_f ⊙ c + b_f)      c' = f ⊙ c + (1 − f) ⊙ W x
 *     r = σ(W_r x + v_r ⊙ c + b_r)      h' = r ⊙ g(c') + (1 − r) ⊙ α x̂
 *
 * x̂ is x itself where it has H features, and W_s x otherwise; g is the identity unless `activation` says otherwise.
 * Options of the authors' package: a `projection` puts W (P x) for every W x; `layerNorm` "before" puts LN(x) for the x of every
 * product, "after" shows LN(h'); without `highway` h' = r ⊙ g(c').
 * Shapes: x [B, I], h and c [B, H]; W = kernel [I, 3H], blocks candidate f r, or [I, 4H] with W_s as the fourth; v = recurrentKernel
 * [2H] and b = bias [2H], blocks f r; P = projectionKernel [I, n], and W then has n rows; normGain and normShift [I] or [H].
 */
export class SRUCell extends Cell<SRUCellOptions, LSTMState> {
  readonly type: string = "SRUCell";
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  readonly settings: CellSettings;
  private readonly scale: number;
  private projectionKernel: Parameter | null = null;
  private norm: { readonly gain: Parameter; readonly shift: Parameter } | null = null;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: SRUCellOptions) {
    super(options, "sruCell");
    const spread = { type: "randomUniform", min: -Math.sqrt(1.5), max: Math.sqrt(1.5) } as const;
    this.settings = cellSettings({ activation: "linear", recurrentInitializer: spread, ...options }, "SRU");
    this.stateShapes = { hiddenState: [options.units], cellState: [options.units] };
    const { highwayBias = 0, rescale = true, projection = null, layerNorm, outputDropout = 0 } = options;
    if (projection !== null) checkCount(projection, "SRU", "projection");
    if (layerNorm) checkChoice(layerNorm, ["before", "after"], "SRU", "layerNorm");
    checkRate(outputDropout, "SRU", "outputDropout");
    this.scale = rescale ? Math.sqrt(1 + 2 * Math.exp(highwayBias)) : 1;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const { highwayBias = 0, highway = true, projection, layerNorm } = this.options;
    const features = this.featuresOf(inputs);
    const blocks = highway && features !== units ? 4 : 3;
    if (projection) this.projectionKernel = this.addParameter("projectionKernel", [features, projection], kernel);
    this.kernel = this.addParameter("kernel", [projection ?? features, blocks * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [2 * units], recurrentKernel);
    if (layerNorm) {
      const width = [layerNorm === "before" ? features : units];
      const gain = this.addParameter("normGain", width, { initializer: "ones" });
      this.norm = { gain, shift: this.addParameter("normShift", width, { initializer: "zeros" }) };
    }
    if (!useBias) return;
    const adjust = (initial: Float64Array): void => {
      for (let j = units; j < 2 * units; j++) initial[j] = (initial[j] as number) + highwayBias;
    };
    this.bias = this.addParameter("bias", [2 * units], { ...bias, adjust });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    const { outputDropout = 0 } = this.options;
    const { units } = this.settings;
    const drawn = this.drawGateDropout(x, context, this.settings, 2);
    if (!context.training || outputDropout === 0) return drawn;
    const key = this.randomKey("outputDropout", context.step);
    return { ...drawn, output: dropoutMask([x[0] as number, units], outputDropout, key, this.backend) };
  }

  /** What x [..., I] gives: candidate, f and r with their biases, and the highway's x, times α; each [..., H]. */
  project(x: Tensor): { candidate: Tensor; f: Tensor; r: Tensor; skip: Tensor | null } {
    const { highway = true, layerNorm } = this.options;
    const seen = layerNorm === "before" ? this.normalized(x) : x;
    const read = this.projectionKernel ? linear(seen, this.projectionKernel.tensor) : seen;
    const products = linear(read, this.kernel.tensor);
    const own = products.shape.at(-1) === 3 * this.settings.units;
    const [candidate, f, r, skip = x] = split(products, own ? 3 : 4) as [Tensor, Tensor, Tensor, Tensor?];
    const [bf, br] = this.bias ? split(this.bias.tensor, 2) : [0, 0];
    return { candidate, f: add(f, bf as Tensor), r: add(r, br as Tensor), skip: highway ? multiply(skip, this.scale) : null };
  }

  /** c after a step, from the candidate and f beside each other [B, 2H]; the weights v_f on c [H], and the mask of the c that f reads. */
  advance(given: Tensor, c: Tensor, weight: Tensor, mask?: Tensor): Tensor {
    const [candidate, raw] = split(given, 2) as [Tensor, Tensor];
    const f = sigmoid(add(raw, multiply(dropped(c, mask), weight)));
    reportGates(() => ({ forgetGate: f, cellCandidate: candidate }));
    return add(candidate, multiply(f, subtract(c, candidate))); // f ⊙ c + (1 − f) ⊙ candidate
  }

  /** h after steps that took c to `next`, from r, which reads c, and the highway's x; the weights v_r on c [H]. All [..., H]. */
  show({ r, skip, mask }: Shown, c: Tensor, next: Tensor, weight: Tensor): Tensor {
    const open = dropped(sigmoid(add(r, multiply(c, weight))), mask);
    reportGates(() => ({ [skip ? "highwayGate" : "outputGate"]: open }));
    const g = activate(this.settings.activation, next);
    const h = skip ? add(skip, multiply(open, subtract(g, skip))) : multiply(open, g); // r ⊙ g(c') + (1 − r) ⊙ α x
    return this.options.layerNorm === "after" ? this.normalized(h) : h;
  }

  private normalized(x: Tensor): Tensor {
    return normalize(x, this.norm?.gain.tensor ?? null, this.norm?.shift.tensor ?? null, LAYER_NORM_EPSILON);
  }

  /** v_f and v_r, each [H]. */
  get stateWeights(): [Tensor, Tensor] {
    return split(this.recurrentKernel.tensor, 2) as [Tensor, Tensor];
  }

  step(x: Tensor, { cellState: c }: LSTMState, dropout: StepDropout = noDropout): LSTMState {
    const { candidate, f, r, skip } = this.project(dropped(x, dropout.input));
    const [vf, vr] = this.stateWeights;
    const [forF, forR] = dropout.recurrent;
    const cellState = this.advance(concat([candidate, f]), c, vf, forF);
    return { hiddenState: this.show({ r, skip, mask: dropout.output }, dropped(c, forR), cellState, vr), cellState };
  }
}

/** What the input gives to h: r, the highway's x if there is one, and the mask of r, if it has one. */
interface Shown {
  readonly r: Tensor;
  readonly skip: Tensor | null;
  readonly mask?: Tensor | null | undefined;
}

/** Options of `sru`. */
export interface SRUOptions extends SRUCellOptions, RecurrentOptions {}

const sruNames: NamesOf<SRUOptions> = { ...sruCellNames, ...recurrentNames };

/** The simple recurrent unit over a sequence: what reads x or shows h at all steps at once, c step by step. Equations: see `SRUCell`. */
export class SRU extends RecurrentLayer<SRUOptions, LSTMState> {
  readonly type: string = "SRU";
  readonly cell: SRUCell;

  constructor(options: SRUOptions) {
    super(options, "sru");
    this.cell = new SRUCell(options);
  }

  protected override fused(
    sequence: Tensor,
    initial: LSTMState,
    mask: Tensor | null,
    dropout: StepDropout,
  ): SequenceResult<LSTMState> {
    const { x, uses } = parallelInput(sequence, mask, this.options);
    const { candidate, f, r, skip } = this.cell.project(x);
    const [vf, vr] = this.cell.stateWeights;
    const step = (given: Tensor, { c }: { c: Tensor }) => ({ c: this.cell.advance(given, c, vf) });
    const run = scan(step, { c: initial.cellState }, concat([candidate, f]), { mask: uses, output: ({ c }) => c });
    const given = { r, skip, mask: dropout.output && expandDims(dropout.output, 1) };
    const shown = this.cell.show(given, earlier(run.output, initial.cellState), run.output, vr);
    const h = heldInputs(shown, initial.hiddenState, uses);
    const last = lastStep(h, initial.hiddenState);
    return { output: this.options.returnSequences ? h : last, state: { hiddenState: last, cellState: run.state.c } };
  }
}

/** One step of the simple recurrent unit with weights of its own. @example rnn(sruCell({ units: 32 })) */
export function sruCell(options: SRUCellOptions): SRUCell {
  return new SRUCell(knownOptions("SRUCell", options, sruCellNames));
}

/** A layer of simple recurrent units: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example sru({ units: 32 }) */
export function sru(options: SRUOptions): SRU {
  return new SRU(knownOptions("SRU", options, sruNames));
}

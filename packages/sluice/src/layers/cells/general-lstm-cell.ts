import { dropoutMask } from "../../autograd/ops/dropout.ts";
import { add, multiply, stopGradient, subtract, where } from "../../autograd/ops/elementwise.ts";
import { layerNorm } from "../../autograd/ops/layer-norm.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { broadcastTo, concat, slice, split } from "../../autograd/ops/shape.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { RandomStream } from "../../random/philox.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, State, SymbolicShape } from "../layer.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import { type ActivationSpec, activateBy, limited } from "./activation-spec.ts";
import { Cell, dropped, noDropout, recurrentProduct, type SequenceOrder, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings } from "./cell-options.ts";
import { fusedLSTM } from "./fused-lstm.ts";
import { type BiasBlocks, type GateName, startGateBias } from "./gate-bias.ts";
import { reportGates } from "./gates.ts";
import type { LSTMState } from "./lstm-cell.ts";
import { type GeneralLSTMCellOptions, type LSTMForm, lstmForm } from "./lstm-form.ts";

const LAYER_NORM_EPSILON = 1e-5; // of the paper's own code

/**
 * One step of a long short-term memory in any of its forms; `lstm` and `lstmCell` make it when an option asks for one.
 *
 *     z_k = W_k x + R_k h + b_k,   with layerNorm LN(W x) + LN(R h) + b, each over all blocks      k in i f g o
 *     i = σ(z_i + p_i c + Q_i y)      f = σ(z_f + p_f c + Q_f y), or 1 − i      g = tanh(z_g)       y = gates of t − 1
 *     c' = f ⊙ c + i ⊙ g              o = σ(z_o + p_o c' + Q_o y)               m = o ⊙ tanh(c'), with layerNorm o ⊙ tanh(LN(c'))
 *     h' = m, or W_r m                shown: h', or [h', W_p m]
 *     zoneout: h' and c' keep their old values where the mask says so, or in their share outside training
 *
 * With truncatedGradient h, y and c pass no error on where they enter a z_k. Sources: see `LSTMFormOptions`. `recurrentActivation` stands for σ, `cellActivation` for the first tanh, `outputActivation` for the second.
 * Gates that are switched off are 1 and have no weights.
 *
 * Shapes: x [B, I], c [B, H], h [B, R] with R = H or the projection; G blocks of i f g o that are there, P of them gates.
 * W = kernel [I, GH], R = recurrentKernel [R, GH], b = bias [GH]; p_k = inputPeephole, forgetPeephole, outputPeephole [H] or [H, H];
 * Q = gateKernel [PH, PH], y = gates [B, PH]; W_r, W_p side by side = projectionKernel [H, R + nonRecurrent];
 * kernelGain, recurrentGain [GH], cellGain, cellShift [H]; initialHiddenState [R], initialCellState [H].
 */
export class GeneralLSTMCell extends Cell<GeneralLSTMCellOptions, LSTMState> {
  readonly type: string = "LSTMCell";
  readonly form: LSTMForm;
  readonly settings: CellSettings;
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  /** The weights that only some forms have, by name. */
  private readonly extra = new Map<string, Parameter>();
  /** R, the size of h. */
  private readonly hiddenSize: number;

  constructor(options: GeneralLSTMCellOptions) {
    super(options, "lstmCell");
    const { recurrentActivation, ...rest } = options;
    this.settings = cellSettings(typeof recurrentActivation === "string" ? { ...rest, recurrentActivation } : rest, "LSTM");
    this.form = lstmForm(options);
    const { units } = options;
    const { projection, gateRecurrence } = this.form;
    this.hiddenSize = projection?.recurrent ?? units;
    this.stateShapes = {
      hiddenState: [this.hiddenSize],
      cellState: [units],
      ...(gateRecurrence && { gates: [this.gates.length * units] }),
      ...(projection && projection.nonRecurrent > 0 && { projected: [projection.nonRecurrent] }),
    };
  }

  /** The blocks that are gates, in order. */
  private get gates(): readonly GateName[] {
    return this.form.blocks.filter((block) => block !== "candidate");
  }

  /** The two activations with which a fused sequence computes the same, or null where the form has other equations. */
  private get plainActivations(): { readonly activation: ActivationName; readonly recurrentActivation: ActivationName } | null {
    const { blocks, gateActivation: gate, cellActivation: cell, outputActivation: output, zoneout, ...form } = this.form;
    const { peepholes, gateRecurrence, projection, cellClip, gateClip, layerNorm, candidateDropout, truncatedGradient } = form;
    const hasOthers = peepholes || gateRecurrence || projection || cellClip || gateClip || layerNorm || candidateDropout;
    if (blocks.length < 4 || truncatedGradient || hasOthers || zoneout.hidden || zoneout.cell || cell !== output) return null;
    if (typeof cell !== "string" || typeof gate !== "string") return null;
    return { activation: cell, recurrentActivation: gate };
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    const [batch = null] = super.outputShape(inputs);
    return [batch, this.hiddenSize + (this.form.projection?.nonRecurrent ?? 0)];
  }

  override output(state: State): Tensor {
    const { hiddenState, projected } = state as State & LSTMState;
    return projected ? concat([hiddenState, projected]) : hiddenState;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units: H, useBias, kernel, recurrentKernel, bias } = this.settings;
    const { blocks, peepholes, gateRecurrence, projection, layerNorm: hasNorm, learnInitialState } = this.form;
    const width = blocks.length * H;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), width], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [this.hiddenSize, width], recurrentKernel);
    if (useBias) this.bias = this.addParameter("bias", [width], { ...bias, adjust: (initial) => this.startBias(initial) });
    const extra = (name: string, shape: Shape, options = recurrentKernel): void => {
      this.extra.set(name, this.addParameter(name, shape, options));
    };
    for (const gate of peepholes ? this.gates : []) {
      if (peepholes === "full") extra(`${gate}Peephole`, [H, H]);
      else extra(`${gate}Peephole`, [H], { ...recurrentKernel, initializer: kernel.initializer });
    }
    if (gateRecurrence) extra("gateKernel", [this.gates.length * H, this.gates.length * H]);
    if (projection) extra("projectionKernel", [H, projection.recurrent + projection.nonRecurrent], kernel);
    if (hasNorm) {
      for (const [name, size] of [
        ["kernelGain", width],
        ["recurrentGain", width],
        ["cellGain", H],
      ] as const) {
        extra(name, [size], { initializer: "ones" });
      }
      extra("cellShift", [H], { initializer: "zeros" });
    }
    if (learnInitialState) {
      extra("initialHiddenState", [this.hiddenSize], { initializer: "zeros" });
      extra("initialCellState", [H], { initializer: "zeros" });
    }
  }

  /** The gates' biases as `unitForgetBias` and then `gateBias` say. */
  private startBias(bias: Float64Array): void {
    const { units } = this.settings;
    const { gateBias } = this.form;
    const { unitForgetBias = true } = this.options;
    const blocks: BiasBlocks = new Map(this.form.blocks.map((block, k) => [block, { at: k * units, length: units }]));
    const random = new RandomStream(this.randomKey("gateBias", 0));
    if (unitForgetBias) startGateBias({ forget: 1 }, bias, blocks, random);
    if (gateBias) startGateBias(gateBias, bias, blocks, random);
  }

  override initialState(x: Pick<Tensor, "shape" | "backend">): LSTMState {
    const zeros = super.initialState(x);
    const [h, c] = [this.extra.get("initialHiddenState"), this.extra.get("initialCellState")];
    if (!h || !c) return zeros;
    return {
      ...zeros,
      hiddenState: broadcastTo(h.tensor, zeros.hiddenState.shape),
      cellState: broadcastTo(c.tensor, zeros.cellState.shape),
    };
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    const { weightDrop, candidateDropout, zoneout, blocks } = this.form;
    if (!context.training) return noDropout;
    const { units } = this.settings;
    const B = x[0] as number;
    const draw = (shape: Shape, rate: number, purpose: string): Tensor =>
      dropoutMask(shape, rate, this.randomKey(purpose, context.step), this.backend);
    const R = this.recurrentKernel.tensor;
    const fixed: StepDropout = {
      ...this.drawGateDropout(x, context, { ...this.settings, units: this.hiddenSize }, blocks.length),
      ...(weightDrop > 0 && { recurrentKernel: multiply(R, draw(R.shape, weightDrop, "weightDrop")) }),
    };
    if (candidateDropout === 0 && zoneout.hidden === 0 && zoneout.cell === 0) return fixed;
    const at = (t: number): StepDropout => ({
      ...fixed,
      ...(candidateDropout > 0 && { candidate: draw([B, units], candidateDropout, `candidateDropout/${t}`) }),
      zoneout: {
        ...(zoneout.hidden > 0 && { hiddenState: draw([B, this.hiddenSize], zoneout.hidden, `zoneout/hiddenState/${t}`) }),
        ...(zoneout.cell > 0 && { cellState: draw([B, units], zoneout.cell, `zoneout/cellState/${t}`) }),
      },
    });
    return { ...fixed, at };
  }

  override sequence(
    x: Tensor,
    state: LSTMState,
    mask: Tensor | null,
    dropout: StepDropout,
    order: SequenceOrder,
  ): SequenceResult<LSTMState> | null {
    if (this.constructor !== GeneralLSTMCell) return null; // a class built on this one may step otherwise
    const activations = this.plainActivations;
    return activations && fusedLSTM(this, activations, x, state, mask, dropout, order);
  }

  step(x: Tensor, state: LSTMState, dropout: StepDropout = noDropout): LSTMState {
    const { hiddenState: h, cellState: c } = state;
    const { coupledGates, outputActivation, projection, zoneout } = this.form;
    const { i, f, g, o, next } = this.open(x, state, dropout);
    reportGates(() => ({
      ...(i && { inputGate: i }),
      ...(f && { forgetGate: f }),
      cellCandidate: g,
      ...(o && { outputGate: o }),
    }));
    const m = gated(activateBy(outputActivation, this.normalized(next)), o);
    const [r, p] = projection ? this.project(m) : [m, null];
    const gates = [i, coupledGates ? null : f, o].filter((each) => each !== null);
    return {
      hiddenState: zonedOut(h, r, zoneout.hidden, dropout.zoneout?.hiddenState),
      cellState: zonedOut(c, next, zoneout.cell, dropout.zoneout?.cellState),
      ...(this.form.gateRecurrence && { gates: concat(gates) }),
      ...(p && { projected: p }),
    };
  }

  /** The gates, the candidate and c'; null for a gate that is switched off. */
  private open(x: Tensor, state: LSTMState, dropout: StepDropout): OpenGates {
    const { cellState: c } = state;
    const { coupledGates, outputPeephole, cellActivation, gateActivation, cellClip } = this.form;
    const z = this.preActivations(x, state, dropout);
    const gate = (name: GateName, read: Tensor): Tensor | null => {
      const open = z.get(name);
      return open ? this.activated(gateActivation, plus(open, this.peephole(name, read))) : null;
    };
    const i = gate("input", c);
    const f = coupledGates && i ? subtract(1, i) : gate("forget", c);
    const g = dropped(this.activated(cellActivation, z.get("candidate") as Tensor), dropout.candidate);
    const next = limited(add(gated(c, f), gated(g, i)), cellClip);
    return { i, f, g, o: gate("output", outputPeephole === "new" ? next : c), next };
  }

  /** z_k for each block, with Q_k y for the gates, without peepholes. */
  private preActivations(x: Tensor, state: State & LSTMState, dropout: StepDropout): ReadonlyMap<GateName, Tensor> {
    const { blocks, layerNorm: hasNorm } = this.form;
    const fromState = recurrentProduct(
      this.fed(state.hiddenState),
      dropout.recurrentKernel ?? this.recurrentKernel.tensor,
      dropout.recurrent,
    );
    const seen = dropped(x, dropout.input);
    const bias = this.bias?.tensor ?? null;
    const sum = hasNorm
      ? plus(add(this.scaled(linear(seen, this.kernel.tensor), "kernelGain"), this.scaled(fromState, "recurrentGain")), bias)
      : add(linear(seen, this.kernel.tensor, bias), fromState);
    const z = new Map(split(sum, blocks.length).map((block, k) => [blocks[k] as GateName, block]));
    const gateKernel = this.extra.get("gateKernel");
    if (!gateKernel) return z;
    const fromGates = split(matmul(this.fed(state.gates as Tensor), gateKernel.tensor), this.gates.length);
    this.gates.forEach((name, k) => {
      z.set(name, add(z.get(name) as Tensor, fromGates[k] as Tensor));
    });
    return z;
  }

  /** p_k c, or null where the gate has no peephole. */
  private peephole(gate: GateName, c: Tensor): Tensor | null {
    const weight = this.extra.get(`${gate}Peephole`)?.tensor;
    if (!weight) return null;
    const read = this.fed(c);
    return weight.rank === 2 ? matmul(read, weight) : multiply(read, weight);
  }

  /** What a net input reads of the state: with the truncated gradient no error goes back through it. */
  private fed(part: Tensor): Tensor {
    return this.form.truncatedGradient ? stopGradient(part) : part;
  }

  /** W_r m and W_p m. */
  private project(m: Tensor): readonly [Tensor, Tensor | null] {
    const weight = this.extra.get("projectionKernel")?.tensor as Tensor;
    const both = matmul(m, weight);
    if (!this.form.projection?.nonRecurrent) return [both, null];
    return [slice(both, 0, this.hiddenSize, { axis: 1 }), slice(both, this.hiddenSize, undefined, { axis: 1 })];
  }

  private activated(activation: ActivationSpec, z: Tensor): Tensor {
    return activateBy(activation, limited(z, this.form.gateClip));
  }

  private scaled(z: Tensor, gain: string): Tensor {
    return layerNorm(z, this.extra.get(gain)?.tensor ?? null, null, LAYER_NORM_EPSILON);
  }

  private normalized(c: Tensor): Tensor {
    if (!this.form.layerNorm) return c;
    const [gain, shift] = [this.extra.get("cellGain"), this.extra.get("cellShift")];
    return layerNorm(c, gain?.tensor ?? null, shift?.tensor ?? null, LAYER_NORM_EPSILON);
  }
}

interface OpenGates {
  readonly i: Tensor | null;
  readonly f: Tensor | null;
  readonly g: Tensor;
  readonly o: Tensor | null;
  readonly next: Tensor;
}

/** a + b, or a where there is no b. */
function plus(a: Tensor, b: Tensor | null): Tensor {
  return b ? add(a, b) : a;
}

/** x ⊙ gate, or x where the gate is switched off. */
function gated(x: Tensor, gate: Tensor | null): Tensor {
  return gate ? multiply(x, gate) : x;
}

/** The old value where the mask is 0; without a mask, outside training, the mean over masks. */
function zonedOut(before: Tensor, next: Tensor, rate: number, mask: Tensor | undefined): Tensor {
  if (rate === 0) return next;
  return mask ? where(mask, next, before) : add(multiply(before, rate), multiply(next, 1 - rate));
}

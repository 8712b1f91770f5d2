import { dropoutMask } from "../../autograd/ops/dropout.ts";
import { multiply } from "../../autograd/ops/elementwise.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { concat, expandDims, split } from "../../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { type Shape, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, type State, type SymbolicShape } from "../layer.ts";
import type { SequenceResult } from "../scan.ts";
import { startState, zeroState } from "../state.ts";
import type { CellSettings } from "./cell-options.ts";

/** Dropout masks, drawn once a call and used at every step, so that a sequence sees one thinned network [Gal & Ghahramani 2016]; `at` adds fresh ones. */
export interface StepDropout {
  /** On x, the same for all gates; null when nothing drops. */
  readonly input: Tensor | null;
  /** On h_{t−1}, one for each gate block; empty when nothing drops. */
  readonly recurrent: readonly Tensor[];
  /** Those of the cells inside a stack. */
  readonly inner?: readonly StepDropout[];
  /** The recurrent kernel with some of its weights dropped, in the place of the cell's own. */
  readonly recurrentKernel?: Tensor;
  /** Parts of the state that keep their old value where the mask is 0, by name. */
  readonly zoneout?: Readonly<Record<string, Tensor>>;
  /** On the candidate [B, H]. */
  readonly candidate?: Tensor;
  /** On what the cell shows [B, H]. */
  readonly output?: Tensor;
  /** The masks of step t, for cells that draw some of them afresh at each step; these ones are used at all steps when left out. */
  readonly at?: (t: number) => StepDropout;
}

/** What the masks of a cell depend on. */
type DropoutSettings = Pick<CellSettings, "dropout" | "recurrentDropout" | "units">;

/** How a sequence is read, and what is shown of it; defaults as in `RecurrentOptions`. */
export interface SequenceOrder {
  readonly goBackwards?: boolean;
  readonly returnSequences?: boolean;
}

/** The steps that kernels compute as a whole. */
export type FusedStep = "lstm" | "gru" | "simpleRnn";

/** What a GRU or a simple RNN carries: h [B, H]. */
export type HiddenState = { readonly hiddenState: Tensor };

/** Nothing drops: inference. */
export const noDropout: StepDropout = { input: null, recurrent: [] };

/** The masks to use at step t. */
export function dropoutAt(dropout: StepDropout, t: number): StepDropout {
  return dropout.at?.(t) ?? dropout;
}

/** The masks of a part of the sequence that begins at step `begin` of x. */
export function dropoutFrom(dropout: StepDropout, begin: number): StepDropout {
  const { at } = dropout;
  return at && begin > 0 ? { ...dropout, at: (t) => at(begin + t) } : dropout;
}

/**
 * One time step of a recurrent layer: a layer whose `step` takes the input and the state, and gives the next state. What it
 * shows at each step is the state's `hiddenState`; the rest is what it remembers. `rnn(cell)` runs it over a sequence, with
 * masks, initial states, direction and everything else that recurrent layers do. Write `step` with operations, so that it differentiates.
 * @example
 * class LeakyCell extends Cell<LeakyOptions, HiddenState> {
 *   readonly type = "LeakyCell";
 *   readonly stateShapes = { hiddenState: [this.options.units] };
 *   private kernel!: Parameter;
 *   constructor(options: LeakyOptions) {
 *     super(options, "leakyCell");
 *   }
 *   protected override buildParameters([x]: readonly SymbolicShape[]): void {
 *     this.kernel = this.addParameter("kernel", [x?.at(-1) ?? 0, this.options.units], { initializer: "glorotUniform" });
 *   }
 *   step(x: Tensor, { hiddenState: h }: HiddenState): HiddenState {
 *     return { hiddenState: add(multiply(h, 0.9), tanh(matmul(x, this.kernel.tensor))) };
 *   }
 * }
 * registerLayer({ type: "LeakyCell", create: (options: LeakyOptions) => new LeakyCell(options) }); // so that models with it can be saved
 * const layer = rnn(new LeakyCell({ units: 8 }), { returnSequences: true });
 */
export abstract class Cell<O extends LayerOptions = LayerOptions, S extends State = State> extends Layer<O> {
  /** Shape of each part of the state, without the batch axis, in the order in which states are listed. */
  abstract readonly stateShapes: Readonly<Record<keyof S & string, Shape>>;

  /** Axes of x, batch included: 2 for cells that read vectors. */
  get inputRank(): number {
    return 2;
  }

  /** One time step: x [B, …] and the state before it → the state after it. `reportGates` names its gates for inspection. */
  abstract step(x: Tensor, state: S, dropout?: StepDropout): S;

  /**
   * All steps of x [B, T, …] in a few calls, equal to `step` at each, held where the mask is 0; null where the cell can only step.
   * Nothing is dropped of h here, and x is thinned already: see `runSequence`.
   */
  sequence(_x: Tensor, _state: S, _mask: Tensor | null, _dropout: StepDropout, _order: SequenceOrder): SequenceResult<S> | null {
    return null;
  }

  /** The fused step that computes the same as this one, where its options allow; null for a class of its own, one built on a fused cell included. */
  get fusedStep(): FusedStep | null {
    return null;
  }

  /** What the cell shows of a state: its `hiddenState`. */
  output(state: S): Tensor {
    const { hiddenState } = state;
    if (!hiddenState) {
      throw new ValueError(
        `Cannot read an output from cell "${this.name}": its state has no hiddenState. Name one part of the state hiddenState.`,
      );
    }
    return hiddenState;
  }

  /** The state a sequence starts from when none is given: zeros, unless the cell has a better one. Called inside a step. */
  initialState(x: Pick<Tensor, "shape" | "backend">): S {
    return zeroState(this.stateShapes, x);
  }

  /** Draws the masks of one call for inputs of this shape [B, …]. Cells without dropout leave it. */
  drawDropout(_x: Shape, _context: CallContext): StepDropout {
    return noDropout;
  }

  outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    if (this.inputRank === 2) this.featuresOf(inputs);
    const shapes: Readonly<Record<string, Shape>> = this.stateShapes;
    return [inputs[0]?.[0] ?? null, ...(shapes.hiddenState ?? [])];
  }

  /** One step as a layer: x [B, …], then optionally the state. */
  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    const x = inputs[0] as Tensor;
    const before: S = startState(this, this, inputs, context.state);
    const dropout = context.training ? this.drawDropout(x.shape, context) : noDropout;
    const state = this.step(x, before, dropoutAt(dropout, 0));
    return { outputs: [this.output(state)], masks: [null], state };
  }

  /** The number of features of x, for cells that read vectors. @throws {ShapeError} when x is not [batch, features]. */
  protected featuresOf(inputs: readonly SymbolicShape[]): number {
    const [x = []] = inputs;
    const features = x[1];
    const built = this.inputShapes[0]?.[1];
    if (x.length !== 2 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: a cell reads one step, [batch, ${built ?? "a known number of"} features]. ` +
          "For a sequence use rnn(cell).",
      );
    }
    return features;
  }

  /** Masks of the usual kind: one on x, and one on h for each of `gates` blocks. */
  protected drawGateDropout(x: Shape, context: CallContext, settings: DropoutSettings, gates: number): StepDropout {
    const { dropout, recurrentDropout, units } = settings;
    if (!context.training) return noDropout;
    const draw = (shape: Shape, rate: number, purpose: string): Tensor =>
      dropoutMask(shape, rate, this.randomKey(purpose, context.step), this.backend);
    const hidden = [x[0] as number, units];
    return {
      input: dropout > 0 ? draw(x, dropout, "dropout") : null,
      recurrent:
        recurrentDropout > 0
          ? Array.from({ length: gates }, (_, k) => draw(hidden, recurrentDropout, `recurrentDropout/${k}`))
          : [],
    };
  }
}

/** The cell's `sequence`, or null where the masks are other ones at each step or at each gate. */
export function runSequence<S extends State>(
  cell: Cell<LayerOptions, S>,
  x: Tensor,
  state: S,
  mask: Tensor | null,
  dropout: StepDropout,
  order: SequenceOrder,
): SequenceResult<S> | null {
  const { input, recurrent, at } = dropout;
  if (recurrent.length > 0 || at) return null;
  return cell.sequence(dropped(x, input && expandDims(input, 1)), state, mask, dropout, order);
}

/** x ⊙ mask, or x where there is no mask. */
export function dropped(x: Tensor, mask: Tensor | null | undefined): Tensor {
  return mask ? multiply(x, mask) : x;
}

/** h R, blocks side by side; with masks, the block of gate k reads h ⊙ mask_k.   h [B, H], R [H, G · H] → [B, G · H]. */
export function recurrentProduct(h: Tensor, R: Tensor, masks: readonly Tensor[]): Tensor {
  if (masks.length === 0) return matmul(h, R);
  return concat(split(R, masks.length).map((block, gate) => matmul(dropped(h, masks[gate]), block)));
}

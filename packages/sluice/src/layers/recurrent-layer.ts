import { multiply } from "../autograd/ops/elementwise.ts";
import { expandDims } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import { inStep, type Tensor } from "../tensor/tensor.ts";
import { type Cell, dropoutAt, dropoutFrom, noDropout, type StepDropout } from "./cells/cell.ts";
import {
  type BuildContext,
  type CallContext,
  type CallResult,
  type ForwardOptions,
  Layer,
  type LayerOptions,
  type LayerResult,
  type State,
  type SymbolicShape,
} from "./layer.ts";
import { layerNames, type NamesOf } from "./option-names.ts";
import { recomputed, type SegmentRun } from "./recompute.ts";
import { processingMask, type SequenceResult, scan, zeroMasked } from "./scan.ts";
import { KeptState, startState } from "./state.ts";

/** Options of every layer that runs over time; defaults as in Keras 3. */
export interface RecurrentOptions extends LayerOptions {
  /** Give every output [B, T, H] instead of the last one [B, H]. Default false. */
  readonly returnSequences?: boolean;
  /** Give the final state as further outputs: [output, …state]. `forward` returns it by name in any case. Default false. */
  readonly returnState?: boolean;
  /** Read the sequence from its end. Outputs, and the mask that goes with them, stay in processing order. Default false. */
  readonly goBackwards?: boolean;
  /** Start each call from where the last one ended, row by row, until `resetStates()`. Not saved with the model. Default false. */
  readonly stateful?: boolean;
  /** Output 0 at masked steps instead of the held hidden state. Default false. */
  readonly zeroOutputForMask?: boolean;
  /**
   * Spend time to save memory in training: keep the state at √T steps only and run the steps between two of them again on the
   * way back. For long sequences: beyond inputs and outputs memory grows as √T instead of T, and the forward pass runs twice.
   * Default false.
   */
  readonly recompute?: boolean;
}

/** The names of `RecurrentOptions`. */
export const recurrentNames: NamesOf<RecurrentOptions> = {
  ...layerNames,
  returnSequences: true,
  returnState: true,
  goBackwards: true,
  stateful: true,
  zeroOutputForMask: true,
  recompute: true,
};

/** A way to run a whole sequence; all ways give the same. */
export type SequenceRun<S extends State> = (
  x: Tensor,
  initial: S,
  mask: Tensor | null,
  dropout: StepDropout,
) => SequenceResult<S>;

/**
 * A cell run over the time axis of x [B, T, …]. Where the mask is 0 the state is held, so padding changes nothing wherever it
 * stands, and a row without any step gives the state it started from.
 */
export abstract class RecurrentLayer<O extends RecurrentOptions = RecurrentOptions, S extends State = State> extends Layer<O> {
  /** The step this layer runs, with the weights. */
  abstract readonly cell: Cell<LayerOptions, S>;
  private readonly kept = new KeptState();

  override get sublayers(): readonly Layer[] {
    return [this.cell];
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    const [x = [], ...states] = inputs;
    const [batch = null, time = null] = x;
    const { stateShapes } = this.cell;
    const names = Object.keys(stateShapes);
    this.checkSequence(x);
    if (states.length > 0 && states.length !== names.length) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on ${inputs.length} inputs: it reads the sequence, or the sequence and its initial state ${names.join(", ")}.`,
      );
    }
    const features = this.cell.outputShape([stepShape(x)]).slice(1);
    return this.options.returnSequences ? [batch, time, ...features] : [batch, ...features];
  }

  override outputShapes(inputs: readonly SymbolicShape[]): readonly SymbolicShape[] {
    const output = this.outputShape(inputs);
    if (!this.options.returnState) return [output];
    return [output, ...Object.values<Shape>(this.cell.stateShapes).map((shape) => [inputs[0]?.[0] ?? null, ...shape])];
  }

  protected override buildParameters([x]: readonly SymbolicShape[], context: BuildContext): void {
    this.cell.build([stepShape(x as SymbolicShape)], context);
  }

  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    const { recompute = false } = this.options;
    const plain: SequenceRun<S> = (...given) => this.runFused(...given) ?? this.runScan(...given);
    return this.callBy(recompute ? (...given) => this.recompute(plain, ...given) : plain, inputs, context);
  }

  /** `call`, with the sequence run by `sequence`: inspection passes a scan that writes down what it sees. */
  callBy(sequence: SequenceRun<S>, inputs: readonly Tensor[], context: CallContext): CallResult {
    const {
      returnSequences = false,
      returnState = false,
      goBackwards = false,
      stateful = false,
      zeroOutputForMask = false,
    } = this.options;
    const x = inputs[0] as Tensor;
    const mask = context.masks[0] ?? null;
    if (mask) checkMask(this, mask, x);
    const given = context.state ?? (stateful && inputs.length === 1 ? this.kept.read(this, x.shape[0] as number) : null);
    const initial: S = startState(this, this.cell, inputs, given);
    const dropout = context.training ? this.cell.drawDropout(stepShape(x.shape) as Shape, context) : noDropout;
    const result = sequence(x, initial, mask, dropout);
    if (stateful) this.kept.keep(result.state);

    const outputMask = mask && (returnSequences || zeroOutputForMask) ? processingMask(mask, goBackwards) : null;
    const output = outputMask && zeroOutputForMask ? zeroMasked(result.output, outputMask, returnSequences) : result.output;
    const states = returnState ? Object.values<Tensor>(result.state) : [];
    return {
      outputs: [output, ...states],
      masks: [returnSequences ? outputMask : null, ...states.map(() => null)],
      state: result.state,
    };
  }

  /** The whole sequence in a few calls; null where the options ask for more than they offer. Must equal the scan. */
  protected fused(x: Tensor, initial: S, mask: Tensor | null, dropout: StepDropout): SequenceResult<S> | null {
    return this.cell.sequence(x, initial, mask, dropout, this.options);
  }

  private recompute(plain: SequenceRun<S>, x: Tensor, initial: S, mask: Tensor | null, dropout: StepDropout): SequenceResult<S> {
    const { returnSequences = false, goBackwards = false } = this.options;
    const run: SegmentRun<S> = (xs, start, uses, from) => plain(xs, start, uses, dropoutFrom(dropout, from));
    return recomputed(run, x, initial, mask, {
      outputShape: this.outputShape([x.shape]) as Shape,
      returnSequences,
      goBackwards,
    });
  }

  private runFused(x: Tensor, initial: S, mask: Tensor | null, dropout: StepDropout): SequenceResult<S> | null {
    const { input, recurrent, at } = dropout;
    if (recurrent.length > 0 || at) return null;
    return this.fused(input ? multiply(x, expandDims(input, 1)) : x, initial, mask, dropout);
  }

  private runScan(x: Tensor, initial: S, mask: Tensor | null, dropout: StepDropout): SequenceResult<S> {
    const { returnSequences = false, goBackwards = false } = this.options;
    const output = (state: S): Tensor => this.cell.output(state);
    const step = (xt: Tensor, state: S, t: number): S => this.cell.step(xt, state, dropoutAt(dropout, t));
    return scan(step, initial, x, { mask, output, goBackwards, returnSequences });
  }

  override forward(x: Tensor | readonly Tensor[], options: ForwardOptions<S> = {}): LayerResult<S> {
    return super.forward(x, options) as LayerResult<S>;
  }

  /**
   * One time step, for streams: x [B, …] and the state before it (zeros when left out) → the state after it.
   * `forward` over a sequence is this at each t.
   */
  step(x: Tensor, state?: S): S {
    const [batch, ...features] = x.shape;
    this.build([[null, null, ...features]], { backend: x.backend });
    this.outputShape([[batch ?? null, null, ...features]]);
    return inStep(x.backend, () => this.cell.step(x, startState(this, this.cell, [x], state ?? null)));
  }

  /** The state that a call on so many rows starts from: what a `stateful` layer kept, or what the cell begins with. Runs inside a step. */
  startingState(batch: number): S {
    const kept = this.options.stateful ? (this.kept.read(this, batch) as S | null) : null;
    return kept ?? this.cell.initialState({ shape: [batch], backend: this.backend });
  }

  override resetStates(): void {
    this.kept.clear();
  }

  override keptStates(): ReadonlyMap<string, Tensor> {
    return new Map([...this.kept.entries].map(([name, part]) => [`${this.buildContext.path}/${name}`, part]));
  }

  override restoreStates(states: ReadonlyMap<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>): void {
    for (const name of Object.keys(this.cell.stateShapes)) {
      const saved = states.get(`${this.buildContext.path}/${name}`);
      if (saved) this.kept.restore(name, saved.shape, saved.data, this);
    }
  }

  /** Says in the layer's own words what is wrong with the shape of a sequence. */
  private checkSequence(x: SymbolicShape): void {
    const built = this.inputShapes[0];
    const features = built ? built.slice(2).map((size) => size ?? "?") : [];
    const wanted = `it reads [batch, time, ${features.length > 0 ? `${features.join(", ")} ` : ""}features]`;
    const cannot = `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: ${wanted}, `;
    if (x.length <= this.cell.inputRank) {
      const missing = x.length < this.cell.inputRank ? "the batch and time axes are missing" : "the time axis is missing";
      throw new ShapeError(`${cannot}so ${missing}. For one step call layer.step(x, state); for length 1 pass expandDims(x, 1).`);
    }
    if (x.length > this.cell.inputRank + 1) {
      throw new ShapeError(`${cannot}so there are too many axes. Join those after time with timeDistributed(flatten()).`);
    }
    const misfit = built?.slice(2).find((size, k) => size !== null && size !== x[k + 2]);
    if (misfit !== undefined) {
      throw new ShapeError(
        `${cannot}because it was built for ${showShape(built as SymbolicShape)}. Give it the features it was built for, or make a new layer.`,
      );
    }
    if (x.slice(2).includes(null)) {
      throw new ShapeError(`${cannot}and the number of features must be known. Only batch and time may be null.`);
    }
  }
}

/** The shape of one time step of a sequence. */
function stepShape([batch = null, , ...features]: SymbolicShape): SymbolicShape {
  return [batch, ...features];
}

/** @throws {ShapeError} unless the mask is [B, T] for x [B, T, …]; {ValueError} when it lives on another backend. */
export function checkMask(layer: Layer, mask: Tensor, x: Tensor): void {
  const [B, T] = x.shape;
  if (mask.rank !== 2 || mask.shape[0] !== B || mask.shape[1] !== T) {
    throw new ShapeError(
      `Cannot run ${layer.type} "${layer.name}" with a mask of shape ${showShape(mask.shape)}: for this input it is [batch, time] = [${B}, ${T}], ` +
        "1 = use the step, 0 = padding.",
    );
  }
  if (mask.backend !== x.backend) {
    throw new ValueError(
      `Cannot run ${layer.type} "${layer.name}": its input is on "${x.backend.name}" and its mask on "${mask.backend.name}". Make both on one backend.`,
    );
  }
}

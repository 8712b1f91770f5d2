import { add, multiply } from "../autograd/ops/elementwise.ts";
import { concat, reverse } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  addPenalties,
  type BuildContext,
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  type State,
  type SymbolicShape,
} from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";

/** How both directions become one output; null keeps them apart. */
export type MergeMode = "concat" | "sum" | "mul" | "ave" | null;

const merges: Readonly<Record<Exclude<MergeMode, null>, (there: Tensor, back: Tensor) => Tensor>> = {
  concat: (there, back) => concat([there, back]),
  sum: (there, back) => add(there, back),
  mul: (there, back) => multiply(there, back),
  ave: (there, back) => multiply(add(there, back), 0.5),
};

/** Options of `bidirectional`. */
export interface BidirectionalOptions extends LayerOptions {
  /** The recurrent layer to run in both directions. It is cloned: its own weights are not used. */
  readonly layer: RecurrentLayer;
  /** Default "concat": [forward, backward] along the last axis. With null the layer has two outputs. */
  readonly mergeMode?: MergeMode;
  /** The layer for the other direction; by default a clone of `layer` that reads the other way. Cloned as well. */
  readonly backwardLayer?: RecurrentLayer | null;
}

const bidirectionalNames: NamesOf<BidirectionalOptions> = {
  ...layerNames,
  layer: true,
  mergeMode: true,
  backwardLayer: true,
};

/**
 * A recurrent layer in both directions of time [Schuster & Paliwal 1997, doi:10.1109/78.650093]. With `returnSequences` the
 * outputs of both stand in the order of the input, and masked steps give 0 in each direction (as in Keras).
 * State: { "forward/hiddenState", …, "backward/hiddenState", … }; weights likewise: "forward/kernel", "backward/kernel".
 */
export class Bidirectional extends Layer<BidirectionalOptions> {
  readonly type: string = "Bidirectional";
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;

  constructor(options: BidirectionalOptions) {
    super(options, "bidirectional");
    const { layer, backwardLayer, mergeMode = "concat" } = options;
    if (mergeMode !== null && !Object.hasOwn(merges, mergeMode)) {
      throw new ValueError(
        `Cannot make Bidirectional with mergeMode "${String(mergeMode)}": it is ${Object.keys(merges).join(", ")}, or null.`,
      );
    }
    for (const given of backwardLayer ? [layer, backwardLayer] : [layer]) {
      if (!(given instanceof RecurrentLayer)) {
        throw new ValueError(
          `Cannot make Bidirectional of ${String((given as Layer | undefined)?.type)}: it wraps a recurrent layer such as lstm({ units: 32 }).`,
        );
      }
    }
    const { returnSequences = false, zeroOutputForMask = false, goBackwards = false } = layer.options;
    const shared = { zeroOutputForMask: zeroOutputForMask || returnSequences };
    this.forwardLayer = layer.clone(shared);
    this.backwardLayer = (backwardLayer ?? layer).clone(backwardLayer ? shared : { ...shared, goBackwards: !goBackwards });
    checkPair(this.forwardLayer.options, this.backwardLayer.options);
  }

  override get sublayers(): readonly Layer[] {
    return [this.forwardLayer, this.backwardLayer];
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.outputShapes(inputs)[0] as SymbolicShape;
  }

  override outputShapes(inputs: readonly SymbolicShape[]): readonly SymbolicShape[] {
    const { forward, backward } = this.shareInputs(inputs);
    const [there, ...thereStates] = this.forwardLayer.outputShapes(forward) as [SymbolicShape, ...SymbolicShape[]];
    const [back, ...backStates] = this.backwardLayer.outputShapes(backward) as [SymbolicShape, ...SymbolicShape[]];
    return [...this.mergeShapes(there, back), ...thereStates, ...backStates];
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    const { forward, backward } = this.shareInputs(inputs);
    this.forwardLayer.build(forward, { ...context, path: `${context.path}/forward` });
    this.backwardLayer.build(backward, { ...context, path: `${context.path}/backward` });
  }

  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    const { forward, backward } = this.shareInputs(inputs);
    const there = this.forwardLayer.run(forward, { ...context, state: partOf(context.state, "forward") });
    const back = this.backwardLayer.run(backward, { ...context, state: partOf(context.state, "backward") });
    const [thereOutput, ...thereStates] = there.outputs as [Tensor, ...Tensor[]];
    const [backOutput, ...backStates] = back.outputs as [Tensor, ...Tensor[]];
    const { returnSequences = false, goBackwards = false } = this.forwardLayer.options;
    const inOrder = (x: Tensor, turned: boolean): Tensor => (returnSequences && turned ? reverse(x, 1) : x);
    const merged = this.merge(inOrder(thereOutput, goBackwards), inOrder(backOutput, !goBackwards));
    const states = [...thereStates, ...backStates];
    const mask = returnSequences ? (context.masks[0] ?? null) : null;
    return {
      outputs: [...merged, ...states],
      masks: [...merged.map(() => mask), ...states.map(() => null)],
      state: { ...prefixed(there.state, "forward"), ...prefixed(back.state, "backward") },
      penalty: addPenalties(there.penalty ?? null, back.penalty ?? null),
    };
  }

  private get mergeMode(): MergeMode {
    const { mergeMode = "concat" } = this.options;
    return mergeMode;
  }

  private merge(there: Tensor, back: Tensor): Tensor[] {
    return this.mergeMode === null ? [there, back] : [merges[this.mergeMode](there, back)];
  }

  private mergeShapes(there: SymbolicShape, back: SymbolicShape): SymbolicShape[] {
    if (this.mergeMode === null) return [there, back];
    if (this.mergeMode === "concat") return [[...there.slice(0, -1), (there.at(-1) ?? 0) + (back.at(-1) ?? 0)]];
    if (!sameShape(there.slice(1) as number[], back.slice(1) as number[])) {
      throw new ShapeError(
        `Cannot merge both directions of "${this.name}" by "${this.mergeMode}": they give ${there.at(-1)} and ${back.at(-1)} features. ` +
          'Give both layers the same units, or merge by "concat".',
      );
    }
    return [there];
  }

  /** The sequence for both; further inputs are the initial states, the forward layer's first. */
  private shareInputs<T>(inputs: readonly T[]): { forward: T[]; backward: T[] } {
    const [x, ...states] = inputs as [T, ...T[]];
    const count = Object.keys(this.forwardLayer.cell.stateShapes).length;
    return { forward: [x, ...states.slice(0, count)], backward: [x, ...states.slice(count)] };
  }
}

/** @throws {ValueError} unless both give outputs of the same kind, from opposite ends. */
function checkPair(forward: RecurrentOptions, backward: RecurrentOptions): void {
  const fail = (rule: string): never => {
    throw new ValueError(`Cannot make Bidirectional with this backwardLayer: ${rule}.`);
  };
  if (!forward.goBackwards === !backward.goBackwards) fail("one of both layers must have goBackwards: true, and the other not");
  for (const option of ["returnSequences", "returnState", "stateful"] as const) {
    if (!forward[option] !== !backward[option]) fail(`${option} must be the same in both layers`);
  }
}

/** The part of a state that belongs to one direction, under its own names. */
function partOf(state: State | null, direction: "forward" | "backward"): State | null {
  if (!state) return null;
  const own = Object.entries(state).filter(([name]) => name.startsWith(`${direction}/`));
  return Object.fromEntries(own.map(([name, part]) => [name.slice(direction.length + 1), part]));
}

function prefixed(state: State | undefined, direction: "forward" | "backward"): State {
  return Object.fromEntries(Object.entries(state ?? {}).map(([name, part]) => [`${direction}/${name}`, part]));
}

/**
 * A recurrent layer in both directions: with `returnSequences` [B, T, I] → [B, T, 2H] by "concat", [B, T, H] otherwise.
 * @throws {ValueError} when the layer is not recurrent, or `backwardLayer` does not go with it.
 * @example bidirectional(lstm({ units: 32, returnSequences: true }), { mergeMode: "sum" })
 */
export function bidirectional(layer: RecurrentLayer, options: Omit<BidirectionalOptions, "layer"> = {}): Bidirectional {
  return new Bidirectional(knownOptions("Bidirectional", { layer, ...options }, bidirectionalNames));
}

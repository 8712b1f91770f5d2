import { ShapeError, ValueError } from "../errors.ts";
import { type Shape, sameShape, showShape } from "../tensor/shape.ts";
import { allocate, persistent, type Tensor } from "../tensor/tensor.ts";
import type { Layer, State } from "./layer.ts";

/** The shapes of a state without the batch axis, by name, in the order in which states are listed. */
export type StateShapes = Readonly<Record<string, Shape>>;

/** Zeros for each part of a state. Must run inside a step. */
export function zeroState<S extends State>(shapes: StateShapes, like: Pick<Tensor, "shape" | "backend">): S {
  return mapState(shapes, (shape) => {
    const x = allocate([like.shape[0] as number, ...shape], like.backend);
    like.backend.kernels.fill(x.storage, 0);
    return x;
  }) as S;
}

/** Where a state begins: its parts, and their numbers when none are given. A cell is one. */
interface StateSource<S extends State> {
  readonly stateShapes: StateShapes;
  initialState(x: Pick<Tensor, "shape" | "backend">): S;
}

/**
 * The state a call starts from: the inputs after the first, or the state given by name, or the one the cell begins with.
 * @throws {ShapeError} when a part is missing or has another shape; {ValueError} when a name is unknown.
 */
export function startState<S extends State>(
  layer: Layer,
  cell: StateSource<S>,
  inputs: readonly Tensor[],
  given: State | null,
): S {
  const x = inputs[0] as Tensor;
  const shapes = cell.stateShapes;
  const names = Object.keys(shapes);
  if (inputs.length === 1 && !given) return cell.initialState(x);
  const listed =
    inputs.length > 1 ? Object.fromEntries(names.map((name, k) => [name, inputs[k + 1] as Tensor])) : (given as State);
  const unknown = Object.keys(listed).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ValueError(
      `Cannot start ${layer.type} "${layer.name}" from a state with "${unknown}": its state is { ${names.join(", ")} }.`,
    );
  }
  return mapState(shapes, (shape, name) => {
    const part = listed[name];
    const expected = [x.shape[0] as number, ...shape];
    if (!part || !sameShape(part.shape, expected)) {
      throw new ShapeError(
        `Cannot start ${layer.type} "${layer.name}" from ${name} ${part ? `of shape ${showShape(part.shape)}` : "left out"}: ` +
          `for this input it is ${showShape(expected)}. Pass the state of an earlier call with the same batch, or leave state out to start afresh.`,
      );
    }
    return part;
  }) as S;
}

/** What a `stateful` layer remembers from call to call: copies that outlive steps, for one batch size. */
export class KeptState {
  private readonly parts = new Map<string, Tensor>();

  get entries(): ReadonlyMap<string, Tensor> {
    return this.parts;
  }

  clear(): void {
    this.parts.clear();
  }

  /** A copy for the running step, so that keeping the next state does not change what backward will read; null before the first call. */
  read(layer: Layer, batch: number): State | null {
    if (this.parts.size === 0) return null;
    return mapState(Object.fromEntries(this.parts), (kept, name) => {
      if (kept.shape[0] !== batch) {
        throw new ShapeError(
          `Cannot run stateful ${layer.type} "${layer.name}" on ${batch} rows: it keeps the ${name} of ${kept.shape[0]} rows from its last call, ` +
            "and row b goes on where row b stopped. Call resetStates() before another batch size, or drop the last partial batch.",
        );
      }
      const copy = allocate(kept.shape, kept.backend);
      copyNumbers(kept, copy);
      return copy;
    });
  }

  keep(state: State): void {
    for (const [name, now] of Object.entries(state)) {
      let kept = this.parts.get(name);
      if (!kept || !sameShape(kept.shape, now.shape)) {
        kept = persistent(now.shape, now.backend);
        this.parts.set(name, kept);
      }
      copyNumbers(now, kept);
    }
  }

  restore(name: string, shape: Shape, data: ArrayLike<number>, layer: Layer): void {
    const kept = persistent(shape, layer.backend);
    layer.backend.write(kept.storage, data);
    this.parts.set(name, kept);
  }
}

function copyNumbers(from: Tensor, to: Tensor): void {
  const dense = { offset: 0, strides: [1] };
  from.backend.kernels.copy(from.storage, dense, to.storage, dense, [from.size], false);
}

function mapState<A, B>(parts: Readonly<Record<string, A>>, change: (part: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part, name)]));
}

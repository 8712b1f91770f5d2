import { where } from "../autograd/ops/elementwise.ts";
import { broadcastTo, reshape, reverse, slice, squeeze, stack } from "../autograd/ops/shape.ts";
import { defineOp, withoutTape } from "../autograd/tape.ts";
import { ValueError } from "../errors.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, inStep, type Tensor } from "../tensor/tensor.ts";
import type { State } from "./layer.ts";
import { recomputed, type SegmentRun } from "./recompute.ts";

/** Options of `scan`. */
export interface ScanOptions<S extends State> {
  /** What a step shows, [B, …]. */
  readonly output: (state: S) => Tensor;
  /** [B, T], 1 = use the step; where it is 0 the state is held, and x there may be anything, NaN included. Default: use all. */
  readonly mask?: Tensor | null;
  /** Read the sequence from its end; outputs stay in processing order. Default false. */
  readonly goBackwards?: boolean;
  /** Give every output [B, T, …], or the last one [B, …]. Default true. */
  readonly returnSequences?: boolean;
  /**
   * Spend time to save memory in training: keep the state once in so many steps only, or with true in √T of them, and run the steps
   * between two of them again on the way back. Gradients reach everything that `step` reads, as without. Default false.
   */
  readonly recompute?: boolean | number;
}

/** What a pass over a sequence gives. */
export interface SequenceResult<S extends State> {
  readonly output: Tensor;
  readonly state: S;
}

/**
 * Runs `step` over the time axis of xs [B, T, …], carrying the state: the definition that fused sequences must equal.
 * `step` is told the position t of x on the time axis as well.
 * @throws {ValueError} when `recompute` is no whole number from 1 up.
 * @example
 * const total = (x: Tensor, { sum }: { sum: Tensor }) => ({ sum: add(sum, x) });
 * const { output } = scan(total, { sum: zeros([B, I]) }, xs, { output: ({ sum }) => sum }); // running sums [B, T, I]
 */
export function scan<S extends State>(
  step: (x: Tensor, state: S, t: number) => S,
  initial: S,
  xs: Tensor,
  options: ScanOptions<S>,
): SequenceResult<S> {
  const { recompute = false } = options;
  if (typeof recompute === "number" && (!Number.isInteger(recompute) || recompute < 1)) {
    throw new ValueError(
      `Cannot recompute a scan in segments of ${recompute} steps: give a whole number from 1 up, or true for the root of the length.`,
    );
  }
  return inStep(xs.backend, () =>
    recompute === false ? scanInStep(step, initial, xs, options) : scanAgain(step, initial, xs, options, recompute),
  );
}

/** The scan in segments that backward runs again. */
function scanAgain<S extends State>(
  step: (x: Tensor, state: S, t: number) => S,
  initial: S,
  xs: Tensor,
  options: ScanOptions<S>,
  segment: true | number,
): SequenceResult<S> {
  const { output, mask = null, goBackwards = false, returnSequences = true } = options;
  const [B, ...shown] = withoutTape(() => xs.backend.scope(() => output(initial).shape)) as [number, ...number[]];
  const run: SegmentRun<S> = (part, before, uses, from) =>
    scanInStep((x, state: S, t) => step(x, state, from + t), before, part, { ...options, mask: uses });
  return recomputed(run, xs, initial, mask, {
    outputShape: returnSequences ? [B, xs.shape[1] as number, ...shown] : [B, ...shown],
    returnSequences,
    goBackwards,
    ...(typeof segment === "number" && { segmentLength: segment }),
  });
}

function scanInStep<S extends State>(
  step: (x: Tensor, state: S, t: number) => S,
  initial: S,
  xs: Tensor,
  { output, mask = null, goBackwards = false, returnSequences = true }: ScanOptions<S>,
): SequenceResult<S> {
  // A masked x may hold NaN, and 0 · NaN would reach the weights' gradients: the step never sees it.
  const seen = mask ? where(spread(mask, xs.shape), xs, zerosLike(xs)) : xs;
  const inputs = unstackTime(seen);
  const uses = mask ? unstackTime(mask) : null;
  const order = inputs.map((_, k) => (goBackwards ? inputs.length - 1 - k : k));
  const outputs: Tensor[] = [];
  let state = initial;
  for (const t of order) {
    const next = step(inputs[t] as Tensor, state, t);
    state = uses ? hold(uses[t] as Tensor, next, state) : next;
    if (returnSequences) outputs.push(output(state));
  }
  if (!returnSequences) return { output: output(state), state };
  if (outputs.length > 0) return { output: stack(outputs, { axis: 1 }), state };
  const { shape } = output(state);
  return { output: allocate([shape[0] as number, 0, ...shape.slice(1)], xs.backend), state };
}

/** The next state where the step is used, the old one where it is masked.   use [B]. */
function hold<S extends State>(use: Tensor, next: S, before: S): S {
  return Object.fromEntries(
    Object.entries(next).map(([name, part]) => [name, where(spread(use, part.shape), part, before[name] as Tensor)]),
  ) as unknown as S;
}

/** A mask over the first axes, repeated over the rest of `shape`. */
export function spread(mask: Tensor, shape: Shape): Tensor {
  return broadcastTo(reshape(mask, [...mask.shape, ...shape.slice(mask.rank).map(() => 1)]), shape);
}

/**
 * Outputs at masked steps set to 0, as Keras's zero_output_for_mask: of a last output alone, in rows whose last step is masked.
 * output [B, T, …] or [B, …], mask [B, T] in processing order.
 */
export function zeroMasked(output: Tensor, mask: Tensor, isSequence: boolean): Tensor {
  const T = mask.shape[1] as number;
  if (T === 0) return output;
  const uses = isSequence ? mask : squeeze(slice(mask, T - 1, T, { axis: 1 }), 1);
  return where(spread(uses, output.shape), output, zerosLike(output));
}

/** The mask in processing order. */
export function processingMask(mask: Tensor, goBackwards: boolean): Tensor {
  return goBackwards ? reverse(mask, 1) : mask;
}

/** [B, T, …] → T tensors [B, …]. */
export const unstackTime: (x: Tensor) => readonly Tensor[] = defineOp({
  name: "unstackTime",
  forward: (x: Tensor) => {
    const [B, T, ...rest] = x.shape as [number, number, ...number[]];
    const width = sizeOf(rest);
    const output: readonly Tensor[] = Array.from({ length: T }, (_, t) => {
      const part = allocate([B, ...rest], x.backend);
      const from = { offset: t * width, strides: [T * width, 1] };
      x.backend.kernels.copy(x.storage, from, part.storage, { offset: 0, strides: [width, 1] }, [B, width], false);
      return part;
    });
    return { output, saved: x.shape };
  },
  backward: (dys, shape) => {
    const [B, T, ...rest] = shape as [number, number, ...number[]];
    const width = sizeOf(rest);
    const { backend } = dys.find((dy) => dy !== null) as Tensor;
    const dx = allocate(shape, backend);
    backend.kernels.fill(dx.storage, 0);
    dys.forEach((dy, t) => {
      const to = { offset: t * width, strides: [T * width, 1] };
      if (dy) backend.kernels.copy(dy.storage, { offset: 0, strides: [width, 1] }, dx.storage, to, [B, width], false);
    });
    return [dx];
  },
});

function zerosLike(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  return out;
}

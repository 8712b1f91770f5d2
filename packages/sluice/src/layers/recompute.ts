import { slice } from "../autograd/ops/shape.ts";
import { defineOp, record } from "../autograd/tape.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import type { State } from "./layer.ts";
import type { SequenceResult } from "./scan.ts";

/** A pass over a sequence, or over the part of it that begins at step `from` of x, from any state. */
export type SegmentRun<S extends State> = (x: Tensor, initial: S, mask: Tensor | null, from: number) => SequenceResult<S>;

/** Options of `recompute`. */
export interface RecomputeOptions {
  /** Of the whole output: [B, T, …] with `returnSequences`, else [B, …]. */
  readonly outputShape: Shape;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  /** Everything a gradient may flow to from inside `run`: the weights, and what was made of them before. */
  readonly weights: readonly Tensor[];
}

/**
 * `run` over x [B, T, …] in √T segments, for the same result in less memory: forward keeps the state between segments and nothing
 * else of them; backward runs each segment again, from the last to the first, and then back. A step of training so takes one
 * more forward pass, and the memory of √T time steps and √T states besides the sequences themselves, instead of that of T steps
 * [Chen et al. 2016, arXiv:1604.06174; Gruslys et al. 2016, arXiv:1606.03401].
 * A gradient of a weight is the sum of the segments' ones; all else has the bits of a plain run where the kernels keep a row's
 * bits whatever stands beside it.
 */
export function recomputed<S extends State>(
  run: SegmentRun<S>,
  x: Tensor,
  initial: S,
  mask: Tensor | null,
  options: RecomputeOptions,
): SequenceResult<S> {
  if ((x.shape[1] as number) < 2) return run(x, initial, mask, 0);
  const names = Object.keys(initial);
  const asState = (parts: readonly Tensor[]): S => Object.fromEntries(names.map((name, k) => [name, parts[k]])) as unknown as S;
  const plan: Plan = {
    ...options,
    states: names.length,
    run(xs, before, uses, from) {
      const { output, state } = run(xs, asState(before), uses, from);
      return { output, states: names.map((name) => state[name] as Tensor) };
    },
  };
  const [output, ...states] = recomputedOp(plan, x, mask, ...(Object.values(initial) as Tensor[]), ...options.weights);
  return { output: output as Tensor, state: asState(states) };
}

/** What the op is told: `run` with the parts of the state in a list, and how many they are. */
interface Plan extends RecomputeOptions {
  readonly states: number;
  readonly run: (
    x: Tensor,
    states: readonly Tensor[],
    mask: Tensor | null,
    from: number,
  ) => { readonly output: Tensor; readonly states: readonly Tensor[] };
}

/** Steps `begin` … `end` − 1 in processing order; they stand at `from` … `to` − 1 in x. */
interface Segment {
  readonly begin: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

function segmentsOf(T: number, goBackwards: boolean): Segment[] {
  const length = Math.ceil(Math.sqrt(T));
  return Array.from({ length: Math.ceil(T / length) }, (_, k) => {
    const begin = k * length;
    const end = Math.min(begin + length, T);
    return goBackwards ? { begin, end, from: T - end, to: T - begin } : { begin, end, from: begin, to: end };
  });
}

const recomputedOp = defineOp({
  name: "recomputedSequence",
  forward: (plan: Plan, x: Tensor, mask: Tensor | null, ...rest: readonly Tensor[]) => {
    const { backend } = x;
    const { returnSequences, goBackwards } = plan;
    const segments = segmentsOf(x.shape[1] as number, goBackwards);
    const output = allocate(plan.outputShape, backend);
    const weights = rest.slice(plan.states);
    const borders: (readonly Tensor[])[] = [rest.slice(0, plan.states)]; // borders[k] is the state before segment k
    for (const whole of [x, mask]) if (whole) sliceTime(whole, 0, 1); // host numbers enter the step now, not in each scope anew
    segments.forEach(({ begin, end, from, to }, k) => {
      const before = borders[k] as readonly Tensor[];
      const after = before.map(({ shape }) => allocate(shape, backend));
      backend.scope(() => {
        const result = plan.run(sliceTime(x, from, to), before, mask && sliceTime(mask, from, to), from);
        after.forEach((part, i) => {
          copyInto(result.states[i] as Tensor, part);
        });
        if (returnSequences) putTime(result.output, output, begin, end);
        else if (k === segments.length - 1) copyInto(result.output, output);
      });
      borders.push(after);
    });
    return { output: [output, ...(borders.at(-1) as readonly Tensor[])], saved: { plan, x, mask, weights, borders, segments } };
  },
  backward: ([dOutput, ...dLast], { plan, x, mask, weights, borders, segments }, [, dxNeeded, , ...restNeeded]) => {
    const { backend } = x;
    const dx = dxNeeded ? allocate(x.shape, backend) : null;
    let dStates = dLast.map((d, i) => d ?? zerosLike((borders[0] as readonly Tensor[])[i] as Tensor));
    const moving = weights.filter((_, i) => restNeeded[plan.states + i]);
    const dMoving = moving.map(zerosLike);
    for (let k = segments.length - 1; k >= 0; k--) {
      const { begin, end, from, to } = segments[k] as Segment;
      const before = borders[k] as readonly Tensor[];
      const dAfter = dStates;
      const dBefore = before.map(({ shape }) => allocate(shape, backend));
      backend.scope(() => {
        const xs = sliceTime(x, from, to);
        const wrt = [...before, ...moving, ...(dx ? [xs] : [])];
        const { result, tape } = record(wrt, () => plan.run(xs, before, mask && sliceTime(mask, from, to), from));
        const pairs = result.states.map((part, i) => [part, dAfter[i] as Tensor] as const);
        if (dOutput && plan.returnSequences) pairs.push([result.output, sliceTime(dOutput, begin, end)]);
        else if (dOutput && k === segments.length - 1) pairs.push([result.output, dOutput]);
        const found = tape.pullBack(pairs);
        dBefore.forEach((part, i) => {
          copyInto(found[i] ?? zerosLike(part), part);
        });
        dMoving.forEach((sum, i) => {
          const d = found[before.length + i];
          if (d) backend.kernels.binary("add", sum.storage, [1], d.storage, [1], sum.storage, [sum.size]);
        });
        if (dx) putTime(found.at(-1) ?? zerosLike(xs), dx, from, to);
      });
      dStates = dBefore;
    }
    return [null, dx, null, ...dStates, ...weights.map((weight) => dMoving[moving.indexOf(weight)] ?? null)];
  },
});

/** Steps `from` … `to` − 1 of x [B, T, …], a copy of the running scope. */
function sliceTime(x: Tensor, from: number, to: number): Tensor {
  return slice(x, from, to, { axis: 1 });
}

/** Writes part [B, end − begin, …] into whole [B, T, …] at step `begin`. */
function putTime(part: Tensor, whole: Tensor, begin: number, end: number): void {
  const [B = 0, T = 0, ...features] = whole.shape;
  const width = sizeOf(features);
  const [from, to] = [
    { offset: 0, strides: [(end - begin) * width, 1] },
    { offset: begin * width, strides: [T * width, 1] },
  ];
  whole.backend.kernels.copy(part.storage, from, whole.storage, to, [B, (end - begin) * width], false);
}

function copyInto(from: Tensor, to: Tensor): void {
  const dense = { offset: 0, strides: [1] };
  to.backend.kernels.copy(from.storage, dense, to.storage, dense, [to.size], false);
}

function zerosLike(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  return out;
}

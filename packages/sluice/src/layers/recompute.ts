import { slice } from "../autograd/ops/shape.ts";
import { defineOp, record, withoutTape, withoutTapeButReads } from "../autograd/tape.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, type Tensor, view } from "../tensor/tensor.ts";
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
  /** Steps in a segment. Default √T, rounded up. */
  readonly segmentLength?: number;
}

/**
 * `run` over x [B, T, …] in √T segments, for the same result in less memory: forward keeps the state between segments and nothing
 * else of them; backward runs each segment again, from the last to the first, and then back. A step of training so takes one
 * more forward pass, and the memory of √T time steps and √T states besides the sequences themselves, instead of that of T steps
 * [Chen et al. 2016, arXiv:1604.06174; Gruslys et al. 2016, arXiv:1606.03401]. Whatever `run` reads from outside, weights above all,
 * gets its gradient. A gradient of a weight is the sum of the segments' ones; all else has the bits of a plain run where the kernels keep a row's
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
    run(xs, before, uses, from) {
      const { output, state } = run(xs, asState(before), uses, from);
      return { output, states: names.map((name) => state[name] as Tensor) };
    },
  };
  const start = names.map((name) => initial[name] as Tensor);
  const pass = runSegments(plan, x, start, mask);
  const [output, ...states] = recomputedOp(plan, pass, x, mask, ...start, ...pass.reads);
  return { output: output as Tensor, state: asState(states) };
}

/** What the passes are told: `run` with the parts of the state in a list. */
interface Plan extends RecomputeOptions {
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

function segmentsOf(T: number, { goBackwards, segmentLength: length = Math.ceil(Math.sqrt(T)) }: RecomputeOptions): Segment[] {
  return Array.from({ length: Math.ceil(T / length) }, (_, k) => {
    const begin = k * length;
    const end = Math.min(begin + length, T);
    return goBackwards ? { begin, end, from: T - end, to: T - begin } : { begin, end, from: begin, to: end };
  });
}

/** A pass forward: its output, and what the pass back needs. */
interface Pass {
  readonly output: Tensor;
  readonly segments: readonly Segment[];
  /** The state before each segment, and the last one. */
  readonly borders: readonly (readonly Tensor[])[];
  /** What the segments read from outside that a gradient may flow to. */
  readonly reads: readonly Tensor[];
}

function runSegments(plan: Plan, x: Tensor, initial: readonly Tensor[], mask: Tensor | null): Pass {
  const { backend } = x;
  const { returnSequences, outputShape } = plan;
  const segments = segmentsOf(x.shape[1] as number, plan);
  const reads = new Set<Tensor>();
  const output = allocate(outputShape, backend);
  const borders: (readonly Tensor[])[] = [initial.map((part) => view(part, part.shape))]; // not what the step may read as a weight
  for (const whole of [x, mask]) if (whole) sliceTime(whole, 0, 1); // host numbers enter the step now, not in each scope anew
  segments.forEach(({ begin, end, from, to }, k) => {
    const before = borders[k] as readonly Tensor[];
    const after = before.map(({ shape }) => allocate(shape, backend));
    backend.scope(() => {
      const [xs, uses] = [sliceTime(x, from, to), mask && sliceTime(mask, from, to)];
      const result = withoutTapeButReads(() => plan.run(xs, before, uses, from), reads);
      after.forEach((part, i) => {
        copyInto(result.states[i] as Tensor, part);
      });
      if (returnSequences) putTime(result.output, output, begin, end);
      else if (k === segments.length - 1) copyInto(result.output, output);
    });
    borders.push(after);
  });
  return { output, segments, borders, reads: [...reads] };
}

const recomputedOp = defineOp({
  name: "recomputedSequence",
  forward: (plan: Plan, pass: Pass, x: Tensor, mask: Tensor | null, ..._others: readonly Tensor[]) => ({
    output: [pass.output, ...(pass.borders.at(-1) as readonly Tensor[])],
    saved: { plan, pass, x, mask },
  }),
  backward: ([dOutput, ...dLast], { plan, pass, x, mask }, [, , dxNeeded]) => {
    const { segments, borders, reads } = pass;
    const { backend } = x;
    const dx = dxNeeded ? allocate(x.shape, backend) : null;
    let dStates = dLast.map((d, i) => d ?? zerosLike((borders[0] as readonly Tensor[])[i] as Tensor));
    const dReads = reads.map(zerosLike);
    for (let k = segments.length - 1; k >= 0; k--) {
      const { begin, end, from, to } = segments[k] as Segment;
      const before = borders[k] as readonly Tensor[];
      const dAfter = dStates;
      const dBefore = before.map(({ shape }) => allocate(shape, backend));
      backend.scope(() => {
        const xs = sliceTime(x, from, to);
        const wrt = [...before, ...reads, ...(dx ? [xs] : [])];
        const { result, tape } = record(wrt, () => plan.run(xs, before, mask && sliceTime(mask, from, to), from));
        const pairs = result.states.map((part, i) => [part, dAfter[i] as Tensor] as const);
        if (dOutput && plan.returnSequences) pairs.push([result.output, sliceTime(dOutput, begin, end)]);
        else if (dOutput && k === segments.length - 1) pairs.push([result.output, dOutput]);
        const found = tape.pullBack(pairs);
        dBefore.forEach((part, i) => {
          copyInto(found[i] ?? zerosLike(part), part);
        });
        dReads.forEach((sum, i) => {
          const d = found[before.length + i];
          if (d) backend.kernels.binary("add", sum.storage, [1], d.storage, [1], sum.storage, [sum.size]);
        });
        if (dx) putTime(found.at(-1) ?? zerosLike(xs), dx, from, to);
      });
      dStates = dBefore;
    }
    return [null, null, dx, null, ...dStates, ...dReads];
  },
});

/** Steps `from` … `to` − 1 of x [B, T, …], a copy of the running scope that no tape follows. */
function sliceTime(x: Tensor, from: number, to: number): Tensor {
  return withoutTape(() => slice(x, from, to, { axis: 1 }));
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

import { ShapeError } from "../../errors.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import { emptyLike } from "../arrays.ts";
import type { CheckedBatch } from "../batch.ts";
import type { NumericArray } from "../dataset.ts";
import type { GraphCuts } from "./cut-graph.ts";

/** The number of time steps of a batch. @throws {ShapeError} when its sequences, or targets for every step, have different ones. */
export function stepsOf({ x, y }: CheckedBatch, { inputs, everyStep }: GraphCuts): number {
  const sequences = x.filter((_, k) => inputs[k]);
  const T = sequences[0]?.shape[1] as number;
  for (const { shape } of everyStep ? [...sequences, ...y] : sequences) {
    if (shape[1] === T) continue;
    throw new ShapeError(
      `Cannot cut a batch along time: its first sequence is ${showShape(sequences[0]?.shape ?? [])} and another is ${showShape(shape)}. ` +
        "Every sequence input, and targets for every step, are [batch, time, …] with one number of steps.",
    );
  }
  return T;
}

/** Steps `from` … `to` − 1 of every sequence of a batch; what is no sequence stays whole. */
export function cutBatch(batch: CheckedBatch, { inputs, everyStep }: GraphCuts, from: number, to: number): CheckedBatch {
  const cut = (array: NumericArray): NumericArray => cutTime(array, from, to);
  const { x, y, weights, mask } = batch;
  return {
    ...batch,
    x: x.map((array, k) => (inputs[k] ? cut(array) : array)),
    y: everyStep ? y.map(cut) : y,
    weights: weights && everyStep && weights.shape.length > 1 ? cut(weights) : weights,
    mask: mask && cut(mask),
  };
}

/** [B, T, …] → [B, to − from, …]. */
function cutTime({ shape, data }: NumericArray, from: number, to: number): NumericArray {
  const [B = 0, T = 0, ...rest] = shape;
  if (from === 0 && to === T) return { shape, data };
  const width = sizeOf(rest);
  const row = (to - from) * width;
  const out = emptyLike(data, B * row);
  for (let b = 0; b < B; b++) out.set(data.subarray((b * T + from) * width, (b * T + to) * width), b * row);
  return { shape: [B, to - from, ...rest], data: out };
}

/**
 * Padding on the right moved to the left, so that the last steps of every row stand side by side. It changes no result, unless a
 * layer gives zeros after a masked last step.
 */
export function alignEnds(batch: CheckedBatch, { inputs, carried }: GraphCuts): CheckedBatch {
  const { mask } = batch;
  if (!mask || [...carried.values()].some(({ options }) => options.zeroOutputForMask && !options.returnSequences)) return batch;
  const [B = 0, T = 0] = mask.shape;
  const padding = Array.from(
    { length: B },
    (_, b) => T - 1 - mask.data.subarray(b * T, (b + 1) * T).findLastIndex((use) => use !== 0),
  );
  if (padding.every((count) => count === 0)) return batch;
  const turn = ({ shape, data }: NumericArray): NumericArray => {
    const width = sizeOf(shape.slice(2));
    const out = emptyLike(data, data.length);
    padding.forEach((count, b) => {
      const row = data.subarray(b * T * width, (b + 1) * T * width);
      const cut = (T - count) * width;
      out.set(row.subarray(cut), b * T * width);
      out.set(row.subarray(0, cut), (b * T + count) * width);
    });
    return { shape, data: out };
  };
  return { ...batch, x: batch.x.map((array, k) => (inputs[k] ? turn(array) : array)), mask: turn(mask) };
}

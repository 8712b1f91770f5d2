import { ShapeError, ValueError } from "../errors.ts";
import { streamId } from "../random/philox.ts";
import { randomOrder } from "../random/random-order.ts";
import { showShape } from "../tensor/shape.ts";
import { gatherRows } from "./arrays.ts";
import type { Batch, BatchStream, Dataset, NumericArray } from "./dataset.ts";

/** What training and evaluation read: the batches of any epoch, from any position. */
export interface BatchSource {
  /** Examples, when known. */
  readonly examples: number | null;
  /** Batches an epoch, when known. */
  readonly steps: number | null;
  /** The batches of an epoch, without the first `skip`. */
  batches(epoch: number, skip: number): AsyncIterable<Batch>;
}

/** Arrays in memory that belong together. */
export interface ArrayData {
  readonly x: readonly NumericArray[];
  readonly y: readonly NumericArray[];
  readonly sampleWeight: NumericArray | null;
  readonly mask: NumericArray | null;
}

/** Rows of arrays in memory as examples. */
export class ArrayDataset implements Dataset {
  readonly arrays: ArrayData;
  readonly length: number;

  /** @throws {ShapeError} when the arrays have different numbers of rows. */
  constructor(arrays: ArrayData) {
    this.arrays = arrays;
    this.length = rowsOf(arrays);
  }

  batch(indices: Int32Array): Batch {
    const { x, y, sampleWeight, mask } = this.arrays;
    return {
      x: x.map((array) => gatherRows(array, indices)),
      ...(y.length > 0 && { y: y.map((array) => gatherRows(array, indices)) }),
      ...(sampleWeight && { sampleWeight: gatherRows(sampleWeight, indices) }),
      ...(mask && { mask: gatherRows(mask, indices) }),
    };
  }
}

function rowsOf({ x, y, sampleWeight, mask }: ArrayData): number {
  const all = [...x, ...y, ...(sampleWeight ? [sampleWeight] : []), ...(mask ? [mask] : [])];
  const rows = all.map(({ shape }) => shape[0] ?? 0);
  const [first = 0] = rows;
  const odd = rows.findIndex((count) => count !== first);
  if (odd >= 0) {
    throw new ShapeError(
      `Cannot pair arrays of ${first} and ${rows[odd]} examples (shapes ${all.map(({ shape }) => showShape(shape)).join(", ")}): axis 0 counts the examples of x, y, weights and masks alike.`,
    );
  }
  return first;
}

/** Examples `begin` … `end` − 1 of a dataset. */
export function datasetPart(dataset: Dataset, begin: number, end: number): Dataset {
  return { length: end - begin, batch: (indices) => dataset.batch(indices.map((index) => index + begin)) };
}

/** Options of `order`. */
export interface OrderOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Batches of a dataset; with `shuffle`, epoch e reads a permutation that depends on seed and e alone. */
export function datasetSource(dataset: Dataset, { batchSize, shuffle, seed }: OrderOptions): BatchSource {
  const steps = Math.ceil(dataset.length / batchSize);
  return {
    examples: dataset.length,
    steps,
    async *batches(epoch, skip) {
      const order = shuffle
        ? randomOrder({ seed, stream: streamId("fit/order"), step: epoch }, dataset.length)
        : (place: number) => place;
      for (let step = skip; step < steps; step++) {
        const begin = step * batchSize;
        const end = Math.min(begin + batchSize, dataset.length);
        yield await dataset.batch(Int32Array.from({ length: end - begin }, (_, k) => order(begin + k)));
      }
    },
  };
}

/** Batches of a stream, which is opened anew for each epoch. */
export function streamSource(stream: BatchStream): BatchSource {
  return {
    examples: null,
    steps: stream.batches ?? null,
    async *batches(_epoch, skip) {
      let at = 0;
      for await (const batch of stream) if (at++ >= skip) yield batch;
    },
  };
}

/** Whether data gives examples by index. */
export function isDataset(value: unknown): value is Dataset {
  return (
    typeof value === "object" && value !== null && "batch" in value && typeof value.batch === "function" && "length" in value
  );
}

/** Whether data gives batches in order. */
export function isStream(value: unknown): value is BatchStream {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** @throws {ValueError} unless it is a whole number from 1 up. */
export function checkCount(value: number, name: string): void {
  if (!Number.isInteger(value) || value < 1) throw new ValueError(`Cannot use ${name} ${value}: it is a whole number from 1 up.`);
}

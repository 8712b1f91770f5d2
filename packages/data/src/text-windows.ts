import type { Batch, Dataset, NumericArray } from "sluice";
import { DataError, requireCounts } from "./errors.ts";

/** Options of `textWindows`. */
export interface TextWindowOptions {
  /** A text as ids: see `encodeText`. */
  readonly ids: Int32Array;
  /** Steps that a window reads. */
  readonly windowLength: number;
  /** Ids between the starts of neighbouring windows. Default: `windowLength`, so that each id is a target once. */
  readonly stride?: number;
  /** The part [from, to) of the ids. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

/** Windows of a text; nothing is kept but the ids themselves. */
export interface TextWindowDataset extends Dataset {
  /** x: ids [B, windowLength]; y: for each of them the id that follows [B, windowLength]. */
  batch(indices: Int32Array): Batch;
}

/**
 * Windows of one text for a model of the next token: the targets are the inputs, one step on. A window is a place, and its ids are
 * read when its batch is asked for. Ids at the end that fill no window are left out.
 * @throws {DataError} for sizes that are not whole numbers above 0, and when the part is too short for one window.
 * @example
 * const { ids } = encodeText(vocabulary, text);
 * const cut = Math.floor(0.9 * ids.length);
 * await model.fit(textWindows({ ids, windowLength: 100, to: cut }), { epochs: 5 }); // loss: "sparseCategoricalCrossentropy"
 */
export function textWindows({
  ids,
  windowLength,
  stride = windowLength,
  from = 0,
  to = ids.length,
}: TextWindowOptions): TextWindowDataset {
  requireCounts("cut windows", { windowLength, stride });
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= ids.length)) {
    throw new DataError(`Cannot read the part [${from}, ${to}) of ${ids.length} ids: its ends are whole numbers within them.`);
  }
  if (to - from <= windowLength) {
    throw new DataError(
      `Cannot cut a window of ${windowLength} from ${Math.max(0, to - from)} ids: it takes ${windowLength + 1}, the last one as a target. ` +
        "Give a longer text or a smaller windowLength.",
    );
  }
  const length = Math.floor((to - from - windowLength - 1) / stride) + 1;
  const stacked = (indices: Int32Array, shift: number): NumericArray => {
    const data = new Int32Array(indices.length * windowLength);
    indices.forEach((index, b) => {
      if (index < 0 || index >= length)
        throw new RangeError(`Cannot read window ${index}: there are ${length}, numbered from 0.`);
      const first = from + index * stride + shift;
      data.set(ids.subarray(first, first + windowLength), b * windowLength);
    });
    return { shape: [indices.length, windowLength], data };
  };
  return { length, batch: (indices) => ({ x: stacked(indices, 0), y: stacked(indices, 1) }) };
}

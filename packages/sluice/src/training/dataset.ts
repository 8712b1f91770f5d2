/**
 * What `fit`, `evaluate` and `predict` read: numbers with a shape, examples by index, or a stream of batches.
 * Nothing here knows files, windows or scalers; those live in `@sluice/data` and end in one of these shapes.
 */

/** Numbers in row-major order with their shape; the form in which data enters and leaves the library. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array;
}

/** One array for a model with one input (or output), a list in the model's order for several. */
export type NumericArrays = NumericArray | readonly NumericArray[];

/** One training batch. Axis 0 of every array is the batch axis. */
export interface Batch {
  readonly x: NumericArrays;
  readonly y?: NumericArrays;
  /** One weight for each example [B], or for each example and step [B, T]. */
  readonly sampleWeight?: NumericArray;
  /** Mask of the inputs [B, T], 1 = use the step; combined with the masks that layers produce. */
  readonly mask?: NumericArray;
}

/**
 * Examples by index. `fit` computes the order of every epoch from its seed, so a resumed run reads the same
 * batches; the dataset only answers "give me examples 7, 3 and 42". It may read them from disk: larger than memory is fine.
 */
export interface Dataset {
  /** Number of examples. */
  readonly length: number;
  /** The named examples, stacked along axis 0, in the order asked for. */
  batch(indices: Int32Array): Batch | Promise<Batch>;
}

/** Batches that can only be read in order: a file, a socket, a generator. It is opened anew for each epoch. */
export interface BatchStream {
  /** Batches an epoch, when known; used for the progress line alone. */
  readonly batches?: number;
  [Symbol.asyncIterator](): AsyncIterator<Batch>;
}

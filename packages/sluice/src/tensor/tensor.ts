import type { Backend, HostArray, Storage } from "../backend/backend.ts";
import { defaultBackend } from "../backend/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "./shape.ts";

/**
 * Numbers with a shape, on a backend. Immutable to its users: operations make new tensors. A tensor made inside a step
 * lives until the step ends; one made outside lives as long as someone holds it. Nothing has to be disposed.
 */
export class Tensor {
  readonly shape: Shape;
  readonly storage: Storage;
  readonly backend: Backend;

  constructor(shape: Shape, storage: Storage, backend: Backend) {
    this.shape = shape;
    this.storage = storage;
    this.backend = backend;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** A copy of the numbers in row-major order, once they are computed. */
  data(): Promise<HostArray> {
    return this.backend.read(this.storage);
  }

  /** The same at once. @throws {StateError} on a backend that computes asynchronously. */
  dataSync(): HostArray {
    return this.backend.readSync(this.storage);
  }

  toString(): string {
    return `Tensor ${showShape(this.shape)} on ${this.backend.name}`;
  }
}

/** Numbers, or lists of numbers to any depth, all of one length at each depth. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** What `tensor` accepts. */
export type TensorData = NestedNumbers | HostArray | Int32Array | Int8Array | Uint8Array;

/** Options of `tensor`. */
export interface TensorOptions {
  /** Defaults to the backend `init` chose. */
  readonly backend?: Backend;
}

/**
 * A constant from host numbers.
 * @param data nested arrays (the shape follows), or a flat array with `shape` (a flat array without shape is rank 1).
 * @throws {ShapeError} when nested arrays are ragged or the count does not fit `shape`.
 * @example tensor([[1, 2], [3, 4]]); // [2, 2]
 * @example tensor(new Float32Array(6), [2, 3]);
 */
export function tensor(data: TensorData, shape?: Shape, { backend = defaultBackend() }: TensorOptions = {}): Tensor {
  const { data: flat, shape: own } = ArrayBuffer.isView(data) ? { data, shape: [data.length] } : fromNested(data);
  const inferred = shape ?? own;
  checkShape(inferred, "make a tensor");
  if (sizeOf(inferred) !== flat.length) {
    throw new ShapeError(
      `Cannot make a tensor of shape ${showShape(inferred)} from ${flat.length} numbers: it holds ${sizeOf(inferred)}.`,
    );
  }
  return new Tensor(inferred, backend.upload(flat), backend);
}

/** A constant of one value. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkShape(shape, "fill a tensor");
  return tensor(new Float64Array(sizeOf(shape)).fill(value), shape, options);
}

/** A constant of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A constant of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * Runs `compute` inside a step of `backend` and returns what it returns; tensors in that result (directly, in arrays or in
 * plain objects) are kept beyond the step, everything else it made is given back. Inside a step it just runs.
 */
export function inStep<T>(backend: Backend, compute: () => T): T {
  if (backend.inStep) return compute();
  return backend.step(() => keep(compute()));
}

/** A tensor of the running step that has not been written yet. */
export function allocate(shape: Shape, backend: Backend): Tensor {
  return new Tensor(shape, backend.allocate(sizeOf(shape)), backend);
}

/** The same numbers under another shape of the same size; shares the storage. */
export function view(x: Tensor, shape: Shape): Tensor {
  return new Tensor(shape, x.storage, x.backend);
}

/** Zeros that outlive steps and that kernels may write: parameters, optimizer slots, carried state. */
export function persistent(shape: Shape, backend: Backend): Tensor {
  return new Tensor(shape, backend.allocatePersistent(sizeOf(shape)), backend);
}

function keep<T>(result: T): T {
  if (result instanceof Tensor) {
    return new Tensor(result.shape, result.backend.upload(result.dataSync()), result.backend) as T;
  }
  if (Array.isArray(result)) return result.map(keep) as T;
  if (result !== null && typeof result === "object" && Object.getPrototypeOf(result) === Object.prototype) {
    return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, keep(value)])) as T;
  }
  return result;
}

function nestedShape(data: NestedNumbers): number[] {
  if (typeof data === "number") return [];
  return [data.length, ...(data.length > 0 ? nestedShape(data[0] as NestedNumbers) : [])];
}

/** Nested arrays as numbers with a shape. @throws {ShapeError} when they are ragged; {ValueError} when they hold anything else. */
export function fromNested(data: NestedNumbers): { shape: Shape; data: Float64Array } {
  const shape = nestedShape(data);
  const out = new Float64Array(sizeOf(shape));
  let next = 0;
  const visit = (part: NestedNumbers, depth: number): void => {
    if (typeof part === "number") {
      if (depth !== shape.length) throw ragged(shape, depth);
      out[next++] = part;
      return;
    }
    if (!Array.isArray(part)) {
      throw new ValueError(
        `Cannot make a tensor from ${typeof part} "${String(part)}": elements are numbers or arrays of numbers.`,
      );
    }
    if (part.length !== shape[depth]) throw ragged(shape, depth);
    for (const item of part) visit(item, depth + 1);
  };
  visit(data, 0);
  return { shape, data: out };
}

function ragged(shape: Shape, depth: number): ShapeError {
  return new ShapeError(
    `Cannot make a tensor from ragged arrays: the first entries say ${showShape(shape)}, but lengths differ at depth ${depth}. ` +
      "Pad the shorter ones, and pass a mask or sequenceLengths.",
  );
}

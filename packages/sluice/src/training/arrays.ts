import type { HostArray } from "../backend/backend.ts";
import { NumericError, ShapeError, ValueError } from "../errors.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import { fromNested, type NestedNumbers, Tensor } from "../tensor/tensor.ts";
import type { NumericArray, NumericArrays } from "./dataset.ts";

/** Numbers in any form that carries a shape. */
export type ArrayInput = NumericArray | Tensor | NestedNumbers;

/** One of them for a model with one input (or output), a list in the model's order for several. */
export type ArrayInputs = ArrayInput | readonly ArrayInput[];

/** The host form of numbers. @throws {ShapeError} when the count does not fit the shape; {ValueError} when it is none of the forms. */
export async function toNumericArray(given: ArrayInput, what: string): Promise<NumericArray> {
  if (given instanceof Tensor) return { shape: given.shape, data: await given.data() };
  if (isNumericArray(given)) {
    if (sizeOf(given.shape) !== given.data.length) {
      throw new ShapeError(
        `Cannot read ${what}: shape ${showShape(given.shape)} holds ${sizeOf(given.shape)} numbers, and data has ${given.data.length}.`,
      );
    }
    return given;
  }
  if (!Array.isArray(given) && typeof given !== "number") {
    throw new ValueError(`Cannot read ${what}: give { shape, data } with a typed array, a tensor, or nested arrays of numbers.`);
  }
  return fromNested(given as NestedNumbers);
}

/** `count` arrays, from one (count 1) or from a list of so many. @throws {ValueError} when there are more or fewer. */
export async function toNumericArrays(given: ArrayInputs, count: number, what: string): Promise<NumericArray[]> {
  const listed = Array.isArray(given) && given.some((item) => item instanceof Tensor || isNumericArray(item));
  const items = listed || (count > 1 && Array.isArray(given)) ? (given as readonly ArrayInput[]) : [given as ArrayInput];
  checkCount(items.length, count, what);
  return Promise.all(items.map((item, k) => toNumericArray(item, count > 1 ? `${what} ${k}` : what)));
}

/** One array or several, as a list of `count`. @throws {ValueError} when there are more or fewer. */
export function listOf(arrays: NumericArrays, count: number, what: string): readonly NumericArray[] {
  const items = isNumericArray(arrays) ? [arrays] : arrays;
  checkCount(items.length, count, what);
  return items;
}

function checkCount(got: number, count: number, what: string): void {
  if (got !== count) {
    throw new ValueError(
      `Cannot read ${what}: got ${got} arrays, and the model has ${count}. Give one for each, in the model's order.`,
    );
  }
}

/** Whether a value is numbers with a shape. */
export function isNumericArray(value: unknown): value is NumericArray {
  return typeof value === "object" && value !== null && "shape" in value && "data" in value && ArrayBuffer.isView(value.data);
}

/** An empty array of the same element type. */
export function emptyLike<A extends NumericArray["data"]>(data: A, length: number): A {
  return new (data.constructor as new (length: number) => A)(length);
}

/** Tensors by name, read back to the host. */
export async function copyTensors(
  tensors: ReadonlyMap<string, Tensor>,
): Promise<Map<string, NumericArray & { data: HostArray }>> {
  const arrays = [...tensors].map(async ([name, tensor]) => [name, { shape: tensor.shape, data: await tensor.data() }] as const);
  return new Map(await Promise.all(arrays));
}

/** The named rows (entries along axis 0), in the order asked for. */
export function gatherRows({ shape, data }: NumericArray, rows: Int32Array): NumericArray {
  const width = sizeOf(shape.slice(1));
  const out = emptyLike(data, rows.length * width);
  rows.forEach((row, k) => {
    if (width === 1) out[k] = data[row] as number;
    else out.set(data.subarray(row * width, (row + 1) * width), k * width);
  });
  return { shape: [rows.length, ...shape.slice(1)], data: out };
}

/** Parts laid one behind the other along axis 0. @throws {ShapeError} when another axis differs. */
export function concatRows(parts: readonly NumericArray[]): NumericArray {
  const [first, ...more] = parts;
  if (!first) return { shape: [0], data: new Float32Array(0) };
  const rest = first.shape.slice(1);
  for (const { shape } of more) {
    if (showShape(shape.slice(1)) !== showShape(rest)) {
      throw new ShapeError(
        `Cannot join predictions of shapes ${showShape(first.shape)} and ${showShape(shape)}: all batches must agree beyond the first axis. Predict batches of one length at a time.`,
      );
    }
  }
  const rows = parts.reduce((count, { shape }) => count + (shape[0] ?? 0), 0);
  const data = emptyLike(first.data, rows * sizeOf(rest));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [rows, ...rest], data };
}

/**
 * @param mask [B, T]; entries of steps where it is 0 may hold anything.
 * @throws {NumericError} naming the first entry that is NaN or infinite.
 */
export function checkFinite({ shape, data }: NumericArray, what: string, mask: NumericArray | null): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  if (data instanceof Float32Array && allFinite(data)) return;
  const perStep =
    mask && mask.data.length > 0 && showShape(shape.slice(0, 2)) === showShape(mask.shape) ? data.length / mask.data.length : 0;
  for (let k = 0; k < data.length; k++) {
    const value = data[k] as number;
    if (value - value === 0) continue;
    if (perStep > 0 && mask?.data[Math.floor(k / perStep)] === 0) continue;
    throw new NumericError(
      `Cannot use ${what} of shape ${showShape(shape)}: it holds ${value} at [${position(shape, k).join(", ")}] (counted from 0, the batch first). ` +
        "Fill or drop such values, or give a mask that leaves those steps out.",
    );
  }
}

/** Whether no number is NaN or infinite, whose exponents have every bit set: adding one to such an exponent turns the sign. */
function allFinite(data: Float32Array): boolean {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  let any = 0;
  for (let k = 0; k < bits.length; k++) any |= ((bits[k] as number) & 0x7fffffff) + 0x00800000;
  return any >= 0;
}

/** Where element k stands. */
function position(shape: readonly number[], k: number): number[] {
  let rest = k;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .toReversed();
}

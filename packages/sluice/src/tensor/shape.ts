import { ShapeError } from "../errors.ts";

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** Number of elements: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Whether both shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** "[2, 3]" for messages; null (unknown) sizes print as "?". */
export function showShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? "?").join(", ")}]`;
}

/** The axis as a number in [0, rank). @throws {ShapeError} when it is out of range. */
export function normalizeAxis(axis: number, rank: number, attempted: string): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) {
    throw new ShapeError(
      `Cannot ${attempted} along axis ${axis}: the tensor has ${rank} axes, so an axis is a whole number from ${-rank} to ${rank - 1}.`,
    );
  }
  return at;
}

/** The shape both broadcast to by NumPy's rule: align at the last axis; sizes agree or one of them is 1. */
export function broadcastShapes(a: Shape, b: Shape, attempted: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const sizeA = a[a.length - rank + i] ?? 1;
    const sizeB = b[b.length - rank + i] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new ShapeError(
        `Cannot ${attempted} ${showShape(a)} and ${showShape(b)}: aligned at the last axis, sizes must agree or be 1; ` +
          `${sizeA} meets ${sizeB}. Reshape one of them, or expandDims where an axis is missing.`,
      );
    }
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** Strides that read a tensor of `shape` as if it had `target`'s shape: 0 where it repeats. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  return target.map((size, i) => {
    const axis = i - (target.length - shape.length);
    return axis < 0 || (shape[axis] === 1 && size !== 1) ? 0 : (own[axis] as number);
  });
}

/** @throws {ShapeError} unless every size is a whole number ≥ 0. */
export function checkShape(shape: Shape, attempted: string): void {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new ShapeError(`Cannot ${attempted} with shape ${showShape(shape)}: sizes are whole numbers from 0 up.`);
  }
}

/**
 * Two strided walks over one shape with as few axes as possible: axes of size 1 are dropped, and neighbours that both walks
 * pass through evenly become one. Index 0 is the innermost axis. One object is used again for every call, so nothing is
 * allocated on the way to a kernel.
 */
export class PairedAxes {
  readonly sizes: number[] = [];
  readonly a: number[] = [];
  readonly b: number[] = [];
  rank = 0;
  /** Elements of the shape. */
  count = 0;

  merge(shape: readonly number[], aStrides: readonly number[], bStrides: readonly number[]): void {
    this.rank = 0;
    this.count = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      const a = aStrides[axis] as number;
      const b = bStrides[axis] as number;
      this.count *= size;
      if (size === 1) continue;
      const inner = this.rank - 1;
      const span = inner < 0 ? 0 : (this.sizes[inner] as number);
      if (inner >= 0 && a === (this.a[inner] as number) * span && b === (this.b[inner] as number) * span) {
        this.sizes[inner] = span * size;
      } else this.set(this.rank++, size, a, b);
    }
    for (let axis = this.rank; axis < 3; axis++) this.set(axis, 1, 0, 0);
  }

  /** Puts axis `from` where axis `to` is, and `to` where `from` was. */
  swap(from: number, to: number): void {
    const size = this.size(from);
    const a = this.aStride(from);
    const b = this.bStride(from);
    this.set(from, this.size(to), this.aStride(to), this.bStride(to));
    this.set(to, size, a, b);
  }

  size(axis: number): number {
    return this.sizes[axis] as number;
  }

  aStride(axis: number): number {
    return this.a[axis] as number;
  }

  bStride(axis: number): number {
    return this.b[axis] as number;
  }

  /** Calls `visit` with the offsets, in elements, at which the axes from `first` on stand; once when there are none. */
  forEachFrom(first: number, visit: (aOffset: number, bOffset: number) => void): void {
    const walk = (axis: number, a: number, b: number): void => {
      if (axis < first) visit(a, b);
      else for (let i = 0; i < this.size(axis); i++) walk(axis - 1, a + i * this.aStride(axis), b + i * this.bStride(axis));
    };
    walk(this.rank - 1, 0, 0);
  }

  private set(axis: number, size: number, a: number, b: number): void {
    this.sizes[axis] = size;
    this.a[axis] = a;
    this.b[axis] = b;
  }
}

/** How far below its start a walk comes, in elements: 0 or negative. */
export function lowest(rank: number, sizes: readonly number[], strides: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < rank; axis++) sum += Math.min(0, ((sizes[axis] as number) - 1) * (strides[axis] as number));
  return sum;
}

/** How far above its start a walk comes, in elements. */
export function highest(rank: number, sizes: readonly number[], strides: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < rank; axis++) sum += Math.max(0, ((sizes[axis] as number) - 1) * (strides[axis] as number));
  return sum;
}

import type { Kernels, View } from "../kernels.ts";
import { highest, lowest, PairedAxes } from "./axes.ts";
import type { WasmMemory } from "./memory.ts";

/** The copying kernels. */
export interface CopyExports {
  /** Strides count elements; index 0 is the innermost axis. */
  copy(
    x: number,
    xs0: number,
    xs1: number,
    xs2: number,
    out: number,
    os0: number,
    os1: number,
    os2: number,
    n0: number,
    n1: number,
    n2: number,
    accumulate: boolean,
  ): void;
}

/** Strided copies: the last three axes, after merging, run in the kernel. */
export function copyKernels(memory: WasmMemory, wasm: CopyExports): Pick<Kernels, "copy"> {
  const axes = new PairedAxes();
  return {
    copy(x, xView, out, outView, shape, accumulate) {
      axes.merge(shape, xView.strides, outView.strides);
      if (axes.count === 0) return;
      const from = memory.input(x, checkedLength(xView, axes, axes.a)) + xView.offset * 4;
      const to = memory.output(out, checkedLength(outView, axes, axes.b)) + outView.offset * 4;
      orderForRuns(axes);
      const visit = (xOffset: number, outOffset: number): void =>
        wasm.copy(
          from + xOffset * 4,
          axes.aStride(0),
          axes.aStride(1),
          axes.aStride(2),
          to + outOffset * 4,
          axes.bStride(0),
          axes.bStride(1),
          axes.bStride(2),
          axes.size(0),
          axes.size(1),
          axes.size(2),
          accumulate,
        );
      if (axes.rank <= 3) visit(0, 0);
      else axes.forEachFrom(3, visit);
    },
  };
}

/**
 * Turns a permuted copy into the kernel's forms: the axis whose elements lie side by side in `out` goes innermost, the one
 * whose elements lie side by side in `x` beside it. Where `out` repeats an element the order counts, so it stays.
 */
function orderForRuns(axes: PairedAxes): void {
  for (let axis = 0; axis < axes.rank; axis++) if (axes.bStride(axis) === 0) return;
  for (let axis = 1; axis < axes.rank; axis++) if (axes.bStride(axis) === 1) axes.swap(axis, 0);
  if (axes.aStride(0) === 1) return;
  for (let axis = 2; axis < axes.rank; axis++) if (axes.aStride(axis) === 1) axes.swap(axis, 1);
}

/** The length a storage must have for the view. @throws {RangeError} when the view begins before the storage. */
function checkedLength(view: View, { rank, sizes }: PairedAxes, strides: readonly number[]): number {
  const first = view.offset + lowest(rank, sizes, strides);
  if (first < 0) throw new RangeError(`internal: a copy would reach element ${first} of a storage.`);
  return view.offset + highest(rank, sizes, strides) + 1;
}

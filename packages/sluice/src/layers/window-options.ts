import { type WindowOptions, windowAxis } from "../autograd/ops/window.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Layer, SymbolicShape } from "./layer.ts";

/** One number for all axes, or one for each. */
export type PerAxis = number | readonly number[];

/** The option as a list. @throws {ValueError} unless it is a whole number ≥ 1, or `rank` of them. */
export function perAxis(value: PerAxis, rank: number, type: string, option: string): number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
  if (list.length !== rank || !list.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ValueError(
      `Cannot make ${type} with ${option} ${JSON.stringify(value)}: it is a whole number from 1 up, or a list of ${rank}, one for each axis.`,
    );
  }
  return list;
}

/** @throws {ValueError} unless `value` is one of `known`. */
export function checkChoice(value: string, known: readonly string[], type: string, option: string): void {
  if (!known.includes(value)) {
    throw new ValueError(`Cannot make ${type} with ${option} "${value}": it is "${known.join('" or "')}".`);
  }
}

/** The sizes of the axes between batch and channels. @throws {ShapeError} unless x is [batch, `rank` axes, a known number of channels]. */
export function gridOf(layer: Layer, x: SymbolicShape, rank: number): SymbolicShape {
  const channels = x.at(-1);
  const built = layer.inputShapes[0]?.at(-1);
  if (x.length !== rank + 2 || typeof channels !== "number" || (built !== undefined && built !== channels)) {
    throw new ShapeError(
      `Cannot run ${layer.type} "${layer.name}" on shape ${showShape(x)}: it reads [batch, ${["length", "height, width", "depth, height, width"][rank - 1]}, ` +
        `${built ?? "a known number of"} channels].${x.length === rank + 3 ? " For a sequence of them use timeDistributed(layer)." : ""}`,
    );
  }
  return x.slice(1, -1);
}

/** Number of windows along each axis; null where the size is. @throws {ShapeError} when a window does not fit. */
export function windowCounts(grid: SymbolicShape, kernelSize: readonly number[], options: WindowOptions): SymbolicShape {
  const { strides, dilationRate, padding = "valid" } = options;
  return grid.map((size, k) =>
    size === null ? null : windowAxis(size, kernelSize[k] as number, strides?.[k] ?? 1, dilationRate?.[k] ?? 1, padding).count,
  );
}

import { ShapeError } from "../../errors.ts";
import { type Shape, showShape, stridesOf } from "../../tensor/shape.ts";

/**
 * What lies beyond the ends of an axis: "valid" reads nothing there, "same" pads both ends so that n positions give ⌈n / stride⌉
 * windows (an odd one goes to the end), "causal" pads the beginning alone, so that a window sees nothing that follows.
 */
export type WindowPadding = "valid" | "same" | "causal";

/** How a window moves; one entry for each axis, 1 when left out. */
export interface WindowOptions {
  /** Positions from one window to the next. */
  readonly strides?: readonly number[];
  /** Positions from one element of a window to the next. */
  readonly dilationRate?: readonly number[];
  /** Default "valid". */
  readonly padding?: WindowPadding;
}

/** A window along one axis. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first position. */
  readonly before: number;
  /** Length of the axis, padding included. */
  readonly padded: number;
  /** Number of windows. */
  readonly count: number;
}

/** @throws {ShapeError} when the window is longer than what it slides over. */
export function windowAxis(size: number, kernel: number, stride: number, dilation: number, padding: WindowPadding): WindowAxis {
  const extent = (kernel - 1) * dilation + 1;
  if (padding === "same") {
    const count = Math.ceil(size / stride);
    const total = Math.max(0, (count - 1) * stride + extent - size);
    return { kernel, stride, dilation, before: Math.floor(total / 2), padded: size + total, count };
  }
  const before = padding === "causal" ? extent - 1 : 0;
  const padded = size + before;
  if (padded < extent) {
    throw new ShapeError(
      `Cannot slide a window of ${extent} over an axis of length ${size}: without padding it must fit in. Use padding "same", or a longer input.`,
    );
  }
  return { kernel, stride, dilation, before, padded, count: Math.floor((padded - extent) / stride) + 1 };
}

/** The windows over the axes between the first and the last of `shape`. */
export function windowAxes(shape: Shape, kernelSize: readonly number[], options: WindowOptions): WindowAxis[] {
  if (shape.length !== kernelSize.length + 2) {
    throw new ShapeError(
      `Cannot slide a window of ${showShape(kernelSize)} over ${showShape(shape)}: it needs [batch, ${kernelSize.length} axes, channels].`,
    );
  }
  const { strides, dilationRate, padding = "valid" } = options;
  return kernelSize.map((kernel, k) =>
    windowAxis(shape[k + 1] as number, kernel, strides?.[k] ?? 1, dilationRate?.[k] ?? 1, padding),
  );
}

/** All windows of `rows` entries of the batch as one strided view of the padded input: [rows, …counts, …kernel, C]. */
export function windowView(axes: readonly WindowAxis[], rows: number, channels: number): { shape: Shape; strides: number[] } {
  const own = stridesOf([rows, ...axes.map(({ padded }) => padded), channels]);
  const along = (pace: (axis: WindowAxis) => number): number[] => axes.map((axis, k) => pace(axis) * (own[k + 1] as number));
  return {
    shape: [rows, ...axes.map(({ count }) => count), ...axes.map(({ kernel }) => kernel), channels],
    strides: [own[0] as number, ...along(({ stride }) => stride), ...along(({ dilation }) => dilation), 1],
  };
}

import { ShapeError } from "../../errors.ts";
import { type Shape, sameShape, showShape, sizeOf, stridesOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { linear } from "./matmul.ts";
import { sumTo } from "./reduce-axes.ts";
import { reshape } from "./shape.ts";
import { type WindowAxis, type WindowOptions, windowAxes, windowView } from "./window.ts";

/** Numbers that are laid out as windows at a time: a megabyte of float32, which a cache holds. */
const SCRATCH = 1 << 18;

const dense = (shape: Shape) => ({ offset: 0, strides: stridesOf(shape) });

/** Where x sits inside its padded form. */
function insideOf(shape: Shape, axes: readonly WindowAxis[]): { padded: Shape; view: { offset: number; strides: number[] } } {
  const padded = [shape[0] as number, ...axes.map((axis) => axis.padded), shape.at(-1) as number];
  const strides = stridesOf(padded);
  return { padded, view: { offset: axes.reduce((at, { before }, k) => at + before * (strides[k + 1] as number), 0), strides } };
}

/** x with `value` around it; x itself where nothing is around it. */
function pad(x: Tensor, axes: readonly WindowAxis[], value: number): Tensor {
  const { padded, view } = insideOf(x.shape, axes);
  if (sameShape(padded, x.shape)) return x;
  const out = allocate(padded, x.backend);
  x.backend.kernels.fill(out.storage, value);
  x.backend.kernels.copy(x.storage, dense(x.shape), out.storage, view, x.shape, false);
  return out;
}

/** The opposite way: the part of `whole` that stands for x. */
function unpad(whole: Tensor, shape: Shape, axes: readonly WindowAxis[]): Tensor {
  const { view } = insideOf(shape, axes);
  if (sameShape(whole.shape, shape)) return whole;
  const out = allocate(shape, whole.backend);
  whole.backend.kernels.copy(whole.storage, view, out.storage, dense(shape), shape, false);
  return out;
}

function zeros(shape: Shape, { backend }: Tensor): Tensor {
  const out = allocate(shape, backend);
  backend.kernels.fill(out.storage, 0);
  return out;
}

const patchesOp = defineOp({
  name: "patches",
  forward: (x: Tensor, axes: readonly WindowAxis[], value: number) => {
    const source = pad(x, axes, value);
    const { shape, strides } = windowView(axes, x.shape[0] as number, x.shape.at(-1) as number);
    const output = allocate(shape, x.backend);
    x.backend.kernels.copy(source.storage, { offset: 0, strides }, output.storage, dense(shape), shape, false);
    return { output, saved: { from: x.shape, padded: source.shape, axes } };
  },
  backward: (dy, { from, padded, axes }) => {
    const whole = zeros(padded, dy);
    const { shape, strides } = windowView(axes, from[0] as number, from.at(-1) as number);
    dy.backend.kernels.copy(dy.storage, dense(shape), whole.storage, { offset: 0, strides }, shape, true); // windows overlap: they add up
    return [unpad(whole, from, axes)];
  },
});

/**
 * Every window of x laid out on its own: x [B, …D, C] → [B, …windows, K, C], K the product of `kernelSize`, its last axis fastest.
 * @param value stands in the padding; default 0.
 * @throws {ShapeError} when a window does not fit, or x is not [B, …D, C] with as many axes D as `kernelSize` has.
 * @example max(patches(image, [2, 2], { strides: [2, 2] }), { axis: -2 }) // max pooling
 */
export function patches(
  x: Tensor,
  kernelSize: readonly number[],
  { value = 0, ...options }: WindowOptions & { readonly value?: number } = {},
): Tensor {
  const axes = windowAxes(x.shape, kernelSize, options);
  const laid = patchesOp(x, axes, value);
  return reshape(laid, [x.shape[0] as number, ...axes.map(({ count }) => count), sizeOf(kernelSize), x.shape.at(-1) as number]);
}

/** Sizes of a convolution as a matrix product: [rows · O, K] · [K, F] for `rows` entries of the batch at a time. */
function productOf(B: number, axes: readonly WindowAxis[], kernelShape: Shape) {
  const O = sizeOf(axes.map(({ count }) => count));
  const F = kernelShape.at(-1) as number;
  const K = sizeOf(kernelShape.slice(0, -1));
  const rows = Math.max(1, Math.min(B, Math.floor(SCRATCH / Math.max(1, O * K))));
  const starts = Array.from({ length: Math.ceil(B / rows) }, (_, k) => k * rows);
  return { O, F, K, rows, starts };
}

const convolutionOp = defineOp({
  name: "convolution",
  forward: (x: Tensor, kernel: Tensor, bias: Tensor | null, axes: readonly WindowAxis[]) => {
    const { kernels } = x.backend;
    const [B, C] = [x.shape[0] as number, x.shape.at(-1) as number];
    const { O, F, K, rows, starts } = productOf(B, axes, kernel.shape);
    const source = pad(x, axes, 0);
    const y = allocate([B, ...axes.map(({ count }) => count), F], x.backend);
    x.backend.scope(() => {
      const columns = allocate([rows * O, K], x.backend);
      const part = rows === B ? y : allocate([rows * O, F], x.backend);
      for (const b of starts) {
        const n = Math.min(rows, B - b);
        const { shape, strides } = windowView(axes, n, C);
        const offset = b * (strides[0] as number);
        const own = { offset: 0, strides: [F, 1] };
        kernels.copy(source.storage, { offset, strides }, columns.storage, dense(shape), shape, false);
        if (bias) kernels.copy(bias.storage, { offset: 0, strides: [0, 1] }, part.storage, own, [n * O, F], false);
        kernels.matmul(columns.storage, kernel.storage, part.storage, {
          M: n * O,
          N: F,
          K,
          transposeA: false,
          transposeB: false,
          batch: 1,
          accumulate: bias !== null,
        });
        if (part !== y) kernels.copy(part.storage, own, y.storage, { offset: b * O * F, strides: [F, 1] }, [n * O, F], false);
      }
    });
    return { output: y, saved: { source, from: x.shape, kernel, bias, axes } };
  },
  backward: (dy, { source, from, kernel, bias, axes }, [toX = true]) => {
    const { backend } = dy;
    const { kernels } = backend;
    const [B, C] = [from[0] as number, from.at(-1) as number];
    const { O, F, K, rows, starts } = productOf(B, axes, kernel.shape);
    const dSource = toX ? zeros(source.shape, dy) : null; // images themselves, for instance, need none
    const dKernel = zeros(kernel.shape, dy);
    backend.scope(() => {
      const columns = allocate([rows * O, K], backend);
      const part = rows === B ? dy : allocate([rows * O, F], backend);
      const plain = { transposeA: false, transposeB: false, batch: 1, accumulate: false };
      for (const b of starts) {
        const n = Math.min(rows, B - b);
        const { shape, strides } = windowView(axes, n, C);
        const view = { offset: b * (strides[0] as number), strides };
        const own = { offset: 0, strides: [F, 1] };
        if (part !== dy) kernels.copy(dy.storage, { offset: b * O * F, strides: [F, 1] }, part.storage, own, [n * O, F], false);
        kernels.copy(source.storage, view, columns.storage, dense(shape), shape, false);
        // dKernel = Σ columnsᵀ dy   [K, F]
        const sums = { ...plain, M: K, N: F, K: n * O, transposeA: true, accumulate: true };
        kernels.matmul(columns.storage, part.storage, dKernel.storage, sums);
        if (!dSource) continue;
        // dColumns = dy kernelᵀ   [rows · O, K], and back to where each number came from
        kernels.matmul(part.storage, kernel.storage, columns.storage, { ...plain, M: n * O, N: K, K: F, transposeB: true });
        kernels.copy(columns.storage, dense(shape), dSource.storage, view, shape, true);
      }
    });
    return [dSource && unpad(dSource, from, axes), dKernel, bias && sumTo(dy, bias.shape)];
  },
});

/**
 * Convolution over the axes between batch and channels, as deep-learning frameworks mean it (the kernel is not turned around):
 *
 *     y[b, p, f] = Σ_q Σ_c x[b, p · stride + q · dilation − before, c] kernel[q, c, f] + bias[f]
 *
 * x [B, …D, C], kernel [...k, C, F] with one k for each axis of D, bias [F] → y [B, …windows, F]. It is a matrix product over the
 * windows, laid out a megabyte at a time and not kept: backward lays them out again.
 * @throws {ShapeError} when the channels differ, or a window does not fit.
 */
export function convolution(x: Tensor, kernel: Tensor, bias: Tensor | null = null, options: WindowOptions = {}): Tensor {
  const [C, F] = kernel.shape.slice(-2) as [number, number];
  if (x.rank !== kernel.rank || x.shape.at(-1) !== C) {
    throw new ShapeError(
      `Cannot convolve ${showShape(x.shape)} with a kernel of ${showShape(kernel.shape)}: x must be [batch, ${kernel.rank - 2} axes, ${C} channels].`,
    );
  }
  const axes = windowAxes(x.shape, kernel.shape.slice(0, -2), options);
  if (axes.every(({ kernel: size, stride }) => size === 1 && stride === 1)) return linear(x, reshape(kernel, [C, F]), bias);
  return convolutionOp(x, kernel, bias, axes);
}

import { ShapeError, ValueError } from "../errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../tensor/shape.ts";

/** Side of a window, and the σ of its weights, in pixels. */
const SIDE = 11;
const SIGMA = 1.5;
/** C₁ and C₂ keep the ratios finite where a window is black or even: (0.01 L)², (0.03 L)². */
const SMALL = [0.01, 0.03] as const;

/** Images of one size: [..., height, width, channels], row-major. */
export interface Images {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** Options of `ssim`. */
export interface SsimOptions {
  /** L, the largest value that a pixel can have. Default 1. */
  readonly dynamicRange?: number;
}

/** The weights of a window along one of its axes; they add up to 1. */
const weights: readonly number[] = (() => {
  const bell = Array.from({ length: SIDE }, (_, k) => Math.exp(-((k - (SIDE - 1) / 2) ** 2) / (2 * SIGMA ** 2)));
  const total = bell.reduce((a, b) => a + b, 0);
  return bell.map((weight) => weight / total);
})();

/**
 * How alike two images are to the eye [Wang et al. 2004, doi:10.1109/TIP.2003.819861]: 1 for equal ones, near 0 for unrelated ones, at worst −1.
 *
 *     ssim = (2 μx μy + C₁)(2 σxy + C₂) / ((μx² + μy² + C₁)(σx² + σy² + C₂))
 *
 * with mean μ, variance σ² and covariance in a window of 11 × 11 pixels whose weights are a Gaussian of σ 1.5; the mean over all windows that lie inside
 * the image, and over channels.
 * @param actual images [..., height, width, channels]
 * @param predicted the images to judge, of the same shape
 * @returns one number for each image, in their order
 * @throws {ShapeError} when the shapes differ, or a side has fewer than 11 pixels; {ValueError} for a range that is not above 0.
 * @example const { data } = await model.predict(clips);
 * const alike = ssim(frames, { shape: frames.shape, data }); // [B · T]
 */
export function ssim(actual: Images, predicted: Images, { dynamicRange = 1 }: SsimOptions = {}): number[] {
  const { shape } = actual;
  const [height = 0, width = 0, channels = 0] = shape.slice(-3);
  if (!sameShape(shape, predicted.shape) || shape.length < 3 || height < SIDE || width < SIDE) {
    throw new ShapeError(
      `Cannot compare images ${showShape(shape)} and ${showShape(predicted.shape)} by SSIM: both are [..., height, width, channels] of one shape, ` +
        `and a window takes ${SIDE} × ${SIDE} pixels. Add a last axis of 1 to grey images; enlarge small ones.`,
    );
  }
  if (!(dynamicRange > 0)) {
    throw new ValueError(
      `Cannot compute SSIM with dynamicRange ${dynamicRange}: it is the largest value of a pixel, 1 or 255 say.`,
    );
  }
  const [C1, C2] = SMALL.map((share) => (share * dynamicRange) ** 2) as [number, number];
  const size = height * width * channels;
  return Array.from({ length: sizeOf(shape.slice(0, -3)) }, (_, image) => {
    const pixel = ({ data }: Images, k: number): number => data[image * size + k] as number;
    const means = (of: (x: number, y: number) => number): Float64Array => {
      const values = Float64Array.from({ length: size }, (_, k) => of(pixel(actual, k), pixel(predicted, k)));
      return blurred(values, height, width, channels);
    };
    const parts = [means((x) => x), means((_, y) => y), means((x) => x * x), means((_, y) => y * y), means((x, y) => x * y)];
    let total = 0;
    const count = (height - SIDE + 1) * (width - SIDE + 1) * channels;
    for (let k = 0; k < count; k++) {
      const [x, y, xx, yy, xy] = parts.map((part) => part[k]) as [number, number, number, number, number];
      const alike = (2 * x * y + C1) * (2 * (xy - x * y) + C2);
      total += alike / ((x * x + y * y + C1) * (xx - x * x + yy - y * y + C2));
    }
    return total / count;
  });
}

/** The weighted means of all windows inside an image: [height, width, C] → [height − 10, width − 10, C]. */
function blurred(image: Float64Array, height: number, width: number, C: number): Float64Array {
  return along(along(image, 1, height, width * C), height - SIDE + 1, width, C);
}

/** [outer, n, inner] → [outer, n − 10, inner]: along the middle axis, the weighted mean of 11 neighbours. */
function along(values: Float64Array, outer: number, n: number, inner: number): Float64Array {
  const count = n - SIDE + 1;
  const out = new Float64Array(outer * count * inner);
  for (let k = 0; k < out.length; k++) {
    const from = Math.floor(k / (count * inner)) * n * inner + (k % (count * inner));
    for (let q = 0; q < SIDE; q++) out[k] = (out[k] as number) + (weights[q] as number) * (values[from + q * inner] as number);
  }
  return out;
}

import { ValueError } from "../errors.ts";
import { sameShape, showShape, sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import { inputGradient } from "./connectivity.ts";
import { type InspectOptions, type PlainArray, plain, ready, type Subject, type SubjectInputs } from "./subject.ts";
import { variedInput } from "./varied.ts";

/** Options of `attribution`. */
export interface AttributionOptions extends InspectOptions {
  /** Which number of a row of the first output is explained, counted through all its axes; may be left out when there is one. */
  readonly output?: number;
  /** Which input is varied, when there are several. Default 0. */
  readonly input?: number;
  /** What stands for "nothing known": a number, or a tensor of the input's shape, of its vectors' where an embedding reads it. Default 0. */
  readonly baseline?: number | Tensor;
}

/** Options of `integratedGradients`. */
export interface IntegratedGradientsOptions extends AttributionOptions {
  /** Points on the way from baseline to x. Default 50. */
  readonly steps?: number;
}

/** Attributions of each input number, and how far their sum misses the difference they explain. */
export interface IntegratedGradients {
  /** The share of each element of the input in f(x) − f(baseline), in the input's shape; [B, T, D] where an embedding reads it. */
  readonly attributions: PlainArray;
  /** f(x) of each row. */
  readonly value: readonly number[];
  /** f(baseline) of each row. */
  readonly baselineValue: readonly number[];
  /** Σ attributions − (f(x) − f(baseline)) of each row: 0 up to the error of the sum over `steps` points. */
  readonly gap: readonly number[];
}

/**
 * Integrated gradients [Sundararajan et al. 2017, arXiv:1703.01365], by the midpoint rule with m = `steps`:
 *
 *     a = (x − x') ⊙ 1/m Σ_k ∂f(x' + (k − ½)/m · (x − x')) / ∂x,   k = 1 … m
 *
 * The attributions of a row add up to f(x) − f(x') (completeness); `gap` says how nearly.
 * @throws {ValueError} when `output` is missing or not there, or numbers cannot vary the input.
 * @example const { attributions, gap } = integratedGradients(model, x, { output: 2, steps: 100 });
 */
export function integratedGradients(
  subject: Subject,
  x: SubjectInputs,
  { steps = 50, ...options }: IntegratedGradientsOptions = {},
): IntegratedGradients {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new ValueError(`Cannot integrate over ${steps} steps: give a whole number from 1 up; 50 is usual.`);
  }
  const f = explained(subject, x, options);
  const { varied, from } = f;
  const value = f.values(varied);
  const element = f.element();
  const ahead = Float64Array.from(varied.dataSync());
  const way = ahead.map((end, k) => end - (from[k] as number));
  const sums = new Float64Array(way.length);
  for (let k = 0; k < steps; k++) {
    const share = (k + 0.5) / steps;
    const point = f.at(way.map((distance, e) => (from[e] as number) + share * distance));
    inputGradient(f.compute, point, element).forEach((slope, e) => {
      sums[e] = (sums[e] as number) + slope;
    });
  }
  const attributions = sums.map((sum, e) => ((way[e] as number) * sum) / steps);
  const baselineValue = f.values(f.at(from));
  const width = varied.size / Math.max(1, value.length);
  const gap = value.map((now, b) => {
    const total = attributions.subarray(b * width, (b + 1) * width).reduce((a, c) => a + c, 0);
    return total - (now - (baselineValue[b] as number));
  });
  return { attributions: plain(varied.shape, attributions), value, baselineValue, gap };
}

/** Options of `occlusion`. */
export interface OcclusionOptions extends AttributionOptions {
  /** Steps that are covered together. Default 1. */
  readonly window?: number;
  /** Steps between one window and the next. Default 1. */
  readonly stride?: number;
}

/** How much the output changes where a window of the input is covered. */
export interface Occlusion {
  /** The first covered step of each window. */
  readonly starts: readonly number[];
  /** f(x) minus f with the window covered, [B, windows]: what the window adds. */
  readonly drops: PlainArray;
  /** f(x) of each row. */
  readonly value: readonly number[];
}

/**
 * What changes when a window of time is covered by the baseline, every feature of it at once
 * [Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53, there over images].
 * @throws {ValueError} when `output` is missing or not there, or no window fits.
 * @example const { starts, drops } = occlusion(model, x, { window: 4 });
 */
export function occlusion(
  subject: Subject,
  x: SubjectInputs,
  { window = 1, stride = 1, ...options }: OcclusionOptions = {},
): Occlusion {
  const f = explained(subject, x, options);
  const [B = 0, S = 0] = f.varied.shape;
  if (![window, stride].every((each) => Number.isInteger(each) && each >= 1) || window > S) {
    throw new ValueError(
      `Cannot cover ${window} steps at a stride of ${stride} in ${S} steps: both are whole numbers from 1 up, and the window must fit.`,
    );
  }
  const starts = Array.from({ length: Math.floor((S - window) / stride) + 1 }, (_, k) => k * stride);
  const value = f.values(f.varied);
  const width = f.varied.size / Math.max(1, B * S);
  const seen = Float64Array.from(f.varied.dataSync());
  const isCovered = (e: number, start: number): boolean => {
    const s = Math.floor(e / width) % S;
    return s >= start && s < start + window;
  };
  const drops = new Float64Array(B * starts.length);
  starts.forEach((start, k) => {
    const covered = f.values(f.at(seen.map((now, e) => (isCovered(e, start) ? (f.from[e] as number) : now))));
    covered.forEach((without, b) => {
      drops[b * starts.length + k] = (value[b] as number) - without;
    });
  });
  return { starts, drops: plain([B, starts.length], drops), value };
}

/** The number that is explained, as a function of the varied input. */
interface Explained {
  readonly varied: Tensor;
  readonly from: Float64Array;
  /** Where the number stands in a row of the output; checked against the output. */
  readonly element: () => number;
  readonly compute: (x: Tensor) => Tensor;
  /** f of each row. */
  readonly values: (x: Tensor) => number[];
  /** These numbers in the input's shape. */
  readonly at: (data: Float64Array) => Tensor;
}

function explained(subject: Subject, x: SubjectInputs, options: AttributionOptions): Explained {
  const { output, input = 0, baseline = 0, mask = null } = options;
  const inputs = ready(subject, x);
  const { x: varied, compute } = variedInput(subject, inputs, input, mask);
  const from = typeof baseline === "number" ? new Float64Array(varied.size).fill(baseline) : sameAs(varied, baseline);
  const place = ({ shape }: Tensor): number => {
    const numbers = sizeOf(shape.slice(1));
    const chosen = output ?? (numbers === 1 ? 0 : -1);
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < numbers) return chosen;
    throw new ValueError(
      `Cannot explain output ${output ?? "(none chosen)"} of "${subject.name}": a row of its first output ${showShape(shape)} has ${numbers} numbers. ` +
        `Choose one as \`output\`, from 0 to ${numbers - 1}.`,
    );
  };
  const read = (at: Tensor): { numbers: number[]; element: number } =>
    inStep(subject.backend, () => {
      const y = compute(at);
      const element = place(y);
      const [B = 0] = y.shape;
      const data = y.dataSync();
      return { numbers: Array.from({ length: B }, (_, b) => data[(b * y.size) / B + element] as number), element };
    });
  return {
    varied,
    from,
    element: () => read(varied).element,
    compute,
    values: (at) => read(at).numbers,
    at: (data) => tensor(data, varied.shape, { backend: varied.backend }),
  };
}

function sameAs(x: Tensor, baseline: Tensor): Float64Array {
  if (sameShape(x.shape, baseline.shape)) return Float64Array.from(baseline.dataSync());
  throw new ValueError(
    `Cannot start from a baseline of shape ${showShape(baseline.shape)}: it has the input's shape, ${showShape(x.shape)}, or is one number.`,
  );
}

import { ValueError } from "../errors.ts";
import { type RandomKey, RandomStream } from "../random/philox.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";

/** Names that need no numbers; each stands for its object form with the defaults. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "identity"
  | "randomUniform"
  | "randomNormal"
  | "truncatedNormal"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "orthogonal";

/**
 * How a weight starts, as plain data; the rules and defaults are Keras 3's.
 * Fan-in and fan-out are the last two sizes times those before them (a convolution's receptive field).
 */
export type InitializerSpec =
  | InitializerName
  | { readonly type: "constant"; readonly value: number }
  | { readonly type: "identity"; readonly gain?: number }
  /** Default −0.05 … 0.05. */
  | { readonly type: "randomUniform"; readonly min?: number; readonly max?: number }
  /** Default mean 0, std 0.05; "truncatedNormal" draws again beyond two standard deviations. */
  | { readonly type: "randomNormal" | "truncatedNormal"; readonly mean?: number; readonly std?: number }
  /** Variance scale / n, n by mode [Glorot & Bengio 2010; He et al. 2015]. Default scale 1, fanIn, truncatedNormal. */
  | {
      readonly type: "varianceScaling";
      readonly scale?: number;
      readonly mode?: "fanIn" | "fanOut" | "fanAvg";
      readonly distribution?: "uniform" | "normal" | "truncatedNormal";
    }
  /** A matrix with orthonormal rows or columns [Saxe et al. 2013], times `gain`, default 1. */
  | { readonly type: "orthogonal"; readonly gain?: number };

const named: Record<InitializerName, Exclude<InitializerSpec, string>> = {
  zeros: { type: "constant", value: 0 },
  ones: { type: "constant", value: 1 },
  identity: { type: "identity" },
  randomUniform: { type: "randomUniform" },
  randomNormal: { type: "randomNormal" },
  truncatedNormal: { type: "truncatedNormal" },
  glorotUniform: { type: "varianceScaling", mode: "fanAvg", distribution: "uniform" },
  glorotNormal: { type: "varianceScaling", mode: "fanAvg", distribution: "truncatedNormal" },
  heUniform: { type: "varianceScaling", scale: 2, distribution: "uniform" },
  heNormal: { type: "varianceScaling", scale: 2, distribution: "truncatedNormal" },
  lecunUniform: { type: "varianceScaling", distribution: "uniform" },
  lecunNormal: { type: "varianceScaling", distribution: "truncatedNormal" },
  orthogonal: { type: "orthogonal" },
};

/**
 * The starting numbers of a weight of `shape`, from `key` alone: the same on every host.
 * @throws {ValueError} for an unknown type, or a shape the rule cannot fill.
 */
export function initialize(spec: InitializerSpec, shape: Shape, key: RandomKey): Float64Array {
  const rule = typeof spec === "string" ? (Object.hasOwn(named, spec) ? named[spec] : undefined) : spec;
  const random = new RandomStream(key);
  const n = sizeOf(shape);
  const draw = (next: () => number): Float64Array => drawn(n, next);
  switch (rule?.type) {
    case "constant":
      return new Float64Array(n).fill(rule.value);
    case "identity":
      return identity(shape, rule.gain ?? 1);
    case "randomUniform": {
      const { min = -0.05, max = 0.05 } = rule;
      return draw(() => min + (max - min) * random.uniform());
    }
    case "randomNormal": {
      const { mean = 0, std = 0.05 } = rule;
      return draw(() => mean + std * random.normal());
    }
    case "truncatedNormal": {
      const { mean = 0, std = 0.05 } = rule;
      return draw(() => mean + std * truncated(random));
    }
    case "varianceScaling": {
      const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = rule;
      const variance = scale / Math.max(1, fan(shape, mode));
      if (distribution === "uniform") {
        const limit = Math.sqrt(3 * variance);
        return draw(() => limit * (2 * random.uniform() - 1));
      }
      // A normal law cut at ±2 has the standard deviation 0.8796…; dividing by it restores the variance (as Keras does).
      const std = Math.sqrt(variance) / (distribution === "normal" ? 1 : 0.87962566103423978);
      return draw(distribution === "normal" ? () => std * random.normal() : () => std * truncated(random));
    }
    case "orthogonal":
      return orthogonal(shape, rule.gain ?? 1, random);
    default:
      throw new ValueError(
        `Cannot initialize a weight with ${JSON.stringify(spec)}: initializers are ${Object.keys(named).join(", ")}, ` +
          "or an object with type constant, varianceScaling or one of these.",
      );
  }
}

/** `length` numbers from `next`; a loop, which engines run several times faster than `Float64Array.from`. */
function drawn(length: number, next: () => number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = next();
  return out;
}

function truncated(random: RandomStream): number {
  let z = random.normal();
  while (Math.abs(z) > 2) z = random.normal();
  return z;
}

function fan(shape: Shape, mode: "fanIn" | "fanOut" | "fanAvg"): number {
  const field = sizeOf(shape.slice(0, -2));
  const fanIn = field * (shape.at(-2) ?? shape.at(-1) ?? 1);
  const fanOut = field * (shape.at(-1) ?? 1);
  return mode === "fanIn" ? fanIn : mode === "fanOut" ? fanOut : (fanIn + fanOut) / 2;
}

function matrixSizes(shape: Shape, what: string): [number, number] {
  if (shape.length < 2)
    throw new ValueError(`Cannot make an ${what} weight of shape ${showShape(shape)}: it needs at least two axes.`);
  return [sizeOf(shape.slice(0, -1)), shape.at(-1) as number];
}

function identity(shape: Shape, gain: number): Float64Array {
  const [rows, columns] = matrixSizes(shape, "identity");
  const out = new Float64Array(rows * columns);
  for (let k = 0; k < Math.min(rows, columns); k++) out[k * columns + k] = gain;
  return out;
}

/**
 * Orthonormal rows or columns, whichever are fewer: a normal random matrix made orthogonal by modified Gram–Schmidt.
 * The diagonal of its R is positive, so the law is uniform over orthogonal matrices [Mezzadri 2007, math-ph/0609050].
 */
function orthogonal(shape: Shape, gain: number, random: RandomStream): Float64Array {
  const [rows, columns] = matrixSizes(shape, "orthogonal");
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const v = drawn(length, () => random.normal());
    for (const q of vectors) subtractProjection(v, q);
    const scale = 1 / Math.sqrt(dot(v, v));
    for (let j = 0; j < length; j++) v[j] = (v[j] as number) * scale;
    vectors.push(v);
  }
  const out = new Float64Array(rows * columns);
  for (let k = 0; k < count; k++) {
    const v = vectors[k] as Float64Array;
    for (let j = 0; j < length; j++) out[rows < columns ? k * columns + j : j * columns + k] = gain * (v[j] as number);
  }
  return out;
}

function subtractProjection(v: Float64Array, q: Float64Array): void {
  const along = dot(v, q);
  for (let j = 0; j < v.length; j++) v[j] = (v[j] as number) - along * (q[j] as number);
}

/** Four running sums keep the processor's adders busy: large recurrent kernels take seconds otherwise. */
function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j + 4 <= a.length; j += 4) {
    s0 += (a[j] as number) * (b[j] as number);
    s1 += (a[j + 1] as number) * (b[j + 1] as number);
    s2 += (a[j + 2] as number) * (b[j + 2] as number);
    s3 += (a[j + 3] as number) * (b[j + 3] as number);
  }
  for (; j < a.length; j++) s0 += (a[j] as number) * (b[j] as number);
  return s0 + s1 + (s2 + s3);
}

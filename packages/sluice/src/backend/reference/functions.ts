import type { BinaryName, GateActivationName, UnaryName } from "../kernels.ts";
import { erfc } from "./erf.ts";

/** A function of one number and its slope, given y = f(x) first, because most slopes need nothing else. */
export interface UnaryFunction {
  value(x: number): number;
  slope(y: number, x: number): number;
}

/** A function whose slope follows from its output alone. */
export interface GateFunction extends UnaryFunction {
  slope(y: number): number;
}

// SELU's fixed point has mean 0 and variance 1 [Klambauer et al. 2017, arXiv:1706.02515].
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
/** Φ, the normal distribution function, and φ, its density. */
const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2;
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
/** x·w where w vanishes faster than x grows: 0 at its limit, not ∞·0. */
const faded = (x: number, w: number): number => (w === 0 ? 0 : x * w);

/**
 * Every unary function, defined once; `unary`, `unaryGradient` and the fused recurrent kernels read it here.
 * NaN gives NaN and each limit at ±∞ is reached. At a kink the slope is the one towards 0.
 */
export const UNARY: Readonly<Record<UnaryName, UnaryFunction> & Record<GateActivationName, GateFunction>> = {
  linear: { value: (x) => x, slope: () => 1 },
  sigmoid: { value: sigmoid, slope: (y) => y * (1 - y) },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y },
  relu: { value: (x) => Math.max(x, 0), slope: (y) => (y > 0 ? 1 : 0) },
  relu6: { value: (x) => Math.min(Math.max(x, 0), 6), slope: (y) => (y > 0 && y < 6 ? 1 : 0) },
  leakyRelu: { value: (x) => (x > 0 ? x : 0.2 * x), slope: (y) => (y > 0 ? 1 : 0.2) },
  elu: { value: elu, slope: (y) => (y > 0 ? 1 : y + 1) },
  selu: {
    value: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    slope: (y) => (y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
  },
  softplus: { value: softplus, slope: (y) => -Math.expm1(-y) },
  softsign: {
    value: (x) => (Math.abs(x) === Number.POSITIVE_INFINITY ? Math.sign(x) : x / (1 + Math.abs(x))),
    slope: (y) => (1 - Math.abs(y)) ** 2,
  },
  hardSigmoid: { value: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1), slope: (y) => (y > 0 && y < 1 ? 1 / 6 : 0) },
  hardTanh: { value: (x) => Math.min(Math.max(x, -1), 1), slope: (y) => (y > -1 && y < 1 ? 1 : 0) },
  exponential: { value: Math.exp, slope: (y) => y },
  gelu: {
    value: (x) => faded(x, normalCdf(x)),
    slope: (_, x) => normalCdf(x) + faded(x, normalDensity(x)),
  },
  silu: {
    value: (x) => faded(x, sigmoid(x)),
    slope: (_, x) => sigmoid(x) + faded(x, sigmoid(x) * sigmoid(-x)),
  },
  mish: {
    value: (x) => faded(x, Math.tanh(softplus(x))),
    slope: (_, x) => {
      const w = Math.tanh(softplus(x));
      return w + faded(x, (1 - w * w) * sigmoid(x));
    },
  },
  negate: { value: (x) => -x, slope: () => -1 },
  abs: { value: Math.abs, slope: (_, x) => Math.sign(x) },
  sign: { value: Math.sign, slope: () => 0 },
  square: { value: (x) => x * x, slope: (_, x) => 2 * x },
  sqrt: { value: Math.sqrt, slope: (y) => 0.5 / y },
  reciprocal: { value: (x) => 1 / x, slope: (y) => -y * y },
  log: { value: Math.log, slope: (_, x) => 1 / x },
  log1p: { value: Math.log1p, slope: (_, x) => 1 / (1 + x) },
  logSigmoid: { value: (x) => -softplus(-x), slope: (_, x) => sigmoid(-x) },
  logCosh: {
    // ½ log1p(sinh² x) near 0, where the other form would cancel
    value: (x) =>
      Math.abs(x) < 1 ? Math.log1p(Math.sinh(x) ** 2) / 2 : Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2,
    slope: (_, x) => Math.tanh(x),
  },
  sin: { value: Math.sin, slope: (_, x) => Math.cos(x) },
  cos: { value: Math.cos, slope: (_, x) => -Math.sin(x) },
};

/** Every binary function. A comparison with NaN is false; minimum and maximum pass NaN on. */
export const BINARY: Readonly<Record<BinaryName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: (a, b) => Math.min(a, b),
  maximum: (a, b) => Math.max(a, b),
  power: (a, b) => a ** b,
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
};

import type { RandomKey } from "../random/philox.ts";
import type { Storage } from "./backend.ts";

/**
 * The kernels every backend offers: one contract, one law suite (`kernel-laws.ts`). All arrays are dense and
 * row-major unless strides are given; strides and offsets count elements. Outputs never alias inputs unless the
 * text says so. Sizes of zero are legal: an empty sum is 0 (a product with K = 0 writes zeros, a run with T = 0 zeroes the
 * weight gradients and hands the state's gradient through). A kernel called outside a step works on host and persistent storage.
 */

/** A window onto storage: element (i, j, …) sits at `offset + i·strides[0] + j·strides[1] + …`. Stride 0 repeats, a negative one reverses. */
export interface View {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Functions of one number. Those in `ActivationName` may be asked for by name in a layer. */
export type UnaryName =
  | ActivationName
  | "negate"
  | "abs"
  | "sign"
  | "square"
  | "sqrt"
  | "reciprocal"
  | "log"
  | "log1p"
  | "logSigmoid"
  | "logCosh"
  | "sin"
  | "cos";

/**
 * Activations as Keras 3 defines them: hardSigmoid = clip(x/6 + ½, 0, 1), elu with alpha 1, leakyRelu with slope 0.2,
 * gelu exact (by erf), exponential = eˣ, softsign = x/(1+|x|), silu = x·σ(x), mish = x·tanh(softplus(x)),
 * selu with its two constants, relu6 = min(max(x, 0), 6), hardTanh = clip(x, −1, 1).
 */
export type ActivationName =
  | "linear"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "elu"
  | "selu"
  | "softplus"
  | "softsign"
  | "hardSigmoid"
  | "hardTanh"
  | "exponential"
  | "gelu"
  | "silu"
  | "mish";

/** The activations whose slope follows from their output; a fused recurrent kernel takes these. */
export type GateActivationName = Exclude<ActivationName, "gelu" | "silu" | "mish">;

/** Functions of two numbers. Comparisons give 1 or 0. `power` is a ** b for a ≥ 0 or whole b. */
export type BinaryName =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "minimum"
  | "maximum"
  | "power"
  | "less"
  | "lessEqual"
  | "equal";

/** Ways to make many numbers one. */
export type ReduceName = "sum" | "max" | "min";

/** Sizes and layout of a matrix product. */
export interface MatmulSpec {
  /** out [M, N] = op(a) [M, K] · op(b) [K, N] for each of `batch` products laid one behind the other. */
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** a is stored [K, M]. */
  readonly transposeA: boolean;
  /** b is stored [N, K]. */
  readonly transposeB: boolean;
  /** Number of products; 1 for a plain one. */
  readonly batch: number;
  /** Add to what `out` holds instead of replacing it. */
  readonly accumulate: boolean;
}

/** Sizes of a recurrent run. Sequences are time-major inside the kernels: [T, B, …], in the order they are processed. */
export interface RecurrentSizes {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
}

/**
 * What fused LSTM, GRU and RNN runs share. G is the number of gate blocks: 4, 3, 1.
 * `mask` [T, B], 1 = use the step; where it is 0 the state is held (h_t = h_{t−1}, c_t = c_{t−1}) and the step's
 * inputs get no gradient, whatever they hold, NaN included.
 */
export interface RecurrentForward extends RecurrentSizes {
  readonly x: Storage; //               [T, B, I]
  readonly kernel: Storage; //          [I, G·H]
  readonly recurrentKernel: Storage; // [H, G·H]
  readonly bias: Storage | null; //     [G·H]
  readonly mask: Storage | null; //     [T, B]
  readonly activation: GateActivationName; // of the candidate, and of the cell on its way out
  readonly recurrentActivation: GateActivationName; // of the gates
  /**
   * Out: gates after their activations, as backward wants them [T, B, G·H]. Rows of masked steps hold anything finite.
   * Null when nobody takes gradients: then no array of this length is needed, and what follows of a cell holds one block.
   */
  readonly gates: Storage | null;
  /** In: block 0 is h_0. Out: blocks 1 … T are h_1 … h_T. [T + 1, B, H] */
  readonly hidden: Storage;
}

/** What the backward passes of fused runs share; storages marked "out" are written. */
export interface RecurrentBackward extends RecurrentSizes {
  readonly x: Storage;
  readonly kernel: Storage;
  readonly recurrentKernel: Storage;
  readonly mask: Storage | null;
  readonly activation: GateActivationName;
  readonly recurrentActivation: GateActivationName;
  /** In: as forward left them. Out: overwritten with the gradients of the pre-activations, finite in masked rows too. */
  readonly gates: Storage;
  readonly hidden: Storage; //           [T + 1, B, H], as forward left it
  readonly dHidden: Storage | null; //   [T, B, H], gradient of h_1 … h_T as outputs; null when only the last state was used
  readonly dLastHidden: Storage | null; // [B, H], gradient of h_T as final state, added to the above
  readonly dx: Storage | null; //        out [T, B, I]; null when nobody asks
  readonly dKernel: Storage; //          out [I, G·H]
  readonly dRecurrentKernel: Storage; // out [H, G·H]
  readonly dBias: Storage | null; //     out [G·H]
  readonly dInitialHidden: Storage; //   out [B, H]
}

/** LSTM: blocks i f g o. c_t = f ⊙ c_{t−1} + i ⊙ g; h_t = o ⊙ act(c_t). */
export interface LstmForward extends RecurrentForward {
  /** In: block 0 is c_0. Out: blocks 1 … T. [T + 1, B, H]; without gates c_0 becomes c_T. [B, H] */
  readonly cells: Storage;
}
/** The backward pass of an LSTM run. */
export interface LstmBackward extends RecurrentBackward {
  readonly cells: Storage;
  readonly dLastCell: Storage | null; //   [B, H]
  readonly dInitialCell: Storage; //   out [B, H]
}

/**
 * GRU: blocks z r h. h_t = z ⊙ h_{t−1} + (1 − z) ⊙ ĥ.
 * resetAfter: ĥ = act(W_h x + b_h + r ⊙ (R_h h_{t−1} + recurrentBias_h)); otherwise ĥ = act(W_h x + b_h + R_h (r ⊙ h_{t−1})).
 * `recurrentBias` [3H] exists only with resetAfter.
 */
export interface GruForward extends RecurrentForward {
  readonly resetAfter: boolean;
  readonly recurrentBias: Storage | null;
  /** Out: [T, B, H], R_h h_{t−1} + recurrentBias_h when resetAfter, r ⊙ h_{t−1} otherwise; without gates only the last, [B, H]. */
  readonly resetProduct: Storage;
}
/** The backward pass of a GRU run. */
export interface GruBackward extends RecurrentBackward {
  readonly resetAfter: boolean;
  readonly resetProduct: Storage; // as forward left it; overwritten
  readonly dRecurrentBias: Storage | null; // out [3H]
}

/**
 * One optimizer step over a parameter, in place; the equations stand in `optimizers/`. `hyper` holds the numbers each
 * rule names, in this order; everything that changes from step to step (bias corrections, schedules) arrives folded into them.
 *
 * - sgd: [learningRate]; p −= lr·g
 * - momentum: [learningRate, momentum, nesterov 0|1]; slot v = m·v − lr·g; p += nesterov ? m·v − lr·g : v
 * - rmsprop: [learningRate, rho, epsilon, momentum, centered 0|1]; slots: meanSquare, momentum, meanGradient
 *     s = rho·s + (1−rho)·g²; a = rho·a + (1−rho)·g (centered, denominator s − a²); step = lr·g / sqrt(denominator + epsilon); momentum > 0: v = momentum·v + step; p −= v
 * - adam: [learningRate·sqrt(1−β₂ᵗ)/(1−β₁ᵗ), β₁, β₂, epsilon, decay]; slots m, v;
 *     p −= decay·p (0 for plain Adam; lr·weightDecay for AdamW); m += (g−m)(1−β₁); v += (g²−v)(1−β₂); p −= lrₜ·m/(sqrt(v)+epsilon)
 * - nadam: [learningRate, β₁, β₂, epsilon, cM, cG, vCorrection]; slots m, v as adam;
 *     p −= lr·(cM·m + cG·g)/(sqrt(v·vCorrection)+epsilon)
 * - adagrad: [learningRate, epsilon]; slot a += g²; p −= lr·g/sqrt(a + epsilon)
 * - adadelta: [learningRate, rho, epsilon]; slots a, d; a = rho·a+(1−rho)g²; step = g·sqrt(d+epsilon)/sqrt(a+epsilon); d = rho·d+(1−rho)step²; p −= lr·step
 */
export type UpdateRule = "sgd" | "momentum" | "rmsprop" | "adam" | "nadam" | "adagrad" | "adadelta";

/** Every kernel of a backend, by name. */
export interface Kernels {
  fill(out: Storage, value: number): void;

  /** out(view) = x(view) over `shape` (or += with `accumulate`): slices, transposes, concatenation, reversal, broadcast. */
  copy(x: Storage, xView: View, out: Storage, outView: View, shape: readonly number[], accumulate: boolean): void;

  /** out = f(x); `out` may be `x`. */
  unary(name: UnaryName, x: Storage, out: Storage): void;
  /** dx = dy ⊙ f′(x), given also y = f(x); `dx` may be `dy`. */
  unaryGradient(name: UnaryName, x: Storage, y: Storage, dy: Storage, dx: Storage): void;

  /** out [shape, dense] = f(a, b), each read through its own strides (0 where it broadcasts). `out` may be a dense input. */
  binary(
    name: BinaryName,
    a: Storage,
    aStrides: readonly number[],
    b: Storage,
    bStrides: readonly number[],
    out: Storage,
    shape: readonly number[],
  ): void;

  /** out[i] = condition[i] ≠ 0 ? a[i] : b[i], all dense and of one length: unlike a product with a mask it lets no NaN through. `out` may be `a` or `b`. */
  select(condition: Storage, a: Storage, b: Storage, out: Storage): void;

  /** x [outer, n, inner] → out [outer, inner]. Sums of n > 8 terms are pairwise or wider, never one long chain. n = 0 gives 0, −∞, +∞; NaN passes on. */
  reduce(name: ReduceName, x: Storage, out: Storage, outer: number, n: number, inner: number): void;

  /** A row of the result has the same bits whichever rows stand beside it, so that a batch may be split. */
  matmul(a: Storage, b: Storage, out: Storage, spec: MatmulSpec): void;

  /** Over the last axis: x [rows, n] → softmax, or its logarithm. Shifted by the row's maximum. */
  softmax(x: Storage, out: Storage, rows: number, n: number, log: boolean): void;
  /** dx from y (softmax or log-softmax output) and dy. */
  softmaxGradient(y: Storage, dy: Storage, dx: Storage, rows: number, n: number, log: boolean): void;

  /**
   * Scores x [rows, n] against one class number a row: losses[r] = log Σ_k e^(x_rk) − x_r,label, from the row's maximum [rows] and
   * its sums Σ_k e^(x_rk − maximum) [rows], which backward wants. A label that is not a whole number in [0, n) gives NaN.
   */
  crossEntropy(x: Storage, labels: Storage, losses: Storage, maxima: Storage, sums: Storage, rows: number, n: number): void;
  /** dx [rows, n] = (e^(x − maximum) / sum − [k = label]) · dLosses, NaN in the rows whose loss is; x and the others as forward left them. */
  crossEntropyGradient(
    x: Storage,
    labels: Storage,
    maxima: Storage,
    sums: Storage,
    dLosses: Storage,
    dx: Storage,
    rows: number,
    n: number,
  ): void;

  /** out [count, width] = table[indices[k]]. Indices are whole numbers in [0, rows); the caller has checked that. */
  gatherRows(table: Storage, indices: Storage, out: Storage, count: number, width: number): void;
  /** dTable[indices[k]] += dy[k], in the order of k. */
  scatterAddRows(dy: Storage, indices: Storage, dTable: Storage, count: number, width: number): void;

  /** Over the last axis: y = (x − mean) / sqrt(variance + epsilon) ⊙ scale + shift; saves the normalised x and 1/std for backward. */
  layerNormForward(
    x: Storage, // [rows, n]
    scale: Storage | null, // [n]
    shift: Storage | null, // [n]
    epsilon: number,
    y: Storage, // out [rows, n]
    normalized: Storage, // out [rows, n]
    inverseStd: Storage, // out [rows]
    rows: number,
    n: number,
  ): void;
  layerNormBackward(
    normalized: Storage,
    inverseStd: Storage,
    scale: Storage | null,
    dy: Storage,
    dx: Storage, // out [rows, n]
    dScale: Storage | null, // out [n]
    dShift: Storage | null, // out [n]
    rows: number,
    n: number,
  ): void;

  /** out[i] = 0 with probability `rate`, else 1/(1 − rate): word i of the Philox stream below ⌊rate·2³²⌋ drops. */
  dropoutMask(out: Storage, rate: number, key: RandomKey): void;

  lstmForward(run: LstmForward): void;
  lstmBackward(run: LstmBackward): void;
  gruForward(run: GruForward): void;
  gruBackward(run: GruBackward): void;
  rnnForward(run: RecurrentForward): void;
  rnnBackward(run: RecurrentBackward): void;

  /** Applies `rule` to `parameter` with `gradient`; all slots have the parameter's length and are updated too. */
  update(rule: UpdateRule, parameter: Storage, gradient: Storage, slots: readonly Storage[], hyper: readonly number[]): void;
}

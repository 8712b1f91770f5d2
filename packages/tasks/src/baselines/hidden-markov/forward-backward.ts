import type { Probabilities, SymbolSequence } from "./model.ts";

/** What a forward pass leaves behind; rows of `filtered` and `scale` beyond `steps` are of no sequence. */
export interface ForwardPass {
  /** Steps read: fewer than the sequence has when a symbol turned out to be impossible. */
  steps: number;
  /** P(s_t = i | o_1 … o_t), row-major [T, N]. */
  filtered: Float64Array;
  /** c_t = P(o_t | o_1 … o_t−1) [T]. Their product is the likelihood. */
  scale: Float64Array;
}

/** Room for passes over sequences of at most `length` steps. */
export function forwardRoom(length: number, { states }: Probabilities): ForwardPass {
  return { steps: 0, filtered: new Float64Array(length * states), scale: new Float64Array(length) };
}

/**
 * The scaled forward recursion:   α̂_t(j) = b_j(o_t) Σ_i α̂_t−1(i) a_ij / c_t,   c_t such that Σ_j α̂_t(j) = 1.
 * It ends before a symbol of probability 0. Works in `pass`, which `forwardRoom` made.
 */
export function forward(model: Probabilities, sequence: SymbolSequence, pass: ForwardPass): ForwardPass {
  const { states: N, symbols: M, initial, transition, emission } = model;
  const { filtered, scale } = pass;
  for (let t = 0; t < sequence.length; t++) {
    const at = t * N;
    if (t === 0) for (let j = 0; j < N; j++) filtered[j] = initial[j] as number;
    else moveOn(transition, N, filtered, at - N, filtered, at);
    let sum = 0;
    for (let j = 0; j < N; j++) {
      const joint = (filtered[at + j] as number) * (emission[j * M + (sequence[t] as number)] as number);
      filtered[at + j] = joint;
      sum += joint;
    }
    pass.steps = t;
    if (sum === 0) return pass;
    for (let j = 0; j < N; j++) filtered[at + j] = (filtered[at + j] as number) / sum;
    scale[t] = sum;
  }
  pass.steps = sequence.length;
  return pass;
}

/** One step of the chain:   to_j = Σ_i from_i a_ij. */
export function moveOn(
  transition: ArrayLike<number>,
  N: number,
  from: Float64Array,
  fromAt: number,
  to: Float64Array,
  toAt: number,
): void {
  to.fill(0, toAt, toAt + N);
  for (let i = 0; i < N; i++) {
    const share = from[fromAt + i] as number;
    if (share === 0) continue;
    for (let j = 0; j < N; j++) to[toAt + j] = (to[toAt + j] as number) + share * (transition[i * N + j] as number);
  }
}

/**
 * One step of the scaled backward recursion. `ahead` holds β̂_t+1 on entry and β̂_t on return, and `weighted` is left holding
 * b_j(o_t+1) β̂_t+1(j) / c_t+1:
 *
 *     β̂_t(i) = Σ_j a_ij b_j(o_t+1) β̂_t+1(j) / c_t+1,   β̂_T = 1,   so that P(s_t = i | o) = α̂_t(i) β̂_t(i).
 */
export function backwardStep(
  model: Probabilities,
  nextSymbol: number,
  nextScale: number,
  ahead: Float64Array,
  weighted: Float64Array,
): void {
  const { states: N, symbols: M, transition, emission } = model;
  for (let j = 0; j < N; j++) {
    weighted[j] = ((emission[j * M + nextSymbol] as number) * (ahead[j] as number)) / nextScale;
  }
  for (let i = 0; i < N; i++) {
    let sum = 0;
    for (let j = 0; j < N; j++) sum += (transition[i * N + j] as number) * (weighted[j] as number);
    ahead[i] = sum;
  }
}

/** log P(o_1 … o_T) of a finished pass, in nats; −∞ when it ended early. */
export function logLikelihoodOf({ steps, scale }: ForwardPass, length: number): number {
  if (steps < length) return Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let t = 0; t < steps; t++) sum += Math.log(scale[t] as number);
  return sum;
}

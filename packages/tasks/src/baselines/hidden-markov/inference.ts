import { backwardStep, type ForwardPass, forward, forwardRoom, logLikelihoodOf, moveOn } from "./forward-backward.ts";
import { type HiddenMarkovModel, requireModel, requireSymbols, type SymbolSequence } from "./model.ts";

/**
 * log P(o_1 … o_T) in nats by the scaled forward recursion; 0 for an empty sequence, −∞ for one that the model excludes.
 * Over T log 2, negated, it is the bits that the model needs for a symbol.
 * @throws {RangeError} for a model whose rows are no distributions, or an entry that is no symbol.
 */
export function logLikelihood(model: HiddenMarkovModel, sequence: SymbolSequence): number {
  return logLikelihoodOf(checkedForward(model, sequence, "compute a likelihood"), sequence.length);
}

/**
 * What the model expects at each step from the steps before it: P(o_t = k | o_1 … o_t−1), row-major [T + 1, M]. Row 0 is from
 * nothing, row T tells the symbol after the sequence.
 * @throws {RangeError} as `logLikelihood`, and where a symbol of probability 0 leaves nothing to go on from.
 */
export function symbolProbabilities(model: HiddenMarkovModel, sequence: SymbolSequence): Float64Array {
  const attempted = "predict symbols";
  const pass = checkedForward(model, sequence, attempted);
  requirePossible(pass, sequence, attempted);
  const { states: N, symbols: M, initial, transition, emission } = model;
  const expected = Float64Array.from(initial);
  const out = new Float64Array((sequence.length + 1) * M);
  for (let t = 0; t <= sequence.length; t++) {
    if (t > 0) moveOn(transition, N, pass.filtered, (t - 1) * N, expected, 0);
    for (let i = 0; i < N; i++) {
      for (let k = 0; k < M; k++) {
        out[t * M + k] = (out[t * M + k] as number) + (expected[i] as number) * (emission[i * M + k] as number);
      }
    }
  }
  return out;
}

/**
 * Where the model was, seen from the whole sequence: P(s_t = i | o_1 … o_T), row-major [T, N], by forward and backward recursion.
 * @throws {RangeError} as `logLikelihood`, and for a sequence of probability 0.
 */
export function stateProbabilities(model: HiddenMarkovModel, sequence: SymbolSequence): Float64Array {
  const attempted = "compute states";
  const pass = checkedForward(model, sequence, attempted);
  requirePossible(pass, sequence, attempted);
  const { states: N } = model;
  const { filtered, scale } = pass;
  const ahead = new Float64Array(N).fill(1);
  const weighted = new Float64Array(N);
  const out = filtered.slice();
  for (let t = sequence.length - 2; t >= 0; t--) {
    backwardStep(model, sequence[t + 1] as number, scale[t + 1] as number, ahead, weighted);
    for (let i = 0; i < N; i++) out[t * N + i] = (filtered[t * N + i] as number) * (ahead[i] as number);
  }
  return out;
}

/**
 * The likeliest path through the states, and log P(path, symbols) in nats, by the Viterbi recursion in logarithms:
 *
 *     δ_t(j) = max_i [δ_t−1(i) + log a_ij] + log b_j(o_t)
 *
 * Of equal paths the one through the lower state is taken. An empty sequence has an empty path of log-probability 0.
 * @throws {RangeError} as `logLikelihood`, and for a sequence of probability 0.
 */
export function likeliestStates(
  model: HiddenMarkovModel,
  sequence: SymbolSequence,
): { states: Int32Array; logProbability: number } {
  const attempted = "find the likeliest states";
  requirePossible(checkedForward(model, sequence, attempted), sequence, attempted);
  const { states: N, symbols: M } = model;
  const T = sequence.length;
  const [logTransition, logEmission] = [model.transition.map(Math.log), model.emission.map(Math.log)];
  const from = new Int32Array(T * N);
  let best = Float64Array.from(model.initial, Math.log);
  for (let t = 0; t < T; t++) {
    const next = new Float64Array(N).fill(Number.NEGATIVE_INFINITY);
    for (let j = 0; j < N; j++) {
      if (t === 0) next[j] = best[j] as number;
      for (let i = 0; t > 0 && i < N; i++) {
        const score = (best[i] as number) + (logTransition[i * N + j] as number);
        if (score > (next[j] as number)) {
          next[j] = score;
          from[t * N + j] = i;
        }
      }
      next[j] = (next[j] as number) + (logEmission[j * M + (sequence[t] as number)] as number);
    }
    best = next;
  }
  const states = new Int32Array(T);
  if (T === 0) return { states, logProbability: 0 };
  const logProbability = Math.max(...best);
  states[T - 1] = best.indexOf(logProbability);
  for (let t = T - 1; t > 0; t--) states[t - 1] = from[t * N + (states[t] as number)] as number;
  return { states, logProbability };
}

function checkedForward(model: HiddenMarkovModel, sequence: SymbolSequence, attempted: string): ForwardPass {
  requireModel(model, attempted);
  requireSymbols(sequence, model.symbols, attempted);
  return forward(model, sequence, forwardRoom(sequence.length, model));
}

function requirePossible({ steps }: ForwardPass, sequence: SymbolSequence, attempted: string): void {
  if (steps === sequence.length) return;
  throw new RangeError(
    `Cannot ${attempted}: symbol ${sequence[steps]} at step ${steps} has probability 0 under the model after those before it. ` +
      "Fit the model with a pseudocount, and every symbol stays possible.",
  );
}

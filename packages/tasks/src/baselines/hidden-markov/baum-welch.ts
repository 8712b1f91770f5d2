import { backwardStep, forward, forwardRoom, logLikelihoodOf } from "./forward-backward.ts";
import type { Probabilities, SymbolSequence } from "./model.ts";

/** A model in typed arrays, or expected counts in the same shapes: initial [N], transition [N, N], emission [N, M]. */
export interface Rows extends Probabilities {
  readonly initial: Float64Array;
  readonly transition: Float64Array;
  readonly emission: Float64Array;
}

/**
 * Expected counts of starts, moves and emissions, summed over the sequences; they are the slopes of the log-likelihood by the
 * logarithms of the probabilities. `logLikelihood` is −∞, and the counts are worth nothing, when a sequence has probability 0.
 */
export function expectedCounts(model: Rows, sequences: readonly SymbolSequence[]): { counts: Rows; logLikelihood: number } {
  const { states: N, symbols: M } = model;
  const counts = {
    states: N,
    symbols: M,
    initial: new Float64Array(N),
    transition: new Float64Array(N * N),
    emission: new Float64Array(N * M),
  };
  const pass = forwardRoom(
    sequences.reduce((longest, { length }) => Math.max(longest, length), 0),
    model,
  );
  const [ahead, weighted] = [new Float64Array(N), new Float64Array(N)];
  let logLikelihood = 0;
  for (const sequence of sequences) {
    const T = sequence.length;
    logLikelihood += logLikelihoodOf(forward(model, sequence, pass), T);
    if (logLikelihood === Number.NEGATIVE_INFINITY) break;
    const { filtered, scale } = pass;
    ahead.fill(1);
    for (let t = T - 1; t >= 0; t--) {
      if (t < T - 1) {
        backwardStep(model, sequence[t + 1] as number, scale[t + 1] as number, ahead, weighted);
        addMoves(counts.transition, filtered, t * N, weighted);
      }
      const symbol = sequence[t] as number;
      for (let i = 0; i < N; i++) {
        const posterior = (filtered[t * N + i] as number) * (ahead[i] as number); // P(s_t = i | o)
        counts.emission[i * M + symbol] = (counts.emission[i * M + symbol] as number) + posterior;
        if (t === 0) counts.initial[i] = (counts.initial[i] as number) + posterior;
      }
    }
  }
  // P(s_t = i, s_t+1 = j | o) = α̂_t(i) a_ij b_j(o_t+1) β̂_t+1(j) / c_t+1, and a_ij is the same at each t.
  for (let k = 0; k < N * N; k++) counts.transition[k] = (counts.transition[k] as number) * (model.transition[k] as number);
  return { counts, logLikelihood };
}

/** moves_ij += α̂_t(i) w_j for the row of α̂ that begins at `at`. */
function addMoves(moves: Float64Array, filtered: Float64Array, at: number, weighted: Float64Array): void {
  const N = weighted.length;
  for (let i = 0; i < N; i++) {
    const share = filtered[at + i] as number;
    for (let j = 0, row = i * N; j < N; j++) moves[row + j] = (moves[row + j] as number) + share * (weighted[j] as number);
  }
}

/** The model whose probabilities are the counts as shares of their rows. A row that nothing was counted for stays as it was. */
export function fromCounts(counts: Rows, before: Rows, pseudocount: number): Rows {
  const { states, symbols } = before;
  return {
    states,
    symbols,
    initial: shares(counts.initial, before.initial, states, pseudocount),
    transition: shares(counts.transition, before.transition, states, pseudocount),
    emission: shares(counts.emission, before.emission, symbols, pseudocount),
  };
}

function shares(counts: Float64Array, before: Float64Array, width: number, pseudocount: number): Float64Array {
  const out = before.slice();
  for (let at = 0; at < counts.length; at += width) {
    const row = counts.subarray(at, at + width);
    const sum = row.reduce((a, b) => a + b, 0) + width * pseudocount;
    if (sum > 0) for (let k = 0; k < width; k++) out[at + k] = ((row[k] as number) + pseudocount) / sum;
  }
  return out;
}

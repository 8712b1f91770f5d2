import { RandomStream } from "sluice";
import { expectedCounts, fromCounts, type Rows } from "./baum-welch.ts";
import { type HiddenMarkovModel, requireModel, requireSymbols, type SymbolSequence } from "./model.ts";

/** Options of `update`. */
export interface UpdateOptions {
  /**
   * Added to every expected count, so that nothing becomes impossible because it was not seen: the mode under a Dirichlet prior of
   * 1 + pseudocount. Default 0, under which a probability of 0 stays 0: so a model keeps its topology, from left to right for example.
   */
  readonly pseudocount?: number;
}

/** Options of `fit`. */
export interface FitOptions extends UpdateOptions {
  /** N, the number of hidden states. */
  readonly states: number;
  /** M, the number of symbols: they go from 0 to M − 1. */
  readonly symbols: number;
  /** Runs from different random models; the best is kept. Default 3. */
  readonly restarts?: number;
  /** Updates of a run at most. Default 200. */
  readonly iterations?: number;
  /** A run ends when an update gains less than this, in nats a symbol. Default 1e-6. */
  readonly tolerance?: number;
  /** The random models follow from it. Default 0. */
  readonly seed?: number;
}

/** One run of Baum–Welch. */
export interface FitRun {
  /** Log-likelihood of the training sequences in nats, before the first update and after each. */
  readonly history: number[];
  /** Whether it ended because nothing was gained any more. */
  readonly converged: boolean;
}

/** What `fit` gives. */
export interface FitResult {
  readonly model: HiddenMarkovModel;
  /** Log-likelihood of the training sequences under `model`, in nats. */
  readonly logLikelihood: number;
  /** Every run, in the order of the restarts. */
  readonly runs: FitRun[];
}

/**
 * One update of Baum and Welch, which is expectation–maximisation [Baum et al. 1970, doi:10.1214/aoms/1177697196]: each
 * probability becomes its expected count over the sequences, as a share of its row. Without a pseudocount the likelihood of the
 * sequences never falls; with one, likelihood times prior does not.
 * @returns the new model, and the log-likelihood of the sequences under the one given, in nats.
 * @throws {RangeError} for a model whose rows are no distributions, an entry that is no symbol, a pseudocount below 0, or
 * sequences of probability 0.
 */
export function update(
  model: HiddenMarkovModel,
  sequences: readonly SymbolSequence[],
  { pseudocount = 0 }: UpdateOptions = {},
): { model: HiddenMarkovModel; logLikelihood: number } {
  const attempted = "update a hidden Markov model";
  requireModel(model, attempted);
  requireSequences(sequences, model.symbols, attempted);
  requireAmount(pseudocount, "pseudocount", attempted);
  const rows: Rows = {
    ...model,
    initial: Float64Array.from(model.initial),
    transition: Float64Array.from(model.transition),
    emission: Float64Array.from(model.emission),
  };
  const { counts, logLikelihood } = expectedCounts(rows, sequences);
  if (logLikelihood === Number.NEGATIVE_INFINITY) {
    throw new RangeError(
      `Cannot ${attempted}: one of the sequences has probability 0 under it. Start from a model that allows it.`,
    );
  }
  return { model: plain(fromCounts(counts, rows, pseudocount)), logLikelihood };
}

/**
 * Learns a hidden Markov model from sequences by Baum–Welch from several random models, whose rows are uniform over all
 * distributions. It finds a maximum near its start, not the best of all: more restarts help, and often more states than needed.
 * Cost of an update: some 3 N² multiplications a symbol.
 * @throws {RangeError} for no symbols, an entry that is none, or an option outside its range.
 * @example
 * const { model } = hiddenMarkov.fit([[0, 1, 1, 0, 2], [2, 2, 0, 1]], { states: 2, symbols: 3, seed: 1 });
 * hiddenMarkov.symbolProbabilities(model, [0, 1]).subarray(2 * 3); // what comes after 0 1
 */
export function fit(sequences: readonly SymbolSequence[], options: FitOptions): FitResult {
  const { states, symbols, restarts = 3, iterations = 200, tolerance = 1e-6, pseudocount = 0, seed = 0 } = options;
  const attempted = "fit a hidden Markov model";
  for (const [name, value] of Object.entries({ states, symbols, restarts, iterations })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(`Cannot ${attempted} with ${name} ${value}: it is a whole number, 1 or more.`);
  }
  requireAmount(pseudocount, "pseudocount", attempted);
  requireAmount(tolerance, "tolerance", attempted);
  const length = requireSequences(sequences, symbols, attempted);
  let best: { model: Rows; goal: number; logLikelihood: number } | undefined;
  const runs: FitRun[] = [];
  for (let restart = 0; restart < restarts; restart++) {
    let model = randomModel(states, symbols, seed, restart);
    let goal = Number.NEGATIVE_INFINITY;
    let converged = false;
    const history: number[] = [];
    for (;;) {
      const { counts, logLikelihood } = expectedCounts(model, sequences);
      const reached = logLikelihood + logPrior(model, pseudocount);
      history.push(logLikelihood);
      converged = reached - goal < tolerance * length;
      goal = reached;
      if (!best || goal > best.goal) best = { model, goal, logLikelihood };
      if (converged || history.length > iterations) break;
      model = fromCounts(counts, model, pseudocount);
    }
    runs.push({ history, converged });
  }
  const { model, logLikelihood } = best as NonNullable<typeof best>;
  return { model: plain(model), logLikelihood, runs };
}

/** Rows drawn uniformly from all distributions: exponential numbers as shares of their sum. */
function randomModel(states: number, symbols: number, seed: number, restart: number): Rows {
  const random = new RandomStream({ seed, stream: restart, step: 0 });
  const rows = (count: number, width: number): Float64Array => {
    const out = Float64Array.from({ length: count * width }, () => -Math.log((random.word() + 0.5) / 2 ** 32));
    for (let at = 0; at < out.length; at += width) {
      const row = out.subarray(at, at + width);
      const sum = row.reduce((a, b) => a + b, 0);
      for (let k = 0; k < width; k++) row[k] = (row[k] as number) / sum;
    }
    return out;
  };
  return { states, symbols, initial: rows(1, states), transition: rows(states, states), emission: rows(states, symbols) };
}

/** The logarithm of the Dirichlet prior, but for a constant. */
function logPrior({ initial, transition, emission }: Rows, pseudocount: number): number {
  if (pseudocount === 0) return 0;
  const logs = (rows: Float64Array): number => rows.reduce((sum, p) => sum + Math.log(p), 0);
  return pseudocount * (logs(initial) + logs(transition) + logs(emission));
}

function plain({ states, symbols, initial, transition, emission }: Rows): HiddenMarkovModel {
  return {
    kind: "hiddenMarkov",
    states,
    symbols,
    initial: [...initial],
    transition: [...transition],
    emission: [...emission],
  };
}

/** The number of symbols in all sequences. @throws {RangeError} when there are none, or one is outside 0 … symbols − 1. */
function requireSequences(sequences: readonly SymbolSequence[], symbols: number, attempted: string): number {
  let length = 0;
  for (const sequence of sequences) {
    requireSymbols(sequence, symbols, attempted);
    length += sequence.length;
  }
  if (length === 0) throw new RangeError(`Cannot ${attempted}: the sequences hold no symbol. Pass one with a symbol at least.`);
  return length;
}

function requireAmount(value: number, name: string, attempted: string): void {
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`Cannot ${attempted} with ${name} ${value}: it is a finite number from 0 up.`);
}

/**
 * A hidden Markov model of symbols 0 … M − 1: at each step a hidden state gives a symbol, then moves on [Rabiner 1989,
 * doi:10.1109/5.18626]. Plain data that JSON carries; with N states
 *
 *     initial π_i = P(s_1 = i) [N]      transition a_ij = P(s_t+1 = j | s_t = i) [N, N]      emission b_ik = P(o_t = k | s_t = i) [N, M]
 *
 * row-major, each row a distribution.
 */
export interface HiddenMarkovModel {
  kind: "hiddenMarkov";
  states: number;
  symbols: number;
  initial: number[];
  transition: number[];
  emission: number[];
}

/** What the recursions read of a model; `fit` keeps the rows in typed arrays while it works. */
export interface Probabilities {
  readonly states: number;
  readonly symbols: number;
  readonly initial: ArrayLike<number>;
  readonly transition: ArrayLike<number>;
  readonly emission: ArrayLike<number>;
}

/** Symbols as whole numbers from 0. */
export type SymbolSequence = ArrayLike<number>;

/** How far the sum of a distribution may be from 1: rounding of files that keep six digits. */
const SLACK = 1e-5;

/** @throws {RangeError} when sizes do not fit, or a row is no distribution. */
export function requireModel(model: HiddenMarkovModel, attempted: string): void {
  const { states, symbols } = model;
  const rows = { initial: 1, transition: states, emission: states } as const;
  const columns = { initial: states, transition: states, emission: symbols } as const;
  for (const name of ["initial", "transition", "emission"] as const) {
    const values = model[name];
    const wanted = rows[name] * columns[name];
    if (values.length !== wanted) {
      throw new RangeError(
        `Cannot ${attempted}: ${name} has ${values.length} numbers, and ${states} states with ${symbols} symbols need ${wanted}.`,
      );
    }
    for (let row = 0; row < rows[name]; row++) {
      const part = values.slice(row * columns[name], (row + 1) * columns[name]);
      const sum = part.reduce((a, b) => a + b, 0);
      if (part.every((p) => p >= 0) && Math.abs(sum - 1) <= SLACK) continue;
      throw new RangeError(
        `Cannot ${attempted}: row ${row} of ${name} sums to ${sum}; it is a distribution, numbers from 0 up that sum to 1.`,
      );
    }
  }
}

/** @throws {RangeError} naming the first entry that is not a symbol of the model. */
export function requireSymbols(sequence: SymbolSequence, symbols: number, attempted: string): void {
  for (let t = 0; t < sequence.length; t++) {
    const symbol = sequence[t] as number;
    if (Number.isInteger(symbol) && symbol >= 0 && symbol < symbols) continue;
    throw new RangeError(
      `Cannot ${attempted}: the sequence has ${symbol} at step ${t}, and symbols are whole numbers from 0 to ${symbols - 1}.`,
    );
  }
}

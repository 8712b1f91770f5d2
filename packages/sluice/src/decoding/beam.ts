import type { HostArray } from "../backend/backend.ts";
import { NumericError } from "../errors.ts";

/** An output sequence as far as it has come: a chain of tokens, the newest first. */
export interface Hypothesis {
  /** Null where only the start token stands. */
  readonly before: Hypothesis | null;
  /** The newest token. */
  readonly token: number;
  /** ln p of the tokens after the start, given the source. */
  readonly logProbability: number;
  /** Tokens after the start. */
  readonly length: number;
  /** The row of the step it came from; at first that of its source. */
  readonly row: number;
}

/** Options of a `Beam`. */
export interface BeamOptions {
  readonly start: number;
  readonly stop: number;
  /** The token that is never taken; null when all may be. */
  readonly pad: number | null;
  /** K. */
  readonly beams: number;
  /** Most tokens before the stop token. */
  readonly maxLength: number;
}

/**
 * Beam search for one source. Each step ranks every continuation of every open hypothesis: those among the K best that stop have
 * ended, and the K best that do not stay open. It is over when K have ended, or when the open ones have `maxLength` tokens and
 * their stop was asked for. K = 1 takes the likeliest token each time; a K that keeps everything open finds the best there is.
 */
export class Beam {
  /** Ended by the stop token, in the order of their ends. */
  readonly ended: Hypothesis[] = [];
  open: readonly Hypothesis[];
  over = false;
  private readonly options: BeamOptions;

  constructor(options: BeamOptions, row: number) {
    this.options = options;
    this.open = [{ before: null, token: options.start, logProbability: 0, length: 0, row }];
  }

  /**
   * Takes every open hypothesis one step on.
   * @param scores ln p of each next token, [rows, classes]; hypothesis k stands in row `firstRow` + k.
   * @throws {NumericError} for NaN.
   */
  advance(scores: HostArray, classes: number, firstRow: number): void {
    const { stop, beams, maxLength } = this.options;
    const ranked = this.rank(scores, classes, firstRow);
    const stopped = ranked.slice(0, beams).filter(({ token }) => token === stop);
    this.ended.push(...stopped);
    const mayGrow = ranked.length > 0 && (this.open[0] as Hypothesis).length < maxLength;
    if (mayGrow) this.open = ranked.filter(({ token }) => token !== stop).slice(0, beams);
    else this.open = this.open.filter((each) => !stopped.some(({ before }) => before === each));
    this.over = !mayGrow || this.ended.length >= beams || this.open.length === 0;
  }

  /** The best continuations: so many that K of them do not stop. Of equals the first. */
  private rank(scores: HostArray, classes: number, firstRow: number): Hypothesis[] {
    const { pad, beams } = this.options;
    const most = beams + this.open.length;
    const best: Hypothesis[] = [];
    this.open.forEach((before, k) => {
      const row = firstRow + k;
      for (let token = 0; token < classes; token++) {
        const logProbability = before.logProbability + (scores[row * classes + token] as number);
        if (Number.isNaN(logProbability)) {
          throw new NumericError(
            `Cannot decode: ln p of token ${token} is NaN. Give fromLogits: true where no softmax ends the model; ` +
              "where its weights are NaN, train it with smaller steps.",
          );
        }
        if (token === pad || logProbability === Number.NEGATIVE_INFINITY) continue;
        if (best.length === most && logProbability <= (best[most - 1] as Hypothesis).logProbability) continue;
        let at = best.length === most ? most - 1 : best.length;
        for (; at > 0 && (best[at - 1] as Hypothesis).logProbability < logProbability; at--)
          best[at] = best[at - 1] as Hypothesis;
        best[at] = { before, token, logProbability, length: before.length + 1, row };
      }
    });
    return best;
  }
}

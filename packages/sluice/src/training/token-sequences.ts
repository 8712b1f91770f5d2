import { ValueError } from "../errors.ts";
import type { NumericArray } from "./dataset.ts";

/** Sequences of tokens, which may differ in length. */
export type TokenSequences = readonly (readonly number[])[];

/**
 * Sequences of any length as one array [N, T], T the longest length, the rest filled with `pad` on the right.
 * @param pad default 0, which `embedding` masks with `maskZero`.
 * @throws {ValueError} naming a token that is not a whole number from 0 up, or equals `pad`.
 * @example padTokens([[3, 4, 5], [6]]); // [[3, 4, 5], [6, 0, 0]]
 */
export function padTokens(sequences: TokenSequences, pad = 0): NumericArray & { readonly data: Float32Array } {
  const length = sequences.reduce((most, each) => Math.max(most, each.length), 0);
  const data = new Float32Array(sequences.length * length).fill(pad);
  sequences.forEach((sequence, n) => {
    const bad = sequence.findIndex((token) => !isToken(token, pad));
    if (bad >= 0) throw new ValueError(`Cannot pad sequence ${n}: its token ${bad} is ${sequence[bad]}. ${tokenRule(pad)}`);
    data.set(sequence, n * length);
  });
  return { shape: [sequences.length, length], data };
}

function isToken(token: number, pad: number): boolean {
  return Number.isInteger(token) && token >= 0 && token !== pad;
}

function tokenRule(pad: number): string {
  return `Tokens are whole numbers from 0 up, other than pad ${pad}.`;
}

/** What a decoder reads, and what it is to answer. */
export interface TeacherForcing {
  /** start, y₁, …, yₙ, padded: [N, T + 1]. */
  readonly input: NumericArray;
  /** y₁, …, yₙ, stop, padded: [N, T + 1]. */
  readonly target: NumericArray;
}

/**
 * Output sequences as a decoder is trained on them: it reads the true token before each one it is to give [Williams & Zipser 1989,
 * doi:10.1162/neco.1989.1.2.270].
 * @throws as `padTokens`, and {ValueError} for a start or stop that is no such token.
 * @example
 * const { input, target } = teacherForcing(answers, { start: 1, stop: 2 });
 * await net.fit([padTokens(questions), input], target, { epochs: 20 });
 */
export function teacherForcing(
  sequences: TokenSequences,
  { start, stop, pad = 0 }: { readonly start: number; readonly stop: number; readonly pad?: number },
): TeacherForcing {
  for (const [name, token] of Object.entries({ start, stop })) {
    if (!isToken(token, pad)) throw new ValueError(`Cannot teach with ${name} ${token}: ${tokenRule(pad)}`);
  }
  const asked = sequences.map((sequence) => [...sequence, stop]);
  const target = padTokens(asked, pad); // first: an error tells places in the sequence itself
  const read = sequences.map((sequence) => [start, ...sequence]);
  return { input: padTokens(read, pad), target };
}

import { philox4x32, type RandomKey, RandomStream } from "./philox.ts";

/** Longest order that is held as a list; the place of one entry in a longer order is computed when it is asked for. */
const LISTED = 1 << 20;
/** Half-steps of the Feistel network; four are indistinguishable from chance [Luby & Rackoff 1988, doi:10.1137/0217022]. */
const HALF_STEPS = 6;

/**
 * A random order of 0 … n − 1 that depends on the key alone: what stands at a place from 0 to n − 1. Up to 2²⁰ entries it is
 * `RandomStream.permutation`; a longer order takes no memory: a Feistel network permutes the next power of two, and a place that
 * lands beyond n is sent through again until it does not [Black & Rogaway 2002, doi:10.1007/3-540-45760-7_9].
 */
export function randomOrder(key: RandomKey, n: number): (place: number) => number {
  if (n > LISTED) return computedOrder(key, n);
  const order = new RandomStream(key).permutation(n);
  return (place) => order[place] as number;
}

/** The order of `randomOrder` in its computed form, for any n from 1 to 2³². */
export function computedOrder({ seed, stream, step }: RandomKey, n: number): (place: number) => number {
  const keyWords = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  const bits = Math.max(2, Math.ceil(Math.log2(n)));
  const low = 2 ** Math.floor(bits / 2);
  const high = 2 ** bits / low;
  const noise = (half: number, round: number) => philox4x32([half, round, stream, step], keyWords)[0];
  const permuted = (place: number): number => {
    let [left, right] = [Math.floor(place / low), place % low];
    for (let round = 0; round < HALF_STEPS; round += 2) {
      left = (left + noise(right, round)) % high;
      right = (right + noise(left, round + 1)) % low;
    }
    return left * low + right;
  };
  return (place) => {
    let entry = permuted(place);
    while (entry >= n) entry = permuted(entry);
    return entry;
  };
}

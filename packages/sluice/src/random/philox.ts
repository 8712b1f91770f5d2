/**
 * Philox4x32-10, a counter-based random generator: word = f(seed, stream, step, index), no hidden state
 * [Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405].
 * The same key and index give the same word on every host, in any order, after any resume.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/**
 * High 32 bits of the 64-bit product of two unsigned 32-bit numbers. Words are signed in here, as everywhere below: engines keep
 * those without allocating, also before they optimise.
 */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow);
  const mid1 = (Math.imul(aHigh, bLow) + (low >>> 16)) | 0;
  const mid2 = (Math.imul(aLow, bHigh) + (mid1 & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (mid1 >>> 16) + (mid2 >>> 16)) | 0;
}

/** Four random words for one counter: `counter` (4 words) and `key` (2 words) in, 4 words out, all unsigned 32-bit. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const out = new Uint32Array(4);
  philoxInto(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return [...out] as [number, number, number, number];
}

/** The same, into `out`, without arrays on the way. */
function philoxInto(out: Uint32Array, w0: number, w1: number, w2: number, w3: number, key0: number, key1: number): void {
  let [c0, c1, c2, c3, k0, k1] = [w0 | 0, w1 | 0, w2 | 0, w3 | 0, key0 | 0, key1 | 0];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Names one stream of random words. Word i is lane i mod 4 of the block with counter (⌊i/4⌋ low, ⌊i/4⌋ high, stream, step)
 * under the key (seed low, seed high).
 */
export interface RandomKey {
  /** The user's seed, a whole number in [0, 2⁵³). */
  readonly seed: number;
  /** What the words are for, an unsigned 32-bit number; `streamId` makes one from a name. */
  readonly stream: number;
  /** Which draw of that purpose: the training step, the epoch; unsigned 32-bit. */
  readonly step: number;
}

/** An unsigned 32-bit stream number from a name such as "lstm/kernel" (FNV-1a over its UTF-16 units). */
export function streamId(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The words of one key, in order. A plain cursor over a pure function: copy the key and the position to copy the stream. */
export class RandomStream {
  readonly key: RandomKey;
  position: number;
  private readonly block = new Uint32Array(4);
  private blockIndex = -1;

  constructor(key: RandomKey, position = 0) {
    this.key = key;
    this.position = position;
  }

  /** The next word, a whole number in [0, 2³²). */
  word(): number {
    const lane = this.position & 3;
    const index = (this.position - lane) / 4;
    if (index !== this.blockIndex) {
      const { seed, stream, step } = this.key;
      philoxInto(this.block, index, index / 2 ** 32, stream, step, seed, seed / 2 ** 32);
      this.blockIndex = index;
    }
    this.position++;
    return this.block[lane] as number;
  }

  /** A number in [0, 1) with 24 random bits, exact in float32. */
  uniform(): number {
    return (this.word() >>> 8) * 2 ** -24;
  }

  /** A whole number in [0, limit), without bias (rejection). @param limit at most 2³². */
  below(limit: number): number {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    let word = this.word();
    while (word >= fair) word = this.word();
    return word % limit;
  }

  /**
   * A draw from the standard normal law: the sum of twelve uniform halves would be too thin in the tails, so this is
   * the polar method of [Marsaglia & Bray 1964]; it uses log and sqrt alone.
   */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** A random order of 0 … n − 1 (Fisher–Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
    }
    return order;
  }
}

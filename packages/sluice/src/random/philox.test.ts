import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { philox4x32, RandomStream, streamId } from "./philox.ts";

type Counter = [number, number, number, number];
type Key = [number, number];

/** Philox4x32-10 from the paper's text, in big integers: nothing shared with the 16-bit halves of the module. */
function philoxInBigInts(counter: Counter, key: Key): Counter {
  const MASK = 0xffffffffn;
  let [l0, r0, l1, r1] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  for (let round = 0n; round < 10n; round++) {
    const [k0, k1] = [(BigInt(key[0]) + round * 0x9e3779b9n) & MASK, (BigInt(key[1]) + round * 0xbb67ae85n) & MASK];
    const [product0, product1] = [0xd2511f53n * l0, 0xcd9e8d57n * l1];
    [l0, r0, l1, r1] = [(product1 >> 32n) ^ r0 ^ k0, product1 & MASK, (product0 >> 32n) ^ r1 ^ k1, product0 & MASK];
  }
  return [l0, r0, l1, r1].map(Number) as Counter;
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const ONES = 0xffffffff;

describe("philox4x32", () => {
  // The three lines "philox4x32 10" of kat_vectors in Random123.
  const known: [Counter, Key, Counter][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ONES, ONES, ONES, ONES],
      [ONES, ONES],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  test.each(known)("known answer for counter %j, key %j", (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
    expect(philoxInBigInts(counter, key)).toEqual(expected);
  });

  test("agrees with big-integer arithmetic everywhere", () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox4x32(counter, key)).toEqual(philoxInBigInts(counter, key));
      }),
      { numRuns: 500 },
    );
  });
});

describe("RandomStream", () => {
  const stream = (seed = 1): RandomStream => new RandomStream({ seed, stream: streamId("test"), step: 0 });
  const draw = (n: number, next: () => number): number[] => Array.from({ length: n }, next);
  const mean = (values: number[], power = 1): number => values.reduce((sum, value) => sum + value ** power / values.length, 0);

  test("word i is lane i mod 4 of block ⌊i/4⌋, seed and stream and step in their places", () => {
    const seed = 3 * 2 ** 32 + 5;
    for (const position of [0, 1, 6, 2 ** 34 + 3]) {
      const block = Math.floor(position / 4);
      const expected = philoxInBigInts([block % 2 ** 32, Math.floor(block / 2 ** 32), 7, 11], [5, 3])[position % 4];
      expect(new RandomStream({ seed, stream: 7, step: 11 }, position).word()).toBe(expected);
    }
  });

  test("a copied key and position go on with the same words", () => {
    const original = stream();
    draw(7, () => original.word());
    const copy = new RandomStream(original.key, original.position);
    expect(draw(9, () => copy.word())).toEqual(draw(9, () => original.word()));
  });

  test("seeds, streams and steps give unlike words", () => {
    const first = (seed: number, id: string, step: number): number =>
      new RandomStream({ seed, stream: streamId(id), step }).word();
    expect(
      new Set([first(1, "a", 0), first(2, "a", 0), first(1 + 2 ** 32, "a", 0), first(1, "b", 0), first(1, "a", 1)]).size,
    ).toBe(5);
  });

  test("streamId is FNV-1a", () => {
    // Published 32-bit FNV-1a values (isthe.com/chongo/tech/comp/fnv).
    expect([streamId(""), streamId("a"), streamId("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  // Standard errors below are those of independent draws; the words are fixed by the seed, so no test is a gamble.
  test("uniform lies in [0, 1), is exact in float32 and has the moments 1/2, 1/3", () => {
    const source = stream();
    const values = draw(100_000, () => source.uniform());
    expect(values.every((u) => u >= 0 && u < 1 && Math.fround(u) === u)).toBe(true);
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(4 * (0.289 / Math.sqrt(1e5)));
    expect(Math.abs(mean(values, 2) - 1 / 3)).toBeLessThan(4 * (0.298 / Math.sqrt(1e5)));
    const lag = values.slice(1).reduce((sum, u, k) => sum + (u - 0.5) * (values[k]! - 0.5), 0) / values.length;
    expect(Math.abs(lag)).toBeLessThan(4 * (1 / 12 / Math.sqrt(1e5)));
  });

  test("normal has the moments 0, 1, 0, 3 and the tail of the normal law", () => {
    const source = stream();
    const values = draw(100_000, () => source.normal());
    const error = (power: number): number => 4 * Math.sqrt([0, 1, 2, 15, 96][power]! / 1e5); // variance of xᵖ
    for (const power of [1, 2, 3, 4]) expect(Math.abs(mean(values, power) - [0, 0, 1, 0, 3][power]!)).toBeLessThan(error(power));
    const beyond3 = values.filter((x) => Math.abs(x) > 3).length;
    expect(Math.abs(beyond3 - 270)).toBeLessThan(4 * Math.sqrt(270)); // 2(1 − Φ(3)) = 0.0026998
  });

  test("below is fair, also for limits that do not divide 2³²", () => {
    for (const limit of [1, 2, 7, 10]) {
      const source = stream(limit);
      const counts = new Array<number>(limit).fill(0);
      for (let k = 0; k < 70_000; k++) counts[source.below(limit)]!++;
      for (const count of counts) expect(Math.abs(count - 70_000 / limit)).toBeLessThanOrEqual(4 * Math.sqrt(70_000 / limit));
    }
    // For a limit of ¾·2³² a plain remainder would give a third of the range twice the weight.
    const source = stream();
    const lowThird = draw(20_000, () => source.below(3 * 2 ** 30)).filter((value) => value < 2 ** 30).length;
    expect(Math.abs(lowThird - 20_000 / 3)).toBeLessThan(4 * Math.sqrt(20_000 * (2 / 9)));
  });

  test("below reaches every number up to 2³²", () => {
    const source = stream();
    const again = stream();
    expect(draw(100, () => source.below(2 ** 32))).toEqual(draw(100, () => again.word()));
  });

  test("permutation holds each number once, and all orders of four come equally often", () => {
    expect([...stream().permutation(0)]).toEqual([]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (n, seed) => {
        const order = [...stream(seed).permutation(n)].sort((a, b) => a - b);
        expect(order).toEqual(Array.from({ length: n }, (_, k) => k));
      }),
      { numRuns: 30 },
    );
    const source = stream();
    const counts = new Map<string, number>();
    for (let k = 0; k < 24_000; k++) {
      const order = source.permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "./philox.ts";
import { computedOrder, randomOrder } from "./random-order.ts";

const key = (seed: number, step = 0) => ({ seed, stream: 5, step });
const listed = (n: number, order: (place: number) => number) => Array.from({ length: n }, (_, place) => order(place));

describe("an order that is computed", () => {
  test("holds each number once, for any length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (n, seed) => {
        const order = listed(n, computedOrder(key(seed), n)).sort((a, b) => a - b);
        expect(order).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test("gives each order of three, and each number its turn at each place, about equally often", () => {
    const counts = new Map<string, number>();
    const turns = new Float64Array(49);
    for (let seed = 0; seed < 6000; seed++) {
      const three = listed(3, computedOrder(key(seed), 3)).join("");
      counts.set(three, (counts.get(three) ?? 0) + 1);
      listed(7, computedOrder(key(seed, 1), 7)).forEach((entry, place) => {
        turns[place * 7 + entry] = (turns[place * 7 + entry] as number) + 1;
      });
    }
    // Standard deviations 29 and 27; five of them.
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
    for (const count of turns) expect(Math.abs(count - 6000 / 7)).toBeLessThan(135);
  });

  test("changes with seed, stream and step", () => {
    const orders = [key(1), key(2), key(1, 1), { seed: 1, stream: 6, step: 0 }, key(1 + 2 ** 32)];
    expect(new Set(orders.map((own) => listed(40, computedOrder(own, 40)).join())).size).toBe(5);
  });
});

test("short orders are those of the random stream; long ones take no memory", () => {
  const n = 1000;
  expect(listed(n, randomOrder(key(3), n))).toEqual([...new RandomStream(key(3)).permutation(n)]);
  const before = process.memoryUsage().arrayBuffers;
  const order = randomOrder(key(3), 1e9);
  const some = new Set(listed(1000, order));
  expect([some.size, [...some].every((entry) => entry >= 0 && entry < 1e9)]).toEqual([1000, true]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});

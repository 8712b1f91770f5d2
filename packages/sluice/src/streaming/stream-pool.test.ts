import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dense, embedding, gru, lstm, type Model, sequential, type WeightType } from "../index.ts";
import { RandomStream } from "../random/philox.ts";
import { randomModels } from "./testing/random-models.ts";

const types: readonly WeightType[] = ["float32", "float16", "bfloat16", "int8"];

function model(): Model {
  const layers = [
    lstm({ units: 20, returnSequences: true, inputShape: [null, 5] }),
    gru({ units: 70, resetAfter: false }),
    dense({ units: 3 }),
  ];
  return sequential(layers, { backend: "wasm", seed: 4 });
}

describe("a pool of streams", () => {
  test("gives each stream the bits it would have alone, whichever streams are ready with it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 7 }),
        (weights, turns, batch) => {
          const net = model();
          const pool = net.streams({ capacity: 7, batch, weights });
          const pooled = Array.from({ length: 7 }, () => pool.open());
          const alone = Array.from({ length: 7 }, () => net.stream({ weights }));
          const random = new RandomStream({ seed: 1, stream: 2, step: 3 });
          for (const turn of turns) {
            const steps = turn.map((k) => ({ k, x: Array.from({ length: 5 }, () => random.uniform() * 4 - 2) }));
            pool.step(steps.map(({ k, x }) => [pooled[k] as (typeof pooled)[0], x] as const));
            for (const { k, x } of steps) {
              expect(pooled[k]?.output).toEqual(alone[k]?.push(x));
              expect(pooled[k]?.state()).toEqual(alone[k]?.state());
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("so it is for random stacks", () => {
    fc.assert(
      fc.property(randomModels, ({ features, make }) => {
        const net = make("wasm");
        const pool = net.streams({ capacity: 4 });
        const streams = Array.from({ length: 4 }, () => pool.open());
        const alone = streams.map(() => net.stream());
        for (let t = 0; t < 3; t++) {
          const steps = streams.map(
            (stream, k) => [stream, Array.from({ length: features }, (_, f) => Math.sin(t + 3 * k + f))] as const,
          );
          pool.step(steps);
          steps.forEach(([stream, x], k) => void expect(stream.output).toEqual(alone[k]?.push(x)));
        }
      }),
      { numRuns: 20 },
    );
  });

  test("runs what is pushed in one turn together, each stream's pushes in their order", async () => {
    const net = model();
    const pool = net.streams({ capacity: 3 });
    const [a, b] = [pool.open(), pool.open()];
    const [x, y] = [
      [1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1],
    ] as const;
    const [first, other, second] = await Promise.all([a.push(x), b.push(y), a.push(y)]);
    const [aloneA, aloneB] = [net.stream(), net.stream()];
    expect(first).toEqual(aloneA.push(x));
    expect(second).toEqual(aloneA.push(y));
    expect(other).toEqual(aloneB.push(y));
  });

  test("a wrong push is refused and changes nothing, for it and for the others", async () => {
    const net = sequential([embedding({ inputDim: 4, outputDim: 2, inputShape: [null] }), lstm({ units: 3 })], {
      backend: "wasm",
    });
    const pool = net.streams({ capacity: 2 });
    const [good, bad] = [pool.open(), pool.open()];
    const before = bad.state();
    const [a, b] = await Promise.allSettled([good.push([3]), bad.push([4])]);
    expect([a.status, b.status]).toEqual(["fulfilled", "rejected"]);
    expect(bad.state()).toEqual(before);
    expect(() =>
      pool.step([
        [good, [1]],
        [bad, [1, 2]],
      ]),
    ).toThrow(/Cannot push 2 numbers/);
    expect(() =>
      pool.step([
        [good, [1]],
        [good, [1]],
      ]),
    ).toThrow(/twice in one call/);
    expect(good.output).toEqual(net.stream().push([3]));
    await expect(good.push([Number.NaN])).rejects.toThrow(/Cannot push NaN/);
  });

  test("opens as many as its capacity, and one more when one is closed", async () => {
    const pool = model().streams({ capacity: 2 });
    const [first] = [pool.open(), pool.open()];
    expect(() => pool.open()).toThrow(/2 are open, which is the pool's capacity/);
    first.close();
    first.close();
    expect(pool.size).toBe(1);
    await expect(first.push([1, 2, 3, 4, 5])).rejects.toThrow(/it is closed/);
    const next = pool.open();
    expect(() =>
      model()
        .streams({ capacity: 1 })
        .step([[next, [1, 2, 3, 4, 5]]]),
    ).toThrow(/another pool/);
    expect(() => model().streams({ capacity: 0 })).toThrow(/capacity 0/);
  });

  test("a state moves between a pool and a stream", () => {
    const net = model();
    const pooled = net.streams({ capacity: 1 }).open();
    const stream = net.stream();
    stream.push([1, 0, 1, 0, 1]);
    pooled.restore(stream.state());
    expect(pooled.state()).toEqual(stream.state());
    pooled.reset();
    expect(pooled.state()).toEqual(net.stream().state());
  });
});

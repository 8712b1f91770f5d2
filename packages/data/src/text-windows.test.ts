import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWindows } from "./text-windows.ts";

const place = (batch: ReturnType<ReturnType<typeof textWindows>["batch"]>) => {
  const [x, y] = [batch.x, batch.y].map((array) => array as { shape: number[]; data: Int32Array });
  return { x: [...(x?.data ?? [])], y: [...(y?.data ?? [])], shapes: [x?.shape, y?.shape] };
};

describe("windows of a text", () => {
  const ids = Int32Array.from({ length: 11 }, (_, k) => 10 + k);

  test("the targets are the inputs, one step on", () => {
    const set = textWindows({ ids, windowLength: 3 });
    expect(set.length).toBe(3);
    expect(place(set.batch(Int32Array.of(2, 0)))).toEqual({
      x: [16, 17, 18, 10, 11, 12],
      y: [17, 18, 19, 11, 12, 13],
      shapes: [
        [2, 3],
        [2, 3],
      ],
    });
  });

  test("every place that fits is a window, and no window leaves its part", () => {
    const sizes = fc.record({
      L: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, ({ L, stride, from }) => {
        const set = textWindows({ ids, windowLength: L, stride, from });
        const places: number[][] = [];
        for (let first = from; first + L < ids.length; first += stride) {
          places.push(Array.from({ length: L + 1 }, (_, k) => ids[first + k] as number));
        }
        expect(set.length).toBe(places.length);
        const { x, y } = place(set.batch(Int32Array.from(places.keys())));
        expect(x).toEqual(places.flatMap((row) => row.slice(0, -1)));
        expect(y).toEqual(places.flatMap((row) => row.slice(1)));
      }),
    );
  });

  test.each([
    [{ windowLength: 0 }, /with windowLength 0/],
    [{ windowLength: 3, stride: 1.5 }, /with stride 1.5/],
    [{ windowLength: 11 }, /window of 11 from 11 ids: it takes 12/],
    [{ windowLength: 2, from: 9, to: 3 }, /from 0 ids/],
    [{ windowLength: 2, to: 12 }, /part \[0, 12\) of 11 ids/],
  ])("refuses %j", (options, message) => {
    expect(() => textWindows({ ids, ...options })).toThrow(message);
    expect(() => textWindows({ ids, windowLength: 3 }).batch(Int32Array.of(3))).toThrow(/window 3: there are 3/);
  });
});

import { expect, test } from "vitest";
import { chooseBase, chooseWindow } from "./choose-sizes.ts";

test.each([
  // horizon, room, season → window, segment
  [24, 2000, 24, 168, 24], // hours: a day is a step of the layer
  [48, 480, 336, 192, 24], // half-hours of a week: too long for a step
  [12, 339, 1, 128, 16],
  [12, 17, 12, 16, 2], // too short for three seasons
  [1, 1, 1, 1, 1],
])("horizon %i, room %i, season %i reads %i steps, %i at a time", (horizon, room, season, windowLength, segment) => {
  const sizes = chooseWindow(horizon, room, season);
  expect(sizes).toMatchObject({ windowLength, segment });
  expect(sizes.windowLength).toBeLessThanOrEqual(room);
  expect(sizes.lags).toBeLessThanOrEqual(sizes.windowLength);
});

test("a window that was asked for is kept, in segments that divide it", () => {
  for (const given of [1, 7, 30, 31, 97, 100, 168, 336]) {
    const { windowLength, segment } = chooseWindow(12, 5, 24, given);
    expect(windowLength).toBe(given);
    expect(given % segment).toBe(0);
  }
});

test("the base is what is closer in training, and what it leaves is measured", () => {
  const train = (at: (t: number) => number) => [{ values: Float64Array.from({ length: 120 }, (_, t) => at(t)), mean: 0, std: 2 }];
  const weekly = train((t) => 10 * (t % 7) + (t >= 60 ? 4 : 0));
  expect(chooseBase("y", 7, 1, weekly, 7)).toMatchObject({ base: "season" });
  const { base, residual } = chooseBase(
    "y",
    7,
    1,
    train((t) => t),
    1,
  );
  expect(base).toBe("last"); // a step of 1 against a season of 7
  expect(residual).toBeCloseTo(0.5, 12); // 1, in units of std
  expect(
    chooseBase(
      "y",
      7,
      2,
      train(() => 3),
      4,
    ),
  ).toMatchObject({ residual: 1 });
});

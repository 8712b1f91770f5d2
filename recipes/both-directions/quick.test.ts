import { expect, test } from "vitest";
import { betweenMarks, compare, steps } from "./compare.mjs";

test("the class of a step is the mark before it and the mark behind it", () => {
  const { x, y } = betweenMarks(20, 3, 0);
  for (let n = 0; n < 20; n++) {
    const row = Array.from({ length: steps }, (_, t) => x.data.subarray((n * steps + t) * 6, (n * steps + t) * 6 + 6).indexOf(1));
    let before = -1;
    for (let t = 0; t < steps; t++) {
      const symbol = row[t] as number;
      if (symbol < 2) before = symbol;
      let next = t + 1;
      while (next < steps && (row[next] as number) >= 2) next++;
      const after = next < steps ? row[next] : before;
      expect(y.data[n * steps + t]).toBe(2 * before + (after as number));
    }
  }
});

test("quick run: both directions see what one cannot, with as many weights", async () => {
  const { rows, gains, text } = await compare({ quick: true, seed: 1 });
  const [majority, linear, window, one, both] = rows.map(
    ({ runs }) => runs[0] as { accuracy: number; weights: number; limit: number },
  );
  expect(majority?.accuracy).toBeLessThan(0.35);
  expect(window?.limit).toBeGreaterThan(0.6);
  expect(linear?.weights).toBe(4 * (11 * 6 + 1));
  expect(linear?.accuracy).toBeGreaterThan(0.55); // of 0.68 that the window shows
  expect(linear?.accuracy).toBeLessThan((window?.limit as number) + 0.02);
  expect(one?.limit).toBeLessThan(0.55); // the mark behind the step is a coin to it, but at the last step
  expect(one?.accuracy).toBeLessThan(0.56);
  expect(both?.limit).toBe(1);
  expect(gains[0]).toBeGreaterThan(0.1);
  expect(Math.abs((both?.weights ?? 0) - (one?.weights ?? 0))).toBeLessThan(20);
  expect(text).not.toMatch(/NaN|undefined/);
});

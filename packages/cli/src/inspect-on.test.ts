import { findInside } from "@sluice/tasks";
import { dense, init, input, lstm, model, type NumericArray, reshape } from "sluice";
import { expect, test } from "vitest";
import { heatStrip, showInside } from "./inspect-on.ts";

await init({ backend: "wasm" });

/** A forecaster's shape: a window and what is known ahead, four steps out. */
function network() {
  const past = input({ shape: [12, 1], name: "past" });
  const hidden = lstm({ units: 3, seed: 1 }).apply(reshape({ targetShape: [4, 3] }).apply(past));
  const output = reshape({ targetShape: [4, 2] }).apply(dense({ units: 8 }).apply(hidden));
  return model({ inputs: [past], outputs: [output], seed: 2 });
}

const windows: NumericArray = {
  shape: [5, 12, 1],
  data: Float32Array.from({ length: 60 }, (_, k) => Math.sin(k)),
};

test("is shown in tables and strips", async () => {
  const text = await showInside(findInside({ network: network(), inputs: [windows] }), { width: 80 });
  expect(text).toContain("Inside, over the last 5 windows");
  expect(text).toMatch(
    /^LSTM "lstm": 3 of 3 units move, \d+ pairs? of them alike; half of an input is forgotten (after|beyond)/m,
  );
  expect(text).toMatch(/^forgetGate +\d+\.\d % +\d+\.\d % +[ ░▒▓█]{1,4}$/m);
  expect(text).toMatch(/^Step 4 ahead, by lag {3}[ ░▒▓█]{12}\n {2}strongest lags: \d+ \(/m);
  expect(text.split("\n").every((line) => line.length <= 140)).toBe(true);
});

test("a strip shades shares of the largest", () => {
  expect(heatStrip([0, 0.25, 0.5, 0.75, 1], { max: 1, width: 60 })).toBe(" ░▒▓█");
  expect(heatStrip([0, 0, 4, 4], { max: 4, width: 2 })).toBe(" █");
  expect(heatStrip([Number.NaN, 2], { max: 2, width: 60 })).toBe("?█");
  expect(heatStrip([0, 0], { max: 0, width: 60 })).toBe("  ");
});

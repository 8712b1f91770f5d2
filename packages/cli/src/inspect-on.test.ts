import { dense, init, input, lstm, model, type NumericArray, reshape } from "sluice";
import { expect, test } from "vitest";
import { findInside, heatStrip, showInside } from "./inspect-on.ts";

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

test("finds gates, memory and lags, as plain data", async () => {
  const found = await findInside({ network: network(), inputs: [windows] });
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  expect(found).toMatchObject({ schema: "sluice.inspect-on/1", windows: 5 });
  const [layer] = found.layers;
  expect(layer).toMatchObject({ layer: "lstm", kind: "LSTM", steps: 4, segment: 3, units: 3, active: 3 });
  expect(layer?.gates.map(({ gate }) => gate)).toEqual(["inputGate", "forgetGate", "outputGate"]);
  for (const { byStep, shut, open } of layer?.gates ?? []) {
    expect(byStep).toHaveLength(4);
    expect(byStep.every((value) => value > 0 && value < 1)).toBe(true);
    expect(shut + open).toBeLessThanOrEqual(1);
  }
  expect(found.influence.map(({ ahead }) => ahead)).toEqual([1, 4]);
});

test("lag 1 is the last step: a network that reads it alone says so", async () => {
  const past = input({ shape: [6, 1], name: "past" });
  const hidden = lstm({ units: 1, unitForgetBias: false, useBias: true, seed: 1 });
  const forgetful = model({ inputs: [past], outputs: [dense({ units: 1 }).apply(hidden.apply(past))] });
  const bias = forgetful.parameters.find(({ path }) => path.endsWith("/bias") && path.startsWith("lstm"));
  const recurrent = forgetful.parameters.find(({ path }) => path.endsWith("/recurrentKernel"));
  bias?.tensor.backend.write(bias.tensor.storage, [0, -1000, 0, 0]);
  recurrent?.tensor.backend.write(recurrent.tensor.storage, [0, 0, 0, 0]);
  const { influence, layers } = await findInside({
    network: forgetful,
    inputs: [{ shape: [2, 6, 1], data: new Float32Array(12).fill(0.5) }],
  });
  const [only] = influence;
  expect([influence.length, only?.ahead, only?.strongest[0]?.lag]).toEqual([1, null, 1]);
  expect(only?.byLag.slice(1)).toEqual([0, 0, 0, 0, 0]);
  expect(layers[0]?.memory).toMatchObject({ halfLife: 1, horizon: 1 });
  expect(layers[0]?.gates.find(({ gate }) => gate === "forgetGate")).toMatchObject({
    shut: 1,
    open: 0,
    byStep: Array(6).fill(0),
  });
});

test("is shown in tables and strips", async () => {
  const text = await showInside(await findInside({ network: network(), inputs: [windows] }), { width: 80 });
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

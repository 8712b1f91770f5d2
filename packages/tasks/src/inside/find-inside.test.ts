import { bidirectional, dense, init, input, lstm, model, type NumericArray, reshape, simpleRnn } from "sluice";
import { expect, test } from "vitest";
import { findInside } from "./find-inside.ts";

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

test("finds gates, memory and lags, as plain data", () => {
  const found = findInside({ network: network(), inputs: [windows] });
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  expect(found).toMatchObject({ schema: "sluice.inspect-on/1", windows: 5 });
  const [layer] = found.layers;
  expect(layer).toMatchObject({ layer: "lstm", kind: "LSTM", steps: 4, segment: 3, units: 3, active: 3 });
  expect(layer?.gates.map(({ gate }) => gate)).toEqual(["inputGate", "forgetGate", "outputGate"]);
  for (const { byStep, shut, open, units, byUnit } of layer?.gates ?? []) {
    expect(units.toSorted()).toEqual([0, 1, 2]);
    byStep.forEach((value, t) => {
      expect(value).toBeCloseTo(byUnit.reduce((sum, course) => sum + (course[t] as number), 0) / 3, 6);
    });
    const ranges = byUnit.map((course) => Math.max(...course) - Math.min(...course));
    expect(ranges.toSorted((a, b) => b - a)).toEqual(ranges);
    expect(byStep).toHaveLength(4);
    expect(byStep.every((value) => value > 0 && value < 1)).toBe(true);
    expect(shut + open).toBeLessThanOrEqual(1);
  }
  expect(layer?.gradient.map(({ state, norms }) => [state, norms.length])).toEqual([
    ["hiddenState", 4],
    ["cellState", 4],
  ]);
  expect(found.influence.map(({ ahead }) => ahead)).toEqual([1, 2, 3, 4]);
});

test("lag 1 is the last step: a network that reads it alone says so", () => {
  const past = input({ shape: [6, 1], name: "past" });
  const hidden = lstm({ units: 1, unitForgetBias: false, useBias: true, seed: 1 });
  const forgetful = model({ inputs: [past], outputs: [dense({ units: 1 }).apply(hidden.apply(past))] });
  const bias = forgetful.parameters.find(({ path }) => path.endsWith("/bias") && path.startsWith("lstm"));
  const recurrent = forgetful.parameters.find(({ path }) => path.endsWith("/recurrentKernel"));
  bias?.tensor.backend.write(bias.tensor.storage, [0, -1000, 0, 0]);
  recurrent?.tensor.backend.write(recurrent.tensor.storage, [0, 0, 0, 0]);
  const { influence, layers } = findInside({
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

test("gradients stand in the order the steps are run, and halve with each step of h = h / 2 + x", () => {
  const past = input({ shape: [4, 1] });
  const layer = bidirectional(simpleRnn({ units: 1, activation: "linear", useBias: false }), { mergeMode: "sum" });
  const network = model({ inputs: [past], outputs: [layer.apply(past)], backend: "reference" });
  for (const { path, tensor: weight } of network.parameters) {
    weight.backend.write(weight.storage, [path.endsWith("/recurrentKernel") ? 0.5 : 1]);
  }
  const found = findInside({ network, inputs: [{ shape: [1, 4, 1], data: Float32Array.of(1, 2, 3, 4) }] });
  expect(found.layers.map(({ layer: path, gates }) => [path, gates])).toEqual([
    ["bidirectional/forward", []],
    ["bidirectional/backward", []],
  ]);
  for (const { gradient } of found.layers) expect(gradient).toEqual([{ state: "hiddenState", norms: [0.125, 0.25, 0.5, 1] }]);
});

import { describe, expect, test } from "vitest";
import { checkGradients } from "../../autograd/gradient-check.ts";
import { getBackend } from "../../backend/index.ts";
import { tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { gru } from "../gru.ts";
import { simpleRnn } from "../simple-rnn.ts";
import { type ActivationSpec, activateBy } from "./activation-spec.ts";

const xs = [-3.1, -1.2, -0.4, 0.3, 0.9, 2.6]; // on both sides of every bend

describe.each<[ActivationSpec, (x: number) => number]>([
  [{ type: "affine", alpha: 2, beta: -1 }, (x) => 2 * x - 1],
  [{ type: "leakyRelu", alpha: 0.01 }, (x) => (x < 0 ? 0.01 * x : x)],
  [{ type: "thresholdedRelu", alpha: 0.5 }, (x) => (x > 0.5 ? x : 0)],
  [{ type: "scaledTanh", alpha: 1.7159, beta: 2 / 3 }, (x) => 1.7159 * Math.tanh((2 / 3) * x)],
  [{ type: "hardSigmoid", alpha: 0.2, beta: 0.5 }, (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5))],
  [{ type: "elu", alpha: 0.5 }, (x) => (x < 0 ? 0.5 * Math.expm1(x) : x)],
  [{ type: "softsign" }, (x) => x / (1 + Math.abs(x))],
  [{ type: "scaledTanh", alpha: 2, beta: 0.5 }, (x) => 4 / (1 + Math.exp(-x)) - 2], // g of 1997
])("%o", (spec, expected) => {
  test.each(["reference", "wasm"] as const)("computes its formula on %s", (name) => {
    const x = tensor(xs, [xs.length], { backend: getBackend(name) });
    expectClose(activateBy(spec, x).dataSync(), xs.map(expected), { atol: name === "wasm" ? 1e-6 : 1e-14 }); // float32: one rounding or two
  });
  test("has the slope of its formula", () => {
    checkGradients((x) => activateBy(spec, x), [tensor(xs, [xs.length], { backend: getBackend("reference") })]);
  });
});

test.each(["leakyRelu", "hardSigmoid", "elu"] as const)("%s without numbers is the activation of that name", (name) => {
  const x = tensor(xs, [xs.length], { backend: getBackend("reference") });
  const defaults = { leakyRelu: { alpha: 0.2 }, hardSigmoid: { alpha: 1 / 6, beta: 0.5 }, elu: { alpha: 1 } }[name];
  for (const spec of [{ type: name }, { type: name, ...defaults }]) {
    expectClose(activateBy(spec, x).dataSync(), activateBy(name, x).dataSync(), { atol: 1e-15 });
  }
  expect(activateBy({ type: "linear" }, x)).toBe(x);
});

test("the GRU and the simple RNN take an activation with its numbers, and a clamp above 0", () => {
  expect(() => gru({ units: 2, recurrentActivation: { type: "hardSigmoid", gamma: 1 } as ActivationSpec })).toThrow(/gamma 1/);
  expect(() => gru({ units: 2, gateClip: 0 })).toThrow(/gateClip 0/);
  expect(() => simpleRnn({ units: 2, activation: { type: "tanh", alpha: 2 } })).toThrow(/alpha 2/);
  expect(() => simpleRnn({ units: 2, gateClip: Number.NaN })).toThrow(/gateClip NaN/);
});

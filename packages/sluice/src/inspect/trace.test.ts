import { describe, expect, test } from "vitest";
import { getBackend, init } from "../backend/index.ts";
import {
  bidirectional,
  dense,
  gru,
  gruCell,
  indRnn,
  type Layer,
  layerKinds,
  lstm,
  lstmCell,
  type RecurrentLayer,
  residual,
  rnn,
  simpleRnn,
} from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { memoryHorizon } from "./connectivity.ts";
import { gateSaturation } from "./statistics.ts";
import { type PlainArray, recurrentLayers } from "./subject.ts";
import { at, random } from "./testing/samples.ts";
import { trace } from "./trace.ts";

await init({ backend: "wasm" });
const [B, T, I, H] = [2, 5, 3, 4];
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** A row of z = W x + R h + b by plain loops; weights by short name. */
function preActivation(layer: Layer, names: readonly [string, string, string?], x: number[], h: number[]): number[] {
  const weight = (name: string) => layer.parameters.find(({ path }) => path.endsWith(`/${name}`))?.tensor as Tensor;
  const [W, R] = [weight(names[0]), weight(names[1])];
  const width = W.shape[1] as number;
  const [w, r, b] = [W.dataSync(), R.dataSync(), names[2] ? weight(names[2]).dataSync() : new Float64Array(width)];
  return Array.from({ length: width }, (_, k) => {
    const fromX = x.reduce((sum, v, i) => sum + v * (w[i * width + k] as number), b[k] as number);
    return h.reduce((sum, v, i) => sum + v * (r[i * width + k] as number), fromX);
  });
}

describe.each(["reference", "wasm"] as const)("trace on %s", (name) => {
  const backend = getBackend(name);
  const tolerance = { atol: name === "wasm" ? 2e-6 : 1e-12 };
  const x = random([B, T, I], 3, name);
  const rowOf = (b: number, t: number): number[] => Array.from(x.dataSync()).slice((b * T + t) * I, (b * T + t + 1) * I);

  test("of an LSTM is i f g o c h of the equations", () => {
    const layer = lstm({ units: H, seed: 5, backend: name });
    const traced = trace(layer, x);
    expect([traced.layer, traced.type, traced.rows, traced.steps, traced.mask]).toEqual(["lstm", "LSTM", B, T, null]);
    for (let b = 0; b < B; b++) {
      let [h, c] = [new Array<number>(H).fill(0), new Array<number>(H).fill(0)];
      for (let t = 0; t < T; t++) {
        const z = preActivation(layer, ["kernel", "recurrentKernel", "bias"], rowOf(b, t), h);
        const part = (k: number): number[] => z.slice(k * H, (k + 1) * H);
        const [i, f, g, o] = [part(0).map(sigmoid), part(1).map(sigmoid), part(2).map(Math.tanh), part(3).map(sigmoid)];
        c = c.map((before, k) => f[k]! * before + i[k]! * g[k]!);
        h = c.map((now, k) => o[k]! * Math.tanh(now));
        const values = { inputGate: i, forgetGate: f, cellCandidate: g, outputGate: o, cellState: c, hiddenState: h };
        for (const [part, expected] of Object.entries(values)) {
          const found = { ...traced.gates, ...traced.states }[part] as PlainArray;
          const here = expected.map((_, k) => at(found, b, t, k));
          expectClose(here, expected, tolerance, `${part} of row ${b}, step ${t}`);
        }
      }
    }
  });

  test.each([true, false])("of a GRU is z r h of the equations (resetAfter %s)", (resetAfter) => {
    const layer = gru({ units: H, seed: 6, useBias: false, resetAfter, backend: name });
    const traced = trace(layer, x);
    let h = new Array<number>(H).fill(0);
    for (let t = 0; t < T; t++) {
      const fromX = preActivation(
        layer,
        ["kernel", "recurrentKernel"],
        rowOf(1, t),
        h.map(() => 0),
      );
      const fromH = preActivation(
        layer,
        ["kernel", "recurrentKernel"],
        rowOf(1, t).map(() => 0),
        h,
      );
      const z = h.map((_, k) => sigmoid(fromX[k]! + fromH[k]!));
      const r = h.map((_, k) => sigmoid(fromX[H + k]! + fromH[H + k]!));
      const scaled = preActivation(
        layer,
        ["kernel", "recurrentKernel"],
        rowOf(1, t).map(() => 0),
        h.map((v, k) => r[k]! * v),
      );
      const candidate = h.map((_, k) =>
        Math.tanh(fromX[2 * H + k]! + (resetAfter ? r[k]! * fromH[2 * H + k]! : scaled[2 * H + k]!)),
      );
      h = h.map((before, k) => z[k]! * before + (1 - z[k]!) * candidate[k]!);
      for (const [found, expected] of [
        [traced.gates.updateGate, z],
        [traced.gates.resetGate, r],
        [traced.gates.hiddenCandidate, candidate],
        [traced.states.hiddenState, h],
      ] as const) {
        expectClose(
          h.map((_, k) => at(found as PlainArray, 1, t, k)),
          expected,
          tolerance,
        );
      }
    }
  });

  test("ends where the fused run ends, masks and direction included", () => {
    const mask = tensor([1, 1, 0, 1, 0, 0, 1, 1, 1, 1], [B, T], { backend });
    for (const goBackwards of [false, true]) {
      const layer = lstm({ units: H, seed: 1, goBackwards, backend: name });
      const { state } = layer.forward(x, { mask });
      const { states, gates, mask: uses } = trace(layer, x, { mask });
      const last = goBackwards ? 0 : T - 1;
      for (const part of ["hiddenState", "cellState"] as const) {
        const found = [...Array(B * H).keys()].map((k) => at(states[part] as PlainArray, Math.floor(k / H), last, k % H));
        expectClose(found, (state[part] as Tensor).dataSync(), tolerance, part);
      }
      expect(uses).toEqual([1, 1, 0, 1, 0, 0, 1, 1, 1, 1]);
      expect(at(gates.inputGate as PlainArray, 0, 2, 0)).toBeNaN();
      const before = goBackwards ? 3 : 1; // step 2 of row 0 is masked: the state is held
      expect(at(states.hiddenState as PlainArray, 0, 2, 1)).toBe(at(states.hiddenState as PlainArray, 0, before, 1));
    }
  });
});

describe("trace", () => {
  const x = random([B, T, I], 8);

  const kinds = layerKinds().filter(({ type, recurrent }) => recurrent && !/^(Conv|Inception|PredNet)/.test(type));
  test.each(kinds)("of $type ends in the state that its own run gives", ({ type, create }) => {
    const size = type.endsWith("Block") ? {} : { units: 4 }; // a block is as wide as its input
    const layer = (create as (options: object) => RecurrentLayer)({ ...size, backend: "reference" });
    const mask = tensor([1, 1, 0, 1, 0, 1, 1, 1, 1, 1], [B, T], { backend: getBackend("reference") });
    const { state } = layer.forward(x, { mask });
    const { states } = trace(layer, x, { mask });
    expect(Object.keys(states)).toEqual(Object.keys(state));
    for (const [name, part] of Object.entries<Tensor>(state)) {
      const { shape, data } = states[name] as PlainArray;
      expect(shape).toEqual([B, T, ...part.shape.slice(1)]);
      const width = part.size / B;
      const last = Array.from({ length: B }, (_, b) => data.slice(((b + 1) * T - 1) * width, (b + 1) * T * width)).flat();
      expectClose(last, part.dataSync(), { atol: 1e-10, rtol: 1e-10 }, name);
    }
  });

  test("of a layer that recomputes is the same", () => {
    const [plain, again] = [false, true].map((recompute) => trace(lstm({ units: 3, backend: "reference", recompute }), x));
    expect(again).toEqual(plain);
  });

  test("of any cell holds its state by name; of stacked cells each cell's gates", () => {
    expect(Object.keys(trace(indRnn({ units: 2, backend: "reference" }), x).states)).toEqual(["hiddenState"]);
    const stacked = trace(rnn([lstmCell({ units: 2 }), gruCell({ units: 3 })], { backend: "reference" }), x);
    expect(Object.keys(stacked.gates)).toEqual([
      ...["inputGate", "forgetGate", "cellCandidate", "outputGate"].map((gate) => `0/${gate}`),
      ...["updateGate", "resetGate", "hiddenCandidate"].map((gate) => `1/${gate}`),
    ]);
    expect(stacked.gates["1/updateGate"]?.shape).toEqual([B, T, 3]);
  });

  test("of LSTM forms: gates that are switched off are left out, coupled ones add up to 1", () => {
    const without = trace(lstm({ units: 2, variant: "NOG", backend: "reference" }), x);
    expect(Object.keys(without.gates)).toEqual(["inputGate", "forgetGate", "cellCandidate"]);
    const { inputGate, forgetGate } = trace(lstm({ units: 2, variant: "CIFG", backend: "reference" }), x).gates;
    expectClose(
      inputGate!.data.map((i, k) => i + forgetGate!.data[k]!),
      inputGate!.data.map(() => 1),
      { atol: 1e-12 },
    );
  });

  test("finds layers inside wrappers, and asks which of several", () => {
    const model = sequential(
      [
        bidirectional(lstm({ units: I, returnSequences: true }), { mergeMode: "sum" }),
        residual(gru({ units: I, returnSequences: true })),
        simpleRnn({ units: 2 }),
        dense({ units: 1 }),
      ],
      { backend: "reference" },
    );
    model.forward(x);
    const paths = [...recurrentLayers(model).keys()];
    expect(paths).toHaveLength(4);
    expect(paths.slice(0, 2)).toEqual(["bidirectional/forward", "bidirectional/backward"]);
    for (const layer of paths) expect(trace(model, x, { layer }).layer).toBe(layer);
    expect(() => trace(model, x)).toThrow(/"bidirectional\/forward", .*Name one/);
    expect(() => trace(model, x, { layer: "lstm" })).toThrow(/by the name "lstm"/);
    expect(() => trace(dense({ units: 1, backend: "reference" }), x)).toThrow(/it has none/);
  });

  test("sees a latch keep: with f = 1 and i = 0 the cell never changes", () => {
    const layer = lstm({ units: 1, backend: "reference" });
    layer.build([[null, null, 1]]);
    const zero = { shape: [1, 4], data: [0, 0, 0, 0] };
    layer.load({ kernel: zero, recurrentKernel: zero, bias: { shape: [4], data: [-1000, 1000, 0, 1000] } });
    const { states, gates } = trace(layer, random([1, 50, 1], 2));
    expect(gates.forgetGate?.data.every((f) => f === 1)).toBe(true);
    expect(states.cellState?.data.every((c) => c === 0)).toBe(true);
    expect(gateSaturation(trace(layer, random([1, 50, 1], 2)))).toEqual({
      inputGate: { low: [1], high: [0] },
      forgetGate: { low: [0], high: [1] },
      outputGate: { low: [0], high: [1] },
    });
  });

  test("is plain data, and leaves what a stateful layer keeps", () => {
    const layer = lstm({ units: 2, stateful: true, backend: "reference" });
    layer.forward(x);
    const kept = [...layer.keptStates().values()].map((part) => Array.from(part.dataSync()));
    const first = trace(layer, x);
    memoryHorizon(layer, x);
    expect([...layer.keptStates().values()].map((part) => Array.from(part.dataSync()))).toEqual(kept);
    const after = layer.forward(x).output.dataSync();
    expectClose(
      [0, 1].map((k) => at(first.states.hiddenState as PlainArray, 0, T - 1, k)),
      after.slice(0, 2),
      { atol: 1e-12 },
    );
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
  });
});

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HostArray } from "../backend.ts";
import {
  CELLS,
  type CellName,
  GATE_ACTIVATIONS,
  MASKS,
  makeArrays,
  PLAIN,
  type RecurrentCase,
  tame,
} from "../testing/recurrent-laws.ts";
import { gruBackward, gruForward } from "./gru.ts";
import { lstmBackward, lstmForward } from "./lstm.ts";
import { addTo } from "./recurrent.ts";
import { rnnBackward, rnnForward } from "./rnn.ts";

type Wide = {
  [Name in keyof ReturnType<typeof makeArrays>]: ReturnType<typeof makeArrays>[Name] extends Float32Array
    ? Float64Array
    : Float64Array | null;
};
type Sizes = Omit<RecurrentCase, "biased" | "masked" | "sequenceGradient" | "stateGradient" | "inputGradient" | "seed">;

const dot = (a: HostArray, b: HostArray): number => Array.from(a).reduce((sum, value, k) => sum + value * b[k]!, 0);

function widen(one: RecurrentCase): Wide {
  return Object.fromEntries(
    Object.entries(makeArrays(one)).map(([name, values]) => [name, values && Float64Array.from(values)]),
  ) as Wide;
}

function forward(one: Sizes, arrays: Wide): void {
  const run = { ...one, ...arrays, resetAfter: one.cell === "gru, reset after" };
  if (one.cell === "lstm") lstmForward(run);
  else if (one.cell === "rnn") rnnForward(run);
  else gruForward(run);
}

function backward(one: Sizes, arrays: Wide): void {
  const run = { ...one, ...arrays, resetAfter: one.cell === "gru, reset after" };
  if (one.cell === "lstm") lstmBackward(run);
  else if (one.cell === "rnn") rnnBackward(run);
  else gruBackward(run);
}

function expectClose(actual: HostArray, expected: ArrayLike<number>, rtol: number, name: string): void {
  expect(actual.length, name).toBe(expected.length);
  actual.forEach((a, k) => {
    const e = expected[k]!;
    expect(Math.abs(a - e) <= rtol * Math.max(1, Math.abs(e)), `${name}[${k}] is ${a}, not ${e}`).toBe(true);
  });
}

describe("the ONNX operators' own test values", () => {
  // onnx/backend/test/case/node/{rnn,gru,lstm}.py: T = 1, X = 1, 2, 3 …, every weight w, h_0 = c_0 = 0; one value for all units.
  test.each<[CellName, number, number, number, number, number[]]>([
    ["rnn", 2, 4, 0.1, 0, [0.291313, 0.604368, 0.800499]],
    ["rnn", 3, 5, 0.1, 0.1, [0.604368, 0.921669, 0.986614]],
    ["gru, reset before", 2, 5, 0.1, 0, [0.12397, 0.200537, 0.199917]],
    ["gru, reset before", 3, 3, 0.1, 0.1, [0.200537, 0.154823, 0.0748428]],
    ["gru, reset before", 2, 6, 0.2, 0, [0.1903, 0.175137, 0.0973308]],
    ["lstm", 2, 3, 0.1, 0, [0.0952412, 0.256064, 0.403238]],
    ["lstm", 3, 4, 0.1, 0.1, [0.256064, 0.536728, 0.667213]],
    ["lstm", 2, 7, 0.3, 0, [0.333693, 0.622393, 0.718579]],
  ])("%s, I = %d, H = %d, w = %d, b = %d", (cell, I, H, w, b, expected) => {
    const one: RecurrentCase = { ...PLAIN, cell, T: 1, B: 3, I, H };
    const arrays = widen(one);
    arrays.x.set(arrays.x.map((_, k) => k + 1));
    for (const weights of [arrays.kernel, arrays.recurrentKernel]) weights.fill(w);
    arrays.bias!.fill(b);
    for (const state of [arrays.hidden, arrays.cells]) state.fill(0);
    forward(one, arrays);
    expectClose(
      arrays.hidden.subarray(3 * H),
      expected.flatMap((h) => Array.from({ length: H }, () => h)),
      1e-6,
      "h_1",
    );
  });
});

describe("gradients are the slopes of Σ dHidden ⊙ h + dLastHidden ⊙ h_T + dLastCell ⊙ c_T", () => {
  function checkGradients(one: RecurrentCase): void {
    const arrays = widen(one);
    const { T, B, H } = one;
    const loss = (): number => {
      forward(one, arrays);
      const sequence = arrays.dHidden ? dot(arrays.dHidden, arrays.hidden.subarray(B * H)) : 0;
      const last = arrays.dLastHidden ? dot(arrays.dLastHidden, arrays.hidden.subarray(T * B * H)) : 0;
      return sequence + last + (arrays.dLastCell ? dot(arrays.dLastCell, arrays.cells.subarray(T * B * H)) : 0);
    };
    expect(Number.isFinite(loss())).toBe(true); // inputs of masked steps hold NaN
    backward(one, arrays);

    const pairs: [string, HostArray | null, HostArray | null][] = [
      ["dx", arrays.x, arrays.dx],
      ["dKernel", arrays.kernel, arrays.dKernel],
      ["dRecurrentKernel", arrays.recurrentKernel, arrays.dRecurrentKernel],
      ["dBias", arrays.bias, arrays.dBias],
      ["dRecurrentBias", arrays.recurrentBias, arrays.dRecurrentBias],
      ["dInitialHidden", arrays.hidden.subarray(0, B * H), arrays.dInitialHidden],
      [
        "dInitialCell",
        one.cell === "lstm" ? arrays.cells.subarray(0, B * H) : null,
        one.cell === "lstm" ? arrays.dInitialCell : null,
      ],
    ];
    for (const [name, x, dx] of pairs) {
      if (!x || !dx) continue;
      const gradient = dx.slice();
      const central = Array.from(x, (held, k) => {
        if (Number.isNaN(held)) return 0; // an input of a masked step gets no gradient
        const h = 1e-5;
        x[k] = held + h;
        const up = loss();
        x[k] = held - h;
        const down = loss();
        x[k] = held;
        return (up - down) / (2 * h);
      });
      expectClose(gradient, central, 1e-6, name);
    }
  }

  describe.each(CELLS)("%s", (cell) => {
    test.each(MASKS)("mask: %s", (masked) => {
      checkGradients({ ...PLAIN, cell, masked, T: 4, I: 2, H: 3 });
      checkGradients({
        ...PLAIN,
        cell,
        masked,
        T: 4,
        I: 2,
        H: 3,
        biased: false,
        sequenceGradient: false,
        inputGradient: false,
        seed: 5,
      });
      checkGradients({ ...PLAIN, cell, masked, T: 4, I: 2, H: 3, stateGradient: false, seed: 6 });
    });
    test.each(GATE_ACTIVATIONS)("activation %s", (activation) =>
      checkGradients(tame({ ...PLAIN, cell, activation, masked: "holes" })));
    test.each(GATE_ACTIVATIONS)("recurrent activation %s", (recurrentActivation) =>
      checkGradients(tame({ ...PLAIN, cell, recurrentActivation, masked: "holes" })));
  });
});

/** A tensor and a case of `oracles/values/*.json`, as the scripts beside them wrote it. */
interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, Values | undefined>>;
interface OracleCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly weights: Named;
  readonly inputs: Named & { readonly initialState?: Named };
  readonly upstream: Named;
  readonly expected: Named & { readonly gradients: Named };
}

const ORACLES = new URL("../../../../../oracles/values/", import.meta.url);
const files = [
  "torch-lstm",
  "torch-gru",
  "torch-simple-rnn",
  "keras-lstm",
  "keras-gru",
  "keras-simple-rnn",
  "keras-masks-lstm",
  "keras-masks-gru",
  "keras-masks-simple-rnn",
];

describe.each(files)("oracle %s", (file) => {
  const url = new URL(`${file}.json`, ORACLES);
  const { cases } = (existsSync(url) ? JSON.parse(readFileSync(url, "utf8")) : { cases: [] }) as { cases: OracleCase[] };
  test("is there", () => expect(cases.length).toBeGreaterThan(0));
  // Layers turn time around, zero padded outputs and read lengths; kernels do not.
  const plain = cases.filter(
    ({ options, inputs }) => !options.goBackwards && !options.zeroOutputForMask && !inputs.sequenceLengths,
  );

  test.each(plain.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const [B, T, I] = one.inputs.x!.shape as [number, number, number];
    const H = one.options.units as number;
    const cell: CellName = file.includes("lstm")
      ? "lstm"
      : file.includes("rnn")
        ? "rnn"
        : one.options.resetAfter
          ? "gru, reset after"
          : "gru, reset before";
    const sizes = {
      cell,
      T,
      B,
      I,
      H,
      activation: (one.options.activation ?? "tanh") as RecurrentCase["activation"],
      recurrentActivation: (one.options.recurrentActivation ?? "sigmoid") as RecurrentCase["recurrentActivation"],
    };
    const given = (values: Values | undefined): Float64Array | null => (values ? Float64Array.from(values.data) : null);
    /** [B, T, …] ⇄ [T, B, …] */
    const swap = (values: Float64Array | null, outer: number, inner: number): Float64Array | null => {
      if (values === null) return null;
      const width = values.length / (B * T);
      return values.map((_, k) => {
        const [a, b, j] = [Math.floor(k / (outer * width)), Math.floor(k / width) % outer, k % width];
        return values[(b * inner + a) * width + j]!;
      });
    };
    const { kernel, recurrentKernel, bias, recurrentBias } = one.weights;
    const { hiddenState, cellState } = one.inputs.initialState ?? {};
    const sequences = Boolean(one.options.returnSequences);
    const dOutput = given(one.upstream.output);
    const dLastHidden = given(one.upstream.hiddenState) ?? new Float64Array(B * H);
    if (!sequences && dOutput) addTo(dLastHidden, dOutput);
    const state = (initial: Values | undefined): Float64Array => {
      const blocks = new Float64Array((T + 1) * B * H);
      blocks.set(given(initial) ?? []);
      return blocks;
    };
    const like = (values: Values | undefined): Float64Array => new Float64Array(values?.data.length ?? 0);
    const arrays: Wide = {
      x: swap(given(one.inputs.x), B, T)!,
      mask: swap(given(one.inputs.mask), B, T),
      kernel: given(kernel)!,
      recurrentKernel: given(recurrentKernel)!,
      bias: given(bias),
      recurrentBias: given(recurrentBias),
      hidden: state(hiddenState),
      cells: state(cellState),
      gates: new Float64Array((T * B * kernel!.data.length) / I),
      resetProduct: new Float64Array(T * B * H),
      dHidden: sequences ? swap(dOutput, B, T) : null,
      dLastHidden,
      dLastCell: given(one.upstream.cellState),
      dx: new Float64Array(T * B * I),
      dKernel: like(kernel),
      dRecurrentKernel: like(recurrentKernel),
      dBias: bias ? like(bias) : null,
      dRecurrentBias: recurrentBias ? like(recurrentBias) : null,
      dInitialHidden: new Float64Array(B * H),
      dInitialCell: new Float64Array(B * H),
    };
    forward(sizes, arrays);
    const last = arrays.hidden.subarray(T * B * H);
    const digits = 1e-10; // the files hold 12 digits
    const { expected } = one;
    expectClose(sequences ? swap(arrays.hidden.slice(B * H), T, B)! : last, expected.output!.data, digits, "output");
    expectClose(last, expected.hiddenState!.data, digits, "hiddenState");
    if (expected.cellState) expectClose(arrays.cells.subarray(T * B * H), expected.cellState.data, digits, "cellState");

    backward(sizes, arrays);
    const gradients: Named = expected.gradients;
    const got: Record<string, HostArray | null> = {
      x: swap(arrays.dx, T, B),
      kernel: arrays.dKernel,
      recurrentKernel: arrays.dRecurrentKernel,
      bias: arrays.dBias,
      recurrentBias: arrays.dRecurrentBias,
      hiddenState: arrays.dInitialHidden,
      cellState: arrays.dInitialCell,
    };
    for (const [name, values] of Object.entries(gradients)) expectClose(got[name]!, values!.data, 1e-9, `d ${name}`);
  });
});

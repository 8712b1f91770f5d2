import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backend, HostArray } from "../backend.ts";
import type { GateActivationName } from "../kernels.ts";
import { createReferenceBackend } from "../reference/index.ts";
import {
  always,
  compute,
  expectClose,
  FLOAT32_ROUNDING,
  type KernelCall,
  maxAbs,
  type Numbers,
  numbers,
  seeds,
  size,
} from "./compute.ts";

export const GATE_ACTIVATIONS = [
  "linear",
  "sigmoid",
  "tanh",
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "hardSigmoid",
  "hardTanh",
  "exponential",
] as const satisfies readonly GateActivationName[];

export const CELLS = ["lstm", "gru, reset after", "gru, reset before", "rnn"] as const;
export type CellName = (typeof CELLS)[number];

/** Which steps a mask leaves out; every kind puts NaN into the inputs it leaves out. */
export const MASKS = ["none", "holes", "right padding", "left padding", "empty rows", "all masked"] as const;

/** One run of a fused kernel, forward and backward. */
export interface RecurrentCase {
  readonly cell: CellName;
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  readonly activation: GateActivationName;
  readonly recurrentActivation: GateActivationName;
  readonly biased: boolean;
  readonly masked: (typeof MASKS)[number];
  /** Which gradients arrive, and whether dx is asked for. */
  readonly sequenceGradient: boolean;
  readonly stateGradient: boolean;
  readonly inputGradient: boolean;
  readonly seed: number;
}

export function recurrentLaws(backend: Backend): void {
  const cases = (cell: CellName): fc.Arbitrary<RecurrentCase> =>
    fc
      .record({
        cell: fc.constant(cell),
        T: fc.integer({ min: 0, max: 6 }),
        B: size(1, 20),
        I: size(1),
        H: size(1),
        activation: fc.constantFrom(...GATE_ACTIVATIONS),
        recurrentActivation: fc.constantFrom(...GATE_ACTIVATIONS),
        biased: fc.boolean(),
        masked: fc.constantFrom(...MASKS),
        sequenceGradient: fc.boolean(),
        stateGradient: fc.boolean(),
        inputGradient: fc.boolean(),
        seed: seeds,
      })
      .map(tame);

  test.each(CELLS)("%s agrees with the reference, forward and backward, for all sizes, masks and activations", (cell) =>
    always(cases(cell), (one) => expectSameRun(backend, one)));

  test.each(CELLS)("%s agrees with the reference for each pair of activations", async (cell) => {
    for (const activation of GATE_ACTIVATIONS) {
      for (const recurrentActivation of cell === "rnn" ? ["sigmoid" as const] : GATE_ACTIVATIONS) {
        await expectSameRun(backend, tame({ ...PLAIN, cell, activation, recurrentActivation, masked: "holes" }));
      }
    }
  });

  test.each(CELLS)("%s agrees with the reference at B = 1, T = 1, H = 1 and at the sizes of real layers", async (cell) => {
    for (const [T, B, I, H] of [
      [1, 1, 1, 1],
      [1, 1, 16, 64],
      [4, 1, 3, 17],
      [5, 3, 1, 1],
      [3, 32, 1, 128],
      [0, 2, 3, 4],
    ] as const) {
      await expectSameRun(backend, { ...PLAIN, cell, T, B, I, H });
    }
  });

  test.each(CELLS)("%s without any used step hands its state and its gradient through", async (cell) => {
    const one: RecurrentCase = { ...PLAIN, cell, masked: "all masked", sequenceGradient: false };
    const arrays = makeArrays(one);
    const { hidden, dInitialHidden, dKernel, dx } = await compute(backend, arrays, runBoth(one));
    const { T, B, H } = one;
    for (let t = 1; t <= T; t++)
      expectClose(hidden.slice(t * B * H, (t + 1) * B * H), arrays.hidden.subarray(0, B * H), {}, `h_${t}`);
    expectClose(dInitialHidden, arrays.dLastHidden!, {}, "dInitialHidden");
    expect([maxAbs(dKernel), maxAbs(dx)]).toEqual([0, 0]);
  });

  test.each(CELLS)("%s gives the same states, bit for bit, when it keeps no gates", (cell) =>
    always(cases(cell), (one) => expectSameWithoutGates(backend, backend, one)));

  test.each(CELLS)("%s gives the same states over many chunks of steps when it keeps no gates", async (cell) => {
    for (const [T, B] of [
      [30, 20],
      [250, 1],
    ] as const) {
      await expectSameWithoutGates(backend, backend, { ...PLAIN, cell, T, B, masked: "holes" });
    }
  });

  test.each(CELLS)("a batch row of %s does not depend on the rows beside it", async (cell) => {
    const one: RecurrentCase = { ...PLAIN, cell, B: 5, masked: "holes" };
    const arrays = makeArrays(one);
    const { hidden } = await compute(backend, arrays, runForward(one));
    const other = { ...arrays, x: arrays.x.map((value, k) => (Math.floor(k / one.I) % one.B === 2 ? value : 1 - value)) };
    const changed = await compute(backend, other, runForward(one));
    const rowOf = (sequence: HostArray): number[] => Array.from(sequence).filter((_, k) => Math.floor(k / one.H) % one.B === 2);
    expect(rowOf(changed.hidden)).toEqual(rowOf(hidden));
    expect(Array.from(changed.hidden)).not.toEqual(Array.from(hidden));
  });
}

export const PLAIN: RecurrentCase = {
  cell: "lstm",
  T: 3,
  B: 3,
  I: 4,
  H: 5,
  activation: "tanh",
  recurrentActivation: "sigmoid",
  biased: true,
  masked: "none",
  sequenceGradient: true,
  stateGradient: true,
  inputGradient: true,
  seed: 3,
};

/** An exponential feeds on itself: from the second step on it may leave every number format, so it gets one step. */
export function tame(one: RecurrentCase): RecurrentCase {
  return one.activation === "exponential" || one.recurrentActivation === "exponential" ? { ...one, T: Math.min(one.T, 1) } : one;
}

async function expectSameRun(backend: Backend, one: RecurrentCase): Promise<void> {
  const arrays = makeArrays(one);
  for (const [phase, call] of [
    ["forward", runForward(one)],
    ["backward", runBoth(one)],
  ] as const) {
    const actual = await compute(backend, arrays, call);
    const expected = await compute(createReferenceBackend(), arrays, call);
    for (const name of phase === "forward" ? FORWARD_OUTPUTS : BACKWARD_OUTPUTS) {
      if (!arrays[name]) continue;
      const [a, e] = [actual[name], expected[name]].map((values) =>
        name === "gates" ? usedRows(values, arrays.mask) : values,
      ) as [HostArray, HostArray];
      expect(e.every(Number.isFinite), `the reference's ${name} is finite after ${phase}`).toBe(true);
      // A chain of float32 sums of I + H terms, and of T·B for weights; errors scale with the largest number on the way.
      const terms = one.I + one.H + (phase === "forward" ? 0 : one.T * one.B) + 32;
      expectClose(a, e, { rtol: 1e-5, atol: 4 * terms * FLOAT32_ROUNDING * Math.max(1, maxAbs(e)) }, `${name} after ${phase}`);
    }
    for (const name of INPUTS) if (arrays[name]) expectClose(actual[name], arrays[name], {}, `input ${name}`);
    expect(actual.gates.every(Number.isFinite), `gates are finite after ${phase}, masked rows included`).toBe(true);
  }
}

/** Hidden states of `other` without gates, and the last cells, are the bits of `backend`. */
export async function expectSameWithoutGates(backend: Backend, other: Backend, one: RecurrentCase): Promise<void> {
  const arrays = makeArrays(one);
  const block = one.B * one.H;
  const lean: ForwardArrays = {
    ...arrays,
    gates: null,
    cells: arrays.cells.slice(0, block),
    resetProduct: new Float32Array(block),
  };
  const { hidden, cells } = await compute(backend, arrays, runForward(one));
  const actual = await compute(other, lean, runForward(one));
  expect(actual.hidden).toEqual(hidden);
  if (one.cell === "lstm") expect(actual.cells).toEqual(cells.slice(one.T * block));
}

/** Gates of masked steps are nobody's business: 0 instead. */
function usedRows(gates: HostArray, mask: Float32Array | null): HostArray {
  const width = mask ? gates.length / mask.length : 1;
  return gates.map((value, k) => (mask?.[Math.floor(k / width)] === 0 ? 0 : value));
}

const INPUTS = [
  "x",
  "kernel",
  "recurrentKernel",
  "bias",
  "recurrentBias",
  "mask",
  "dHidden",
  "dLastHidden",
  "dLastCell",
] as const;
const FORWARD_OUTPUTS = ["gates", "hidden", "cells"] as const;
const BACKWARD_OUTPUTS = [
  "gates",
  "hidden",
  "cells",
  "dx",
  "dKernel",
  "dRecurrentKernel",
  "dBias",
  "dRecurrentBias",
  "dInitialHidden",
  "dInitialCell",
] as const;

/** All arrays a run of any cell may need; those this one lacks are null. Weights ±1/√(fan-in), the rest ±1. */
export interface RecurrentArrays extends ForwardArrays {
  readonly gates: Float32Array;
}

/** The same; forward may keep no gates. */
export interface ForwardArrays {
  readonly [name: string]: Float32Array | null;
  readonly x: Float32Array;
  readonly kernel: Float32Array;
  readonly recurrentKernel: Float32Array;
  readonly bias: Float32Array | null;
  readonly recurrentBias: Float32Array | null;
  readonly mask: Float32Array | null;
  readonly gates: Float32Array | null;
  readonly hidden: Float32Array;
  readonly cells: Float32Array;
  readonly resetProduct: Float32Array;
  readonly dHidden: Float32Array | null;
  readonly dLastHidden: Float32Array | null;
  readonly dLastCell: Float32Array | null;
  readonly dx: Float32Array | null;
  readonly dKernel: Float32Array;
  readonly dRecurrentKernel: Float32Array;
  readonly dBias: Float32Array | null;
  readonly dRecurrentBias: Float32Array | null;
  readonly dInitialHidden: Float32Array;
  readonly dInitialCell: Float32Array;
}

export function makeArrays(one: RecurrentCase): RecurrentArrays {
  const { cell, T, B, I, H, biased, seed } = one;
  const make = numbers(seed);
  const G = { lstm: 4, "gru, reset after": 3, "gru, reset before": 3, rnn: 1 }[cell];
  const isLstm = cell === "lstm";
  const twoBiases = biased && cell === "gru, reset after";
  const mask = makeMask(one, make);
  const state = (): Float32Array => Float32Array.from([...make.uniform(B * H), ...make.output(T * B * H)]);
  return {
    x: make.uniform(T * B * I).map((value, k) => (mask?.[Math.floor(k / I)] === 0 ? Number.NaN : value)),
    kernel: make.uniform(I * G * H, -1 / Math.sqrt(I), 1 / Math.sqrt(I)),
    recurrentKernel: make.uniform(H * G * H, -1 / Math.sqrt(H), 1 / Math.sqrt(H)),
    bias: biased ? make.uniform(G * H, -0.5, 0.5) : null,
    recurrentBias: twoBiases ? make.uniform(G * H, -0.5, 0.5) : null,
    mask,
    gates: make.output(T * B * G * H),
    hidden: state(),
    cells: isLstm ? state() : new Float32Array(0),
    resetProduct: make.output(cell.startsWith("gru") ? T * B * H : 0),
    dHidden: one.sequenceGradient ? make.uniform(T * B * H) : null,
    dLastHidden: one.stateGradient ? make.uniform(B * H) : null,
    dLastCell: one.stateGradient && isLstm ? make.uniform(B * H) : null,
    dx: one.inputGradient ? make.output(T * B * I) : null,
    dKernel: make.output(I * G * H),
    dRecurrentKernel: make.output(H * G * H),
    dBias: biased ? make.output(G * H) : null,
    dRecurrentBias: twoBiases ? make.output(G * H) : null,
    dInitialHidden: make.output(B * H),
    dInitialCell: make.output(isLstm ? B * H : 0),
  };
}

function makeMask({ masked, T, B }: RecurrentCase, make: Numbers): Float32Array | null {
  if (masked === "none") return null;
  const lengths = make.below(B, T + 1);
  const holes = make.below(T * B, 3);
  return Float32Array.from({ length: T * B }, (_, k) => {
    const [t, b] = [Math.floor(k / B), k % B];
    if (masked === "all masked") return 0;
    if (masked === "right padding") return t < lengths[b]! ? 1 : 0;
    if (masked === "left padding") return t >= T - lengths[b]! ? 1 : 0;
    return (masked === "empty rows" && b % 2 === 0) || holes[k] === 0 ? 0 : 1;
  });
}

export function runForward(one: RecurrentCase): KernelCall<ForwardArrays> {
  const { T, B, I, H, activation, recurrentActivation, cell } = one;
  const resetAfter = cell === "gru, reset after";
  return (kernels, storages) => {
    const run = { ...storages, T, B, I, H, activation, recurrentActivation, resetAfter };
    if (cell === "lstm") kernels.lstmForward(run);
    else if (cell === "rnn") kernels.rnnForward(run);
    else kernels.gruForward(run);
  };
}

export function runBoth(one: RecurrentCase): KernelCall<RecurrentArrays> {
  const { T, B, I, H, activation, recurrentActivation, cell } = one;
  const resetAfter = cell === "gru, reset after";
  return (kernels, storages) => {
    runForward(one)(kernels, storages);
    const run = { ...storages, T, B, I, H, activation, recurrentActivation, resetAfter };
    if (cell === "lstm") kernels.lstmBackward(run);
    else if (cell === "rnn") kernels.rnnBackward(run);
    else kernels.gruBackward(run);
  };
}

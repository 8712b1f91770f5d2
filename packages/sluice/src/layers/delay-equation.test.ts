import { describe, expect, test } from "vitest";
import { getBackend } from "../backend/index.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { canonicalRnn } from "./cells/canonical-rnn.ts";
import { canonicalWeights, isStable, spectralRadius } from "./delay-equation.ts";

const backend = getBackend("reference");

describe("spectralRadius", () => {
  test.each([
    [
      "diagonal",
      [
        [0.5, 0],
        [0, -0.8],
      ],
      0.8,
    ],
    [
      "rotation by 90° and 0.9",
      [
        [0, -0.9],
        [0.9, 0],
      ],
      0.9,
    ],
    [
      "nilpotent",
      [
        [0, 1],
        [0, 0],
      ],
      0,
    ],
    [
      "one Jordan block",
      [
        [0.7, 1],
        [0, 0.7],
      ],
      0.7,
    ],
    [
      "trace 5, determinant −2",
      [
        [1, 2],
        [3, 4],
      ],
      (5 + Math.sqrt(33)) / 2,
    ],
  ])("%s", (_name, matrix, radius) => {
    expect(spectralRadius(matrix)).toBeCloseTo(radius, 8);
  });
  test("needs a square matrix", () => {
    expect(() => spectralRadius([[1, 2]])).toThrow(/square/);
  });
});

describe("canonicalWeights", () => {
  const equation = {
    A: [
      [-1, 0.3],
      [-0.2, -1.5],
    ],
    B: [
      [0.4, -0.7],
      [0.9, 0.2],
    ],
    C: [[1], [-0.5]],
    phi: [0.1, -0.2],
  };
  const delay = 0.2;

  /** s at the end of 2 time units, by Euler steps of delay / fine, with x(t) = sin t and r = 0 before 0. */
  function integrated(fine: number, tau: number, until: number): number[] {
    const dt = tau / fine;
    let s = [0, 0];
    const past: number[][] = [];
    for (let k = 0; k < Math.round(until / dt); k++) {
      const r = past[k - fine] ?? [0, 0];
      past.push(s.map(Math.tanh));
      const x = Math.sin(k * dt);
      s = s.map((value, i) => {
        const row = (rows: number[][], v: number[]): number =>
          v.reduce((all, each, j) => all + (rows[i]?.[j] as number) * each, 0);
        return value + dt * (row(equation.A, s) + row(equation.B, r) + row(equation.C, [x]) + (equation.phi[i] as number));
      });
    }
    return s;
  }

  function recurrent(tau: number, until: number): number[] {
    const layer = canonicalRnn({ units: 2 });
    layer.build([[null, null, 1]], { backend });
    layer.load(canonicalWeights(equation, tau));
    const T = Math.round(until / tau);
    const x = Float64Array.from({ length: T }, (_, n) => Math.sin((n + 1) * tau));
    return [...layer.forward(tensor(x, [1, T, 1], { backend })).state.cellState.dataSync()];
  }

  test("follow the delay equation, the closer the shorter the step is", () => {
    const errors = [delay, delay / 4].map((tau) => {
      const [found, truth] = [recurrent(tau, 2), integrated(200, tau, 2)];
      return Math.max(...found.map((v, i) => Math.abs(v - (truth[i] as number))));
    });
    expect(errors[0]).toBeLessThan(0.1);
    expect((errors[0] as number) / (errors[1] as number)).toBeGreaterThan(3); // first order: 4 when the step is a fourth
  });
  test("are the formulas, for one unit", () => {
    const { kernel, recurrentKernel, stateKernel, bias } = canonicalWeights({ A: [[-2]], B: [[3]], C: [[5, 7]], phi: [11] }, 0.5);
    const w = 1 / (1 + 0.5 * 2);
    expectClose(stateKernel.data, [w], { rtol: 1e-14 });
    expectClose(recurrentKernel.data, [0.5 * w * 3], { rtol: 1e-14 });
    expect(kernel.shape).toEqual([2, 1]);
    expectClose(kernel.data, [0.5 * w * 5, 0.5 * w * 7], { rtol: 1e-14 });
    expectClose(bias.data, [0.5 * w * 11], { rtol: 1e-14 });
  });
  test("tell whether small signals die out", () => {
    expect(isStable(canonicalWeights(equation, delay))).toBe(true);
    expect(
      isStable(
        canonicalWeights(
          {
            ...equation,
            B: [
              [4, 0],
              [0, 4],
            ],
          },
          delay,
        ),
      ),
    ).toBe(false);
  });
  test("refuse sizes that do not fit and a step without inverse", () => {
    expect(() => canonicalWeights({ ...equation, phi: [1] }, 0.1)).toThrow(/φ \[H\]/);
    expect(() => canonicalWeights(equation, 0)).toThrow(/above 0/);
    expect(() => canonicalWeights({ A: [[2]], B: [[0]], C: [[1]], phi: [0] }, 0.5)).toThrow(/no inverse/);
  });
});

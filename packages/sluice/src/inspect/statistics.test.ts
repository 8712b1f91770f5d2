import { describe, expect, test } from "vitest";
import { expectClose } from "../testing/oracle.ts";
import { activeUnits, gateSaturation, unitCorrelation } from "./statistics.ts";
import type { Trace } from "./trace.ts";

describe("statistics of a trace", () => {
  const made = (data: number[], mask: number[] | null = null): Trace => ({
    layer: "lstm",
    type: "LSTM",
    rows: 1,
    steps: data.length / 2,
    gates: { inputGate: { shape: [1, data.length / 2, 2], data }, cellCandidate: { shape: [1, data.length / 2, 2], data } },
    states: { hiddenState: { shape: [1, data.length / 2, 2], data } },
    mask,
  });

  test("gateSaturation is the share of used steps below low and above high, of gates alone", () => {
    const traced = made([0.05, 0.95, 0.1, 0.9, 0.5, 0.99, 0.01, 0.2]);
    expect(gateSaturation(traced)).toEqual({ inputGate: { low: [0.5, 0], high: [0, 0.5] } });
    expect(gateSaturation({ ...traced, mask: [1, 0, 0, 0] })).toEqual({ inputGate: { low: [1, 0], high: [0, 1] } });
    expect(gateSaturation(traced, { low: 0.11, high: 0.89 }).inputGate).toEqual({ low: [0.75, 0], high: [0, 0.75] });
  });

  test("unitCorrelation is Pearson's", () => {
    const opposite = unitCorrelation(made([1, -2, 2, -4, 3, -6]));
    expectClose(opposite.flat(), [1, -1, -1, 1], { atol: 1e-12 });
    const some = unitCorrelation(made([1, 1, 2, 3, 3, 2])); // r of (1 2 3) and (1 3 2) is 1/2
    expect(some[0]![1]).toBeCloseTo(0.5, 12);
    expect(unitCorrelation(made([1, 1, 2, 1, 3, 1]))[0]![1]).toBeNaN();
    expect(unitCorrelation(made([1, 1, 9, -9, 2, 2], [1, 0, 1]))[0]![1]).toBeCloseTo(1, 12);
    expect(() => unitCorrelation(made([1, 1]), { of: "cellState" })).toThrow(/its state is \{ hiddenState \}/);
  });

  test("activeUnits are those that move", () => {
    expect(activeUnits(made([0, 0.5, 0.3, 0.5, 0.1, 0.505]))).toMatchObject({ count: 1, active: [true, false] });
    expect(activeUnits(made([0, 0.5, 0.3, 0.5, 0.1, 0.505]), { eps: 1e-3 }).count).toBe(2);
    expect(activeUnits(made([0, 1, 5, 5], [1, 0])).count).toBe(0);
  });
});

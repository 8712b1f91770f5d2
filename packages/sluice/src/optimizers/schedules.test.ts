import { describe, expect, test } from "vitest";
import { expectClose, oracleCases } from "../testing/oracle.ts";
import { type LearningRateSchedule, learningRateAt } from "./schedules.ts";

interface ScheduleCase {
  readonly name: string;
  readonly schedule: string;
  readonly options: Record<string, unknown>;
  readonly inputs: { readonly steps: readonly number[] };
  readonly expected: { readonly learningRates: readonly number[] };
}

const types: Readonly<Record<string, string>> = {
  exponential: "exponentialDecay",
  cosine: "cosineDecay",
  cosineRestarts: "cosineDecayRestarts",
  step: "stepDecay",
};

function specOf({ schedule, options }: ScheduleCase): LearningRateSchedule {
  const { warmupFraction, stepSize, ...rest } = options;
  const renamed = {
    ...(warmupFraction === undefined ? {} : { warmupShare: warmupFraction }),
    ...(stepSize === undefined ? {} : { every: stepSize }),
  };
  return { ...rest, ...renamed, type: types[schedule] ?? schedule } as LearningRateSchedule;
}

describe("learning-rate schedules", () => {
  // One cycle here anneals by cosine alone.
  const cases = [...oracleCases<ScheduleCase>("keras-schedules"), ...oracleCases<ScheduleCase>("torch-schedules")];
  test.each(cases.filter(({ options }) => options.shape !== "linear"))("agree with Keras and PyTorch: $name", (given) => {
    const spec = specOf(given);
    const rates = given.inputs.steps.map((step) => learningRateAt(spec, step));
    expectClose(rates, given.expected.learningRates, { rtol: 1e-7, atol: 1e-12 }); // Keras computes some of them in float32
  });

  test("name an unknown type", () => {
    expect(() => learningRateAt({ type: "cosine" } as unknown as LearningRateSchedule, 0)).toThrow(/cosineDecayRestarts/);
  });
});

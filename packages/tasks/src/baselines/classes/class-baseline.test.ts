import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { accuracy, macroF1 } from "../../metrics/class-metrics.ts";
import { gaussians } from "../../testing/gaussians.ts";
import { classifiersBesideBaselines } from "./beside.ts";
import { CLASS_BASELINE_KINDS, classBaselineSize, fitClassBaseline, predictClasses } from "./class-baseline.ts";
import { fitFeatures, readFeatures } from "./features.ts";
import { logisticProbabilities, PENALTIES, penalisedLoss } from "./logistic.ts";
import { minimise } from "./minimise.ts";
import type { LabelledSequences, Sequences } from "./types.ts";

interface Numbers {
  shape: number[];
  data: number[];
}
interface Told {
  told: number[];
  accuracy: number;
  macroF1: number;
}
interface Fitted extends Told {
  features: Numbers;
  penalty: number;
  probabilities: Record<string, Numbers>;
}
interface Case {
  name: string;
  classes: number;
  inputs: Record<"train" | "validation" | "test", LabelledSequences>;
  expected: { logistic: Fitted; summaryLogistic: Fitted; nearest: Told };
}

const file = new URL("../../../../../oracles/values/numpy-class-baselines.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

/** The largest distance between two lists as long as each other. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, k) => Math.abs(value - (b[k] as number))));
}

/** Two classes told by a variable at the first step alone; [N, 4, 2] with that variable's sign kept in y. */
function firstStep(count: number, seed: number): LabelledSequences {
  const data = gaussians(count * 8, seed);
  return { x: { shape: [count, 4, 2], data }, y: Array.from({ length: count }, (_, n) => (data[8 * n]! > 0 ? 1 : 0)) };
}

describe.each(cases)("baselines for classes agree with NumPy: $name", ({ classes, inputs, expected }) => {
  test.each(["logistic", "summaryLogistic"] as const)("%s", (kind) => {
    const layout = fitFeatures(inputs.train, kind === "logistic" ? "steps" : "summary");
    const rows = readFeatures(layout, inputs.test);
    const train = { ...readFeatures(layout, inputs.train), y: inputs.train.y };
    const { features, penalty, probabilities, ...told } = expected[kind];
    expect(apart(rows.values, features.data)).toBeLessThan(1e-10); // twelve digits are stored
    for (const lambda of PENALTIES) {
      const weights = new Float64Array((train.columns + 1) * classes);
      minimise(penalisedLoss(train, classes, lambda), weights, { tolerance: 1e-9, limit: 5000 });
      // A slope of 1e-9 over the least curvature, λ = 1e-4, moves a weight by 1e-5.
      expect(apart(logisticProbabilities(rows, classes, weights), probabilities[lambda]!.data)).toBeLessThan(1e-5);
    }
    const model = fitClassBaseline(kind, { ...inputs, classes });
    expect(model.logistic?.lambda).toBe(penalty);
    const answers = predictClasses(model, inputs.test);
    expect(answers).toEqual(told.told);
    expect(accuracy(inputs.test.y, answers)).toBeCloseTo(told.accuracy, 11);
    expect(macroF1(inputs.test.y, answers)).toBeCloseTo(told.macroF1, 11);
  });

  test("nearest neighbour", () => {
    const answers = predictClasses(fitClassBaseline("nearest", { ...inputs, classes }), inputs.test);
    expect(answers).toEqual(expected.nearest.told);
    expect(macroF1(inputs.test.y, answers)).toBeCloseTo(expected.nearest.macroF1, 11);
  });
});

describe("softmax regression", () => {
  const { inputs, classes } = cases[1]!;
  const rows = { ...readFeatures(fitFeatures(inputs.train, "steps"), inputs.train), y: inputs.train.y };
  const size = (rows.columns + 1) * classes;

  test("its gradient is the slope of its loss", () => {
    const loss = penalisedLoss(rows, classes, 0.03);
    const at = gaussians(size, 5);
    const gradient = new Float64Array(size);
    loss(at, gradient);
    const slope = (k: number): number => {
      const moved = (by: number): Float64Array => at.map((w, j) => (j === k ? w + by : w));
      return (loss(moved(1e-5), new Float64Array(size)) - loss(moved(-1e-5), new Float64Array(size))) / 2e-5;
    };
    expect(
      apart(
        Array.from({ length: size }, (_, k) => slope(k)),
        gradient,
      ),
    ).toBeLessThan(1e-9); // step² × third derivative
  });

  test("one minimum: every slope is 0 there, and two starts end in the same place", () => {
    const loss = penalisedLoss(rows, classes, 0.01);
    const from = (start: Float64Array): Float64Array => {
      minimise(loss, start, { tolerance: 1e-9, limit: 5000 });
      const gradient = new Float64Array(size);
      loss(start, gradient);
      expect(apart(gradient, new Float64Array(size))).toBeLessThan(1e-9);
      return logisticProbabilities(rows, classes, start);
    };
    expect(apart(from(new Float64Array(size)), from(gaussians(size, 8)))).toBeLessThan(1e-6);
  });

  test("stays finite where classes are told apart without doubt", () => {
    const x = { shape: [4, 1], data: [-1e6, -1, 1, 1e6] };
    const model = fitClassBaseline("logistic", { train: { x, y: [0, 0, 1, 1] }, validation: { x, y: [0, 0, 1, 1] }, classes: 2 });
    expect(model.logistic?.weights.every(Number.isFinite)).toBe(true);
    expect(predictClasses(model, { x: { shape: [2, 1], data: [-1e9, 1e9] } })).toEqual([0, 1]);
  });
});

describe("what each baseline sees", () => {
  const [train, validation, unseen] = [firstStep(300, 1), firstStep(100, 2), firstStep(400, 3)];
  const task = { train, validation, classes: 2 };

  test("the linear models find the step that tells the class", () => {
    const share = (kind: (typeof CLASS_BASELINE_KINDS)[number]): number =>
      accuracy(unseen.y, predictClasses(fitClassBaseline(kind, task), unseen));
    expect(share("logistic")).toBeGreaterThan(0.95);
    expect(share("summaryLogistic")).toBeGreaterThan(0.95); // it reads the first step too
    expect(share("nearest")).toBeGreaterThan(0.6);
    expect(share("majority")).toBe(accuracy(unseen.y, new Array(400).fill(fitClassBaseline("majority", task).majority)));
  });

  test("padding is not read", () => {
    const spoilt = (part: LabelledSequences, by: number): LabelledSequences => ({
      ...part,
      lengths: Array.from(part.y, (_, n) => 2 + (n % 3)),
      x: { ...part.x, data: Array.from(part.x.data, (v, k) => (Math.floor(k / 2) % 4 >= 2 + (Math.floor(k / 8) % 3) ? by : v)) },
    });
    for (const kind of CLASS_BASELINE_KINDS) {
      const told = [0, 1e4].map((by) => {
        const model = fitClassBaseline(kind, { train: spoilt(train, by), validation: spoilt(validation, by), classes: 2 });
        return predictClasses(model, spoilt(unseen, by));
      });
      expect(told[0], kind).toEqual(told[1]);
    }
  });

  test("a missing value reads as the mean", () => {
    const holes = (part: LabelledSequences, hole: number): LabelledSequences => {
      const data = Array.from(part.x.data, (v, k) => (k % 8 === 3 ? Number.NaN : v));
      const known = data.filter((v, k) => k % 2 === 1 && !Number.isNaN(v));
      const average = known.reduce((a, b) => a + b, 0) / known.length;
      return { ...part, x: { ...part.x, data: data.map((v) => (Number.isNaN(v) && hole === 0 ? average : v)) } };
    };
    const layout = fitFeatures(holes(train, Number.NaN), "steps");
    const [gaps, filled] = [Number.NaN, 0].map((hole) => readFeatures(layout, holes(train, hole)).values);
    expect(apart(gaps!, filled!)).toBeLessThan(1e-12);
    for (const kind of CLASS_BASELINE_KINDS) {
      const model = fitClassBaseline(kind, { ...task, train: holes(train, Number.NaN) });
      expect(predictClasses(model, holes(unseen, Number.NaN)).every((label) => label === 0 || label === 1)).toBe(true);
      if (kind !== "majority") expect(JSON.stringify(model), kind).not.toContain("null");
    }
  });

  test("a fitted baseline is plain data", () => {
    for (const kind of CLASS_BASELINE_KINDS) {
      const model = fitClassBaseline(kind, task);
      expect(predictClasses(JSON.parse(JSON.stringify(model)), unseen), kind).toEqual(predictClasses(model, unseen));
    }
    expect(classBaselineSize(fitClassBaseline("logistic", task))).toBe(9 * 2);
    expect(classBaselineSize(fitClassBaseline("majority", task))).toBe(0);
  });

  test("sequences longer or shorter than those of the training part are read as far as both go", () => {
    const model = fitClassBaseline("logistic", task);
    const widened = (sequences: Sequences, steps: number): Sequences => {
      const [count] = sequences.x.shape as [number];
      const data = new Float64Array(count * steps * 2);
      for (let k = 0; k < data.length; k++) {
        const [n, t] = [Math.floor(k / (2 * steps)), Math.floor(k / 2) % steps];
        data[k] = t < 4 ? sequences.x.data[(n * 4 + t) * 2 + (k % 2)]! : 99;
      }
      return { x: { shape: [count, steps, 2], data } };
    };
    expect(predictClasses(model, widened(unseen, 6))).toEqual(predictClasses(model, unseen));
    const short = predictClasses(model, widened(unseen, 2));
    expect(accuracy(unseen.y, short)).toBeGreaterThan(0.9);
  });

  test("the table sets models below the baselines, scored alike", () => {
    const told = Array.from(unseen.y);
    const rows = classifiersBesideBaselines({ ...task, test: unseen }, [{ name: "LSTM", told, parameters: 7, seconds: 2 }]);
    expect(rows.map(({ name }) => name)).toEqual([
      "most frequent class",
      "nearest neighbour",
      "logistic regression of summaries",
      "logistic regression",
      "LSTM",
    ]);
    expect(rows.at(-1)).toEqual({ name: "LSTM", accuracy: 1, macroF1: 1, parameters: 7, seconds: 2, told });
    const flat = (part: LabelledSequences): LabelledSequences => ({ ...part, x: { ...part.x, shape: [part.y.length, 8] } });
    const oneStep = { train: flat(train), validation: flat(validation), test: flat(unseen), classes: 2 };
    expect(classifiersBesideBaselines(oneStep, []).map(({ name }) => name)).toEqual([
      "most frequent class",
      "nearest neighbour",
      "logistic regression",
    ]);
  });
});

describe("what cannot be fitted", () => {
  const good = firstStep(20, 4);
  const task = { train: good, validation: good, classes: 2 };
  test("says what arrived and what is read", () => {
    const fit = (change: Partial<LabelledSequences>) => () =>
      fitClassBaseline("logistic", { ...task, train: { ...good, ...change } });
    expect(fit({ y: [0, 1] })).toThrow('Cannot fit the baseline "logistic" to 2 classes for 20 examples');
    expect(fit({ y: new Array(20).fill(2) })).toThrow("to class 2: each example has one whole number from 0 to 1");
    expect(fit({ x: { shape: [160], data: good.x.data } })).toThrow("shape [160] with 160 numbers");
    expect(fit({ x: { shape: [20, 4, 2], data: new Array(160).fill(-1 / 0) } })).toThrow("the value -Infinity at place 0");
    expect(fit({ lengths: new Array(20).fill(5) })).toThrow("length 5 of example 0: give each its length, 1 to 4");
    expect(() => predictClasses(fitClassBaseline("logistic", task), { x: { shape: [1, 3], data: [1, 2, 3] } })).toThrow(
      "sequences of 3 variables: the baseline was fitted to 2",
    );
    expect(() => accuracy([1, 2], [1])).toThrow("Cannot compute accuracy of 1 answers to 2 examples");
  });
});

import { expect, test } from "vitest";
import { sampleReport } from "../testing/sample-report.ts";
import { trainResult } from "./scores.ts";

const report = sampleReport();

test("the result for machines has the model, every baseline by kind, and the verdict", () => {
  const result = trainResult(report);
  expect(result).toMatchObject({
    schema: "sluice.train/1",
    task: "forecast",
    target: "visitors",
    horizon: 14,
    rows: 1500,
    split: { train: 1000, validation: 250, test: 250 },
    seed: 7,
    epochs: 24,
  });
  expect(Object.keys(result.metrics.baselines)).toEqual(["naive", "seasonalNaive", "drift", "mean", "ridge"]);
  expect(result.metrics.model.mase).toBeLessThan(result.metrics.baselines.naive!.mase!);
  expect(result.metrics.model.smape).toBeCloseTo(100 * report.targets[0]!.methods[0]!.metrics.smape!, 9);
  expect(result.metrics.model.coverage80).toBeGreaterThan(0.5);
  expect(result.verdict).toMatchObject({ outcome: "model", winner: "LSTM", echo: null });
  expect(result.verdict.sentences).toHaveLength(3);
});

test("several targets: mean scores, one sentence each, and an echo under its target's name", () => {
  const [one] = report.targets;
  const other = structuredClone(sampleReport({ noise: 40 }).targets[0]!);
  Object.assign(other, { target: "sales", echo: { ...other.echo, isEcho: true, sentence: "This model is an echo: …" } });
  const result = trainResult({ ...report, targets: [one!, other] });
  expect(result.target).toEqual(["visitors", "sales"]);
  const [a, b] = [one!.methods[0]!.metrics.mase!, other.methods[0]!.metrics.mase!];
  expect(result.metrics.model.mase).toBeCloseTo((a + b) / 2, 12);
  expect(result.verdict.outcome).toBe("level");
  expect(result.verdict.sentences).toHaveLength(2);
  expect(result.verdict.sentences[1]).toMatch(/^sales: A simpler model wins/);
  expect(result.verdict.echo).toBe("sales: This model is an echo: …");
  Object.assign(other.methods[0]!.metrics, { mase: null });
  expect(trainResult({ ...report, targets: [one!, other] }).metrics.model.mase).toBeNull();
});

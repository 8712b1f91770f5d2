// Accuracy against lag: how far apart cause and effect may lie before a network no longer learns that they belong together.
import { fitClassBaseline, predictClasses } from "@sluice/tasks";
import { cells, classifier, latch, lines, main, mean, percent, table, trainLatch } from "./shared.mjs";

/** What needs no memory: a logistic regression with a weight for each symbol at each step, which sees the whole sequence at once. */
function linearLatch(lag, count, seed) {
  const sequences = (n, from) => {
    const { x, y } = latch(n, lag, from + seed);
    return { x, y: y.data };
  };
  const [train, validation, test] = [sequences(count, 10_000), sequences(200, 9000), sequences(500, 5000)];
  const told = predictClasses(fitClassBaseline("logistic", { train, validation, classes: 2 }), test);
  return told.filter((label, n) => label === test.y[n]).length / told.length;
}

export async function lagCurve({ quick, seed }) {
  const lags = quick ? [5] : [5, 10, 20, 40, 80, 160];
  const [units, steps, seeds] = quick ? [8, 60, 1] : [16, 800, 3];
  const rows = [];
  for (const [name, make] of Object.entries(cells)) {
    const accuracies = [];
    for (const lag of lags) {
      const runs = [];
      for (let k = 0; k < seeds; k++) {
        const model = classifier(make(units, { inputShape: [null, 6] }, lag), seed + k);
        runs.push(await trainLatch(model, lag, steps, seed + k));
      }
      accuracies.push(runs);
    }
    rows.push({ name, accuracies });
  }
  const ofSeeds = (read) => Array.from({ length: seeds }, (_, k) => read(seed + k));
  const linear = lags.map((lag) => ofSeeds((own) => linearLatch(lag, quick ? 200 : 2000, own)));
  const cell = (runs) => (runs.length > 1 ? `${percent(mean(runs))} (${percent(Math.min(...runs))})` : percent(mean(runs)));
  const text = table(
    ["cell", ...lags.map((lag) => `lag ${lag}`)],
    [...rows, { name: "logistic regression, all steps at once", accuracies: linear }].map(({ name, accuracies }) => [
      name,
      ...accuracies.map(cell),
    ]),
  );
  const series = rows.map(({ name, accuracies }) => ({ name, values: accuracies.map(mean) }));
  const figure = lines({
    id: "lag",
    label: "Accuracy against lag for five cells",
    x: { name: "steps between the symbol and the question", values: lags },
    y: "accuracy, mean of the seeds (chance: 0.5)",
    series,
    min: 0.4,
    max: 1,
  });
  return { rows, linear, text, figures: { "lag-curve": figure } };
}

await main(import.meta.url, "lag-curve", lagCurve);

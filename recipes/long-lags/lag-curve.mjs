// Accuracy against lag: how far apart cause and effect may lie before a network no longer learns that they belong together.
import { cells, classifier, lines, main, mean, percent, table, trainLatch } from "./shared.mjs";

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
  const cell = (runs) => (runs.length > 1 ? `${percent(mean(runs))} (${percent(Math.min(...runs))})` : percent(mean(runs)));
  const text = table(
    ["cell", ...lags.map((lag) => `lag ${lag}`)],
    rows.map(({ name, accuracies }) => [name, ...accuracies.map(cell)]),
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
  return { rows, text, figures: { "lag-curve": figure } };
}

await main(import.meta.url, "lag-curve", lagCurve);

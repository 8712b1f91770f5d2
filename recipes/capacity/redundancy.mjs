// How much of itself an LSTM spends on a pattern of five symbols: units that move, how alike they are, and what is lost without most of them.
import { main, mean, percent, predictor, repeats, score, table, train, unitsInUse, withUnits } from "./shared.mjs";

export async function redundancy({ quick, seed }) {
  const [sizes, updates, seeds] = quick ? [[4, 8], 120, 1] : [[1, 2, 4, 16, 64], 600, 3];
  const kept = quick ? [2, 4] : [1, 2, 4, 8, 16, 32];
  const test = repeats(1, { hard: false, seed }); // a simple sequence is always the same
  const rows = [];
  for (const units of sizes) {
    const runs = [];
    for (let k = 0; k < seeds; k++) {
      const model = predictor(units, seed + k);
      await train(model, updates, { hard: false, seed: seed + k });
      const use = unitsInUse(model, test.x);
      const most = use.range.map((_, j) => j).sort((a, b) => use.range[b] - use.range[a]);
      const after = {};
      for (const count of kept.filter((count) => count < units)) {
        const fewer = await withUnits(model, most.slice(0, count), { seed, means: use.means });
        after[count] = (await score(fewer, test)).accuracy;
      }
      runs.push({ ...use, ...(await score(model, test)), after });
    }
    rows.push({ units, runs });
  }
  const across = (runs, read, show) => show(mean(runs.map(read)));
  const one = (value) => value.toFixed(1);
  const text = table(
    [
      "units",
      "accuracy",
      "active units",
      "mean correlation of two",
      "as many as … uncorrelated",
      ...kept.map((k) => `${k} stay`),
    ],
    rows.map(({ units, runs }) => [
      units,
      across(runs, (run) => run.accuracy, percent),
      across(runs, (run) => run.active, one),
      units === 1
        ? "–"
        : across(
            runs,
            (run) => run.correlation,
            (value) => value.toFixed(2),
          ),
      across(runs, (run) => run.dimensions, one),
      ...kept.map((k) => (k < units ? across(runs, (run) => run.after[k], percent) : "–")),
    ]),
  );
  return { rows, text };
}

await main(import.meta.url, "redundancy", redundancy, { seed: 1 });

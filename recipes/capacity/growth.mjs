// A network that grows when it stands still, beside networks of a fixed size, on a simple pattern first and on patterns to be remembered then.
import { main, mean, percent, predictor, repeats, score, table, train, unitsInUse, weightCount, withUnits } from "./shared.mjs";

/** Updates between two looks at the loss; looks without a gain of 2 % that make a standstill; a loss that needs no help; units that come at a time. */
const usual = { every: 25, patience: 4, gain: 0.02, enough: 0.02, added: 4 };

/** A network of a fixed size, or one that begins at `units` and grows to `most`; `learn` carries on where it stood. */
function learner({ units, most, rule }, seed) {
  let model = predictor(units, seed);
  let size = units;
  const learn = async (updates, { hard, from }) => {
    const check = repeats(200, { hard, seed, stream: 1 });
    let [best, waited, cost] = [Number.POSITIVE_INFINITY, 0, 0];
    for (let done = 0; done < updates; done += rule.every) {
      await train(model, rule.every, { hard, seed, from: from + done });
      cost += rule.every * weightCount(model);
      const { loss } = await score(model, check);
      waited = loss < (1 - rule.gain) * best ? 0 : waited + 1;
      best = Math.min(best, loss);
      if (waited < rule.patience || best < rule.enough || size === most || done + rule.every >= updates) continue;
      const before = size;
      size = Math.min(most, size + rule.added);
      const units = Array.from({ length: size }, (_, j) => (j < before ? j : null));
      model = await withUnits(model, units, { seed: seed + size });
      [best, waited] = [Number.POSITIVE_INFINITY, 0];
    }
    return cost;
  };
  return { learn, size: () => size, network: () => model };
}

export async function growth({ quick, seed }) {
  const [simple, hard, seeds] = quick ? [100, 250, 1] : [600, 3000, 6];
  const networks = quick
    ? {
        "fixed, 9": { units: 9, most: 9, rule: usual },
        "grows from 1": { units: 1, most: 9, rule: { ...usual, patience: 1, gain: 0.1 } },
      }
    : {
        "fixed, 2": { units: 2, most: 2, rule: usual },
        "fixed, 6": { units: 6, most: 6, rule: usual },
        "fixed, 8": { units: 8, most: 8, rule: usual },
        "fixed, 8, hard alone": { units: 8, most: 8, rule: usual, hardAlone: true },
        "fixed, 32": { units: 32, most: 32, rule: usual },
        "grows from 2": { units: 2, most: 32, rule: usual },
      };
  const rows = [];
  for (const [name, sizes] of Object.entries(networks)) {
    const runs = [];
    for (let k = 0; k < seeds; k++) {
      const own = seed + k;
      const { learn, size, network } = learner(sizes, own);
      const at = async (isHard) => {
        const test = repeats(500, { hard: isHard, seed: own, stream: 2 });
        const { dimensions } = unitsInUse(network(), repeats(50, { hard: isHard, seed: own, stream: 2 }).x);
        return { units: size(), weights: weightCount(network()), dimensions, ...(await score(network(), test)) };
      };
      const first = sizes.hardAlone ? 0 : await learn(simple, { hard: false, from: 0 });
      const afterSimple = sizes.hardAlone ? null : await at(false);
      const second = await learn(hard, { hard: true, from: simple });
      runs.push({ afterSimple, afterHard: await at(true), cost: first + second });
    }
    rows.push({ name, runs });
  }
  /** The seeds' values, or the one that they share. */
  const each = (runs, read) => (new Set(runs.map(read)).size === 1 ? read(runs[0]) : runs.map(read).join(", "));
  const of = (runs, read, show) => show(mean(runs.map(read)));
  const loss = (value) => value.toPrecision(2);
  const text = table(
    [
      "network",
      "units, simple",
      "loss, simple",
      "units, hard",
      "weights, hard",
      "loss, hard",
      "accuracy, hard (worst)",
      "as many as … uncorrelated",
      "weights × updates",
    ],
    rows.map(({ name, runs }) => [
      name,
      each(runs, ({ afterSimple }) => afterSimple?.units ?? "–"),
      runs[0].afterSimple ? of(runs, ({ afterSimple }) => afterSimple.loss, loss) : "–",
      each(runs, ({ afterHard }) => afterHard.units),
      each(runs, ({ afterHard }) => afterHard.weights),
      of(runs, ({ afterHard }) => afterHard.loss, loss),
      `${of(runs, ({ afterHard }) => afterHard.accuracy, percent)} (${percent(Math.min(...runs.map(({ afterHard }) => afterHard.accuracy)))})`,
      of(
        runs,
        ({ afterHard }) => afterHard.dimensions,
        (value) => value.toFixed(1),
      ),
      of(
        runs,
        ({ cost }) => cost / 1e6,
        (value) => `${value.toFixed(1)} M`,
      ),
    ]),
  );
  return { rows, text };
}

await main(import.meta.url, "growth", growth, { seed: 1 });

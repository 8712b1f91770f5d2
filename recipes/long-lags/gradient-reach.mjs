// How far errors reach back in time, untrained and trained: ‖dL/dh_t‖ by step, and the memory horizon of the last state.
import { inspect, tensor } from "sluice";
import { cells, classifier, latch, lines, main, percent, table, trainLatch } from "./shared.mjs";

export async function gradientReach({ quick, seed }) {
  const [units, lag, steps] = quick ? [8, 10, 40] : [16, 40, 800];
  const { x, y } = latch(32, lag, seed + 99);
  const rows = [];
  for (const [name, make] of Object.entries(cells)) {
    const model = classifier(make(units, { inputShape: [null, 6] }, lag), seed);
    rows.push({ name, when: "untrained", ...measure(model, x, y), accuracy: null });
    const accuracy = await trainLatch(model, lag, steps, seed);
    rows.push({ name, when: "trained", ...measure(model, x, y), accuracy });
  }
  const text = table(
    ["cell", "", "‖dL/dh_1‖ ÷ ‖dL/dh_T‖", "‖dL/dc_1‖ ÷ ‖dL/dc_{T−1}‖", "memory horizon (5 %)", "half-life", "accuracy"],
    rows.map(({ name, when, hidden, cell, horizon, halfLife, accuracy }) => [
      name,
      when,
      small(hidden[0] / hidden.at(-1)),
      cell ? small(cell[0] / cell.at(-1)) : "–",
      horizon ?? `> ${lag}`,
      halfLife ?? `> ${lag}`,
      accuracy === null ? "–" : percent(accuracy),
    ]),
  );
  const figure = (when) =>
    lines({
      id: `reach-${when}`,
      label: `Norm of the error by distance from the end, ${when} networks`,
      x: { name: "steps before the end", values: [...Array(lag + 1).keys()] },
      y: `error at the memory (c of LSTMs, h of others), 1 at the end; ${when}`,
      series: rows
        .filter((row) => row.when === when)
        .map(({ name, hidden, cell }) => ({ name, values: cell ? [null, ...relative(cell)] : relative(hidden) })),
      log: true,
    });
  return { rows, text, figures: { "gradient-untrained": figure("untrained"), "gradient-trained": figure("trained") } };
}

/** Norms of the error by step, and how far back the last state feels the input. */
function measure(model, x, y) {
  const [input, target] = [tensor(x.data, x.shape), tensor(y.data, y.shape)];
  const { norms } = inspect.gradientThroughTime(model, input, target);
  const { horizon, halfLife } = inspect.memoryHorizon(model, input);
  // The loss reads h_T; c_T reaches it through the next step alone, which there is none of.
  return { hidden: norms.hiddenState, cell: norms.cellState?.slice(0, -1) ?? null, horizon, halfLife };
}

/** Backwards from the end, as shares of the last norm; what float32 can no longer tell from 0 is left out. */
function relative(norms) {
  return [...norms].reverse().map((norm) => (norm > 1e-30 ? norm / norms.at(-1) : null));
}

function small(value) {
  return value === 0 ? "0" : value < 0.01 || value >= 100 ? value.toExponential(1) : value.toPrecision(2);
}

await main(import.meta.url, "gradient-reach", gradientReach);

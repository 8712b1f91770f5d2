// How much the choice of learning rate and of the gates' first biases matters, without and with a forget gate: the latch task over a grid.
import { lstm } from "sluice";
import { classifier, main, mean, percent, table, trainLatch } from "./shared.mjs";

export async function learningRates({ quick, seed }) {
  const [units, lag, steps, seeds] = quick ? [8, 5, 60, 1] : [16, 30, 400, 1];
  const rates = quick ? [0.01] : [0.001, 0.003, 0.01, 0.03, 0.1];
  const biases = quick ? [0, -1] : [0, -1, -2, -4];
  const rows = [];
  for (const [forgetGate, bias] of [false, true].flatMap((has) => biases.map((each) => [has, each]))) {
    const accuracies = [];
    for (const rate of rates) {
      const runs = [];
      for (let k = 0; k < seeds; k++) {
        const layer = lstm({ units, forgetGate, gateBias: { input: bias, output: bias }, inputShape: [null, 6] });
        runs.push(await trainLatch(classifier(layer, seed + k, rate), lag, steps, seed + k));
      }
      accuracies.push(mean(runs));
    }
    rows.push({ forgetGate, bias, accuracies });
  }
  const text = table(
    ["forget gate", "bias of input and output gates", ...rates.map((rate) => `rate ${rate}`)],
    rows.map(({ forgetGate, bias, accuracies }) => [forgetGate ? "bias 1" : "none", bias, ...accuracies.map(percent)]),
  );
  return { rows, text };
}

await main(import.meta.url, "learning-rates", learningRates);

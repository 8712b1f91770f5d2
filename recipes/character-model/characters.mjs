// How well is the next character told? A small LSTM beside models that count and a linear one, on the last tenth of a text.
import { vocabularySize } from "@sluice/data";
import { conv1d, embedding, sequential } from "sluice";
import { countedFrom } from "./ngrams.mjs";
import {
  bits,
  carried,
  files,
  forgetful,
  main,
  nats,
  orderOf,
  percent,
  sizes,
  table,
  train,
  trained,
  weightCount,
} from "./shared.mjs";

/** Characters before the test part that a model reads first, so that none begins without a past. */
const before = 200;

/** The logarithm of each probability is a sum over the last `reach` characters and nothing more. */
function linearModel(size, reach, seed) {
  const layers = [
    embedding({ inputDim: size, outputDim: size, inputShape: [null] }),
    conv1d({ filters: size, kernelSize: reach, padding: "causal", activation: "softmax" }),
  ];
  return sequential(layers, { seed });
}

export async function characters(options) {
  const { model, vocabulary, ids, cut } = await trained(options);
  const size = vocabularySize(vocabulary);
  const { batchSize, epochs, ...rest } = sizes(options);
  const rows = [];
  const add = (name, weights, probabilities) => rows.push({ name, weights, nats: nats(probabilities), probabilities });

  const symbols = ids.map((id) => id - 2);
  const order = orderOf(size - 2);
  const counted = countedFrom(symbols.subarray(0, cut), { size: size - 2, order });
  const byOrder = Array.from({ length: order }, () => new Float64Array(ids.length - cut));
  for (let at = cut; at < ids.length; at++) {
    counted.probabilities(symbols, at).forEach((p, n) => {
      byOrder[n][at - cut] = p;
    });
  }
  byOrder.forEach((p, n) => void add(n === 0 ? "how often each character occurs" : `${n + 1}-grams`, "–", p));

  const reach = options.quick ? 3 : 8;
  const linear = linearModel(size, reach, options.seed);
  await train(linear, { ids, cut }, { epochs: Math.min(3, epochs), batchSize, windowLength: rest.steps }, { truncated: false });
  add(`log-linear, last ${reach} characters`, weightCount(linear), await forgetful(linear, ids, cut, ids.length, 100));
  add(`LSTM, ${sizes(options).units} units`, weightCount(model), carried(model, ids, cut, ids.length, before));

  const head = ["model", "weights", "nats", "bits", "errors (p < 0.5)"];
  const lines = rows.map(({ name, weights, nats: loss, probabilities }) => [
    name,
    weights,
    loss.toFixed(3),
    bits(probabilities).toFixed(3),
    percent(probabilities.filter((p) => p < 0.5).length / probabilities.length),
  ]);
  return { rows, text: table(head, lines) };
}

await main(import.meta.url, "characters", characters, { seed: 1, files });

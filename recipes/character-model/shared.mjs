// What the recipes of this folder share: the text, the model, and what it says of each character of a text.
import { createReadStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { encodeText, fitVocabulary, readText, textWindows, vocabularySize } from "@sluice/data";
import { dense, embedding, loadModel, lstm, modelMetadata, RandomStream, saveModel, sequential } from "sluice";

export { main, mean, percent, table, weightCount } from "../run.mjs";

/** The path that a recipe takes beside its text (`--data`): where the trained model is kept. */
export const files = ["model"];
/** Longest n-gram, 8 for an alphabet of up to 98 symbols: as a number it must be below 2^53. */
export const orderOf = (size) => Math.min(8, Math.floor((53 * Math.LN2) / Math.log(size)));

/** The size of a run. */
export const sizes = ({ quick }) =>
  quick
    ? { units: 24, epochs: 3, batchSize: 8, windowLength: 256, steps: 32 }
    : { units: 256, epochs: 4, batchSize: 16, windowLength: 4096, steps: 64 };

/** The text as ids, nine tenths of it to learn from. The quick run writes its own. */
export async function readData({ quick, data, seed }) {
  if (!quick && data === undefined) throw new Error("Name the text: --data shakespeare.txt (or shakespeare.txt.gz).");
  const whole = quick ? plays(30_000, seed) : await readText(createReadStream(data), { name: data });
  const { vocabulary } = fitVocabulary(whole, { by: "codePoint" });
  const { ids } = encodeText(vocabulary, whole);
  return { vocabulary, ids, cut: Math.floor(0.9 * ids.length) };
}

/** A play without sense: people whose names are drawn anew in each scene speak short lines. */
export function plays(length, seed) {
  const random = new RandomStream({ seed, stream: 0, step: 0 });
  const pick = (list) => list[random.below(list.length)];
  const name = () => Array.from({ length: 2 }, () => pick(["ba", "ro", "mil", "ta", "ven", "do", "lus", "ri"])).join("");
  let text = "";
  while (text.length < length) {
    const people = [name(), name()];
    for (let k = 0; k < 6; k++) {
      const [one, other] = random.below(2) ? people : people.toReversed();
      text += `${one.toUpperCase()}:\n${pick(["Good", "My", "No,"])} ${other}, ${pick(["come", "speak", "go"])} ${pick(["here", "now", "away"])}.\n\n`;
    }
  }
  return text.slice(0, length);
}

/** A character model: vectors for characters, one LSTM, and the character that comes next. */
export function characterModel(size, units, seed) {
  return sequential(
    [
      embedding({ inputDim: size, outputDim: Math.min(size, 64), inputShape: [null], name: "embedding" }),
      lstm({ units, returnSequences: true, name: "lstm" }),
      dense({ units: size, activation: "softmax", name: "next" }),
    ],
    { seed },
  );
}

/** Trains on the first nine tenths, the state carried through windows of the text; the learning rate falls along a cosine. */
export async function train(model, { ids, cut }, { epochs, batchSize, windowLength, steps }, { truncated = true, onEpoch } = {}) {
  const windows = textWindows({ ids, windowLength, to: cut });
  const decaySteps = epochs * Math.ceil(windows.length / batchSize) * (truncated ? windowLength / steps : 1);
  const learningRate = { type: "cosineDecay", initialLearningRate: 0.003, decaySteps, alpha: 0.05 };
  model.compile({ optimizer: { type: "adam", learningRate, globalClipNorm: 1 }, loss: "sparseCategoricalCrossentropy" });
  const callbacks = onEpoch ? [{ onEpochEnd: onEpoch }] : [];
  await model.fit(windows, { epochs, batchSize, callbacks, ...(truncated && { truncated: { updateEvery: steps } }) });
}

/** The trained model and its text: read from `--model` where that is a file, else trained, and written there. */
export async function trained(options) {
  const data = await readData(options);
  const { model: file } = options;
  if (file !== undefined && existsSync(file)) {
    const bytes = readFileSync(file);
    const { vocabulary } = modelMetadata(bytes);
    if (vocabulary !== JSON.stringify(data.vocabulary)) throw new Error(`${file} was trained on another text.`);
    return { ...data, model: await loadModel(bytes) };
  }
  const size = sizes(options);
  const model = characterModel(vocabularySize(data.vocabulary), size.units, options.seed);
  const onEpoch = options.quick
    ? undefined
    : ({ epoch, logs }) => console.error(`epoch ${epoch + 1}: ${logs.loss.toFixed(3)} nats`);
  await train(model, data, size, { onEpoch });
  if (file !== undefined)
    writeFileSync(file, await saveModel(model, { metadata: { vocabulary: JSON.stringify(data.vocabulary) } }));
  return { ...data, model };
}

/** The probability that the model gave to each character of [from, to), its state carried from `before` characters before on. */
export function carried(model, ids, from, to, before) {
  const stream = model.stream();
  const probabilities = new Float64Array(to - from);
  for (let at = from - before; at + 1 < to; at++) {
    const next = stream.push([ids[at]]);
    if (at + 1 >= from) probabilities[at + 1 - from] = next[ids[at + 1]];
  }
  return probabilities;
}

/** The same when the model forgets: it tells each character from the `context` to 2 `context` − 1 characters before it alone. */
export async function forgetful(model, ids, from, to, context) {
  const starts = Array.from({ length: Math.ceil((to - from) / context) }, (_, k) => from + k * context);
  const probabilities = new Float64Array(to - from);
  const T = 2 * context - 1;
  const atOnce = Math.ceil(20_000 / T);
  for (let done = 0; done < starts.length; done += atOnce) {
    const some = starts.slice(done, done + atOnce);
    const x = { shape: [some.length, T], data: new Int32Array(some.length * T) };
    some.forEach((start, row) => void x.data.set(ids.subarray(start - context, start + context - 1), row * T));
    const { shape, data } = await model.predict(x, { batchSize: some.length });
    some.forEach((start, row) => {
      for (let at = start; at < Math.min(to, start + context); at++) {
        const step = at - 1 - (start - context);
        probabilities[at - from] = data[(row * T + step) * shape[2] + ids[at]];
      }
    });
  }
  return probabilities;
}

export const nats = (probabilities) =>
  -probabilities.reduce((sum, p) => sum + Math.log(Math.max(p, 1e-12)), 0) / probabilities.length;
export const bits = (probabilities) => nats(probabilities) / Math.LN2;

// What the recipes of this folder share: the networks, what they are compared with, and how predictions are judged.
import { cpuUsage } from "node:process";
import { add, conv2d, convLstm2d, input, model, predNet, predNetLoss, sequential, ssim, timeDistributed } from "sluice";
import { mean, table, weightCount } from "../run.mjs";
import { between } from "./frames.mjs";
import { ridge } from "./ridge.mjs";

/** Frames that everybody has seen before the first prediction that counts. */
export const warmUp = 2;

/** Runs `fit` and gives the processor time of an update in ms: on a busy machine the clock would tell of other work. */
async function timed(network, x, y, { batchSize, updates }) {
  const epochs = Math.max(1, Math.round((updates * batchSize) / x.shape[0]));
  const before = cpuUsage();
  await network.fit(x, y, { batchSize, epochs });
  const { user, system } = cpuUsage(before);
  return (user + system) / 1000 / (epochs * Math.ceil(x.shape[0] / batchSize));
}

/**
 * PredNet [Lotter et al. 2016]: trained on its own errors, those of the image alone (L0) or also of the layers above (Lall); then asked for its
 * predictions. Both networks have the same weights by name.
 */
export function predictive({ channels, representation, layerWeights }) {
  return async (train, { seed, learningRate, ...settings }) => {
    const [count, steps, ...frame] = train.shape;
    const options = { channels, representation, returnSequences: true, inputShape: [null, ...frame], name: "net" };
    const learner = sequential([predNet({ ...options, shows: "errors" }), predNetLoss({ layerWeights })], { seed });
    learner.compile({ optimizer: { type: "adam", learningRate }, loss: "mae" });
    const zeros = { shape: [count, 1], data: new Float32Array(count) };
    const updateMs = await timed(learner, train, zeros, settings);
    const shown = sequential([predNet(options)], { seed });
    shown.setWeights(await learner.weights());
    const predict = async (clips) => between(await shown.predict(clips, { batchSize: 8 }), warmUp, steps);
    return { weights: weightCount(learner), updateMs, predict };
  };
}

/**
 * Two layers of ConvLSTM [Shi et al. 2015] and a convolution that draws the next frame, by mean squared error; with `change` the convolution draws what is
 * to be added to the last frame.
 */
export function convolutional({ filters, change }) {
  return async (train, { seed, learningRate, ...settings }) => {
    const [, steps, ...frame] = train.shape;
    const frames = input({ shape: [null, ...frame] });
    const lstm = () => convLstm2d({ filters, kernelSize: 3, padding: "same", returnSequences: true });
    const draw = conv2d({ filters: 1, kernelSize: 3, padding: "same", activation: change ? "linear" : "sigmoid" });
    const drawn = timeDistributed(draw).apply(lstm().apply(lstm().apply(frames)));
    const network = model({ inputs: frames, outputs: change ? add().apply([frames, drawn]) : drawn, seed });
    network.compile({ optimizer: { type: "adam", learningRate }, loss: "mse" });
    const updateMs = await timed(network, between(train, 0, steps - 1), between(train, 1, steps), settings);
    const predict = async (clips) => {
      const shown = await network.predict(between(clips, 0, steps - 1), { batchSize: 8 });
      return between(shown, warmUp - 1, steps - 1);
    };
    return { weights: weightCount(network), updateMs, predict };
  };
}

/** The last frame again. */
export async function copyLast(train) {
  const steps = train.shape[1];
  return { weights: 0, updateMs: null, predict: async (clips) => between(clips, warmUp - 1, steps - 1) };
}

/** Each pixel a linear function of the 5 × 5 around it in the last two frames. */
export async function linear(train) {
  const { weights, predict } = ridge(train, { reach: 2, frames: warmUp, penalty: 1e-5 });
  return { weights: weights.length, updateMs: null, predict: async (clips) => predict(clips) };
}

/** Mean squared and absolute error and structural similarity, over all frames that count. */
export function judge(actual, predicted) {
  let [squared, absolute] = [0, 0];
  actual.data.forEach((value, k) => {
    const error = predicted.data[k] - value;
    squared += error * error;
    absolute += Math.abs(error);
  });
  const count = actual.data.length;
  return { mse: squared / count, mae: absolute / count, ssim: mean(ssim(actual, predicted)) };
}

/** Trains each of `models` on the same sequences, judges it on the others, and tells a line about it. */
export async function compare(models, train, test, { tell, ...settings }) {
  const actual = between(test, warmUp, test.shape[1]);
  const rows = [];
  for (const [name, make] of Object.entries(models)) {
    const { weights, updateMs, predict } = await make(train, settings);
    const predicted = await predict(test);
    rows.push({ name, weights, updateMs, predicted, ...judge(actual, predicted) });
    tell(line(rows.at(-1)).join("  "));
  }
  const text = table(["model", "weights", "MSE · 10³", "MAE · 10³", "SSIM", "ms an update"], rows.map(line));
  return { rows, actual, text };
}

/** A row of the table. */
function line({ name, weights, mse, mae, ssim: alike, updateMs }) {
  const errors = [(1000 * mse).toFixed(2), (1000 * mae).toFixed(1), alike.toFixed(3)];
  return [name, weights, ...errors, updateMs === null ? "–" : updateMs.toFixed(0)];
}

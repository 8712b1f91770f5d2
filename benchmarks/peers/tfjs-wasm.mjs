// TensorFlow.js layers on its wasm backend (SIMD; threads as asked).
import { createRequire } from "node:module";
import { materials } from "../configs.mjs";

const require = createRequire(import.meta.url);
// tfjs 4.22 calls util.isNullOrUndefined, which Node 23 removed.
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");

import { serve } from "./serve.mjs";

wasm.setWasmPaths(`${require.resolve("@tensorflow/tfjs-backend-wasm/package.json").replace(/package\.json$/, "")}dist/`);
tf.enableProdMode();

const tensors = ({ kernel, recurrentKernel, bias }) =>
  [kernel, recurrentKernel, bias].map(({ shape, data }) => tf.tensor(data, shape));

/** One step after the other through a layer that keeps its state. */
function stream({ H, I, stepsPerTick, ...config }) {
  const given = materials({ H, I, ...config });
  const options = { units: H, recurrentActivation: "sigmoid", recurrentInitializer: "zeros", stateful: true };
  const model = tf.sequential({ layers: [tf.layers.lstm({ ...options, batchInputShape: [1, 1, I] })] });
  model.layers[0].setWeights(tensors(given.layers[0].forward));
  const x = tf.tensor(given.x.data, given.x.shape);
  const step = () => {
    const out = model.predictOnBatch(x);
    const h = out.dataSync();
    out.dispose();
    return h;
  };
  const check = () => {
    for (let k = 0; k < 2; k++) step();
    return [...step().slice(0, 8)];
  };
  return { step, check, stepsPerTick };
}

await serve(async ({ config, what, threads }) => {
  wasm.setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
  if (what === "stream") return stream(config);
  if (config.cell === "gru" && config.resetAfter !== false)
    throw new Error("tfjs has no GRU with reset after the product; gru-before has the same sizes");
  const given = materials(config);
  const model = tf.sequential();
  const count = config.layers ?? 1;
  for (let k = 0; k < count; k++) {
    // The weights are set below; zeros to begin with save the time of the orthogonal start.
    const options = {
      units: config.H,
      recurrentActivation: "sigmoid",
      recurrentInitializer: "zeros",
      returnSequences: k < count - 1,
    };
    const make = config.cell === "gru" ? tf.layers.gru : tf.layers.lstm;
    const shape = k === 0 ? { inputShape: [config.T, config.I] } : {};
    model.add(
      config.bidirectional ? tf.layers.bidirectional({ layer: make(options), ...shape }) : make({ ...options, ...shape }),
    );
  }
  model.add(tf.layers.dense({ units: 1 }));
  given.layers.forEach((ways, k) => {
    model.layers[k].setWeights([...tensors(ways.forward), ...(ways.backward ? tensors(ways.backward) : [])]);
  });
  model.layers
    .at(-1)
    .setWeights([tf.tensor(given.dense.kernel.data, given.dense.kernel.shape), tf.tensor(given.dense.bias.data, [1])]);
  model.compile({ optimizer: tf.train.adam(0.001, 0.9, 0.999, 1e-7), loss: "meanSquaredError" });
  const x = tf.tensor(given.x.data, given.x.shape);
  const y = tf.tensor(given.y.data, given.y.shape);
  if (what === "forward") {
    const step = async () => {
      const out = model.predictOnBatch(x);
      const data = await out.data();
      out.dispose();
      return data;
    };
    return { step, check: async () => [...(await step()).slice(0, 8)] };
  }
  return {
    step: () => model.trainOnBatch(x, y),
    check: async () => [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)],
  };
});

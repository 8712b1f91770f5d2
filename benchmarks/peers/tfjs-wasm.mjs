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

await serve(async ({ config, what, threads }) => {
  wasm.setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
  const given = materials(config);
  const model = tf.sequential();
  const count = config.layers ?? 1;
  for (let k = 0; k < count; k++) {
    const options = { units: config.H, recurrentActivation: "sigmoid", returnSequences: k < count - 1 };
    if (config.cell === "gru") throw new Error("tfjs has no GRU with reset after");
    const layer = tf.layers.lstm(options);
    const shape = k === 0 ? { inputShape: [config.T, config.I] } : {};
    model.add(config.bidirectional ? tf.layers.bidirectional({ layer, ...shape }) : tf.layers.lstm({ ...options, ...shape }));
  }
  model.add(tf.layers.dense({ units: 1 }));
  const tensors = ({ kernel, recurrentKernel, bias }) =>
    [kernel, recurrentKernel, bias].map(({ shape, data }) => tf.tensor(data, shape));
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

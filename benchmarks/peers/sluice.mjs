// sluice through its public API.
import { bidirectional, dense, gru, init, lstm, sequential } from "../../packages/sluice/dist/index.js";
import { materials, numbers } from "../configs.mjs";
import { serve } from "./serve.mjs";

const { variant } = JSON.parse(process.env.SLUICE_BENCH ?? "{}");
const backend = await init(variant ? { variant } : {});

function build(config) {
  const make = config.cell === "gru" ? gru : lstm;
  const count = config.layers ?? 1;
  const recurrent = Array.from({ length: count }, (_, k) => {
    const options = { units: config.H, returnSequences: k < count - 1 };
    const shape = k === 0 ? { inputShape: [null, config.I] } : {};
    return config.bidirectional ? bidirectional(make(options), shape) : make({ ...options, ...shape });
  });
  return sequential([...recurrent, dense({ units: 1 })]);
}

function load(model, { layers, dense: head }) {
  layers.forEach((ways, k) => {
    const weights = ways.backward
      ? Object.fromEntries(
          Object.entries(ways).flatMap(([way, w]) => Object.entries(w).map(([name, value]) => [`${way}/${name}`, value])),
        )
      : ways.forward;
    model.layers[k].load(weights);
  });
  model.layers.at(-1).load(head);
}

await serve(async ({ config, what }) => {
  if (what === "stream") {
    const stream = lstm({ units: config.H, stateful: true });
    const x = numbers(5)(config.I, 1);
    stream.build([[1, 1, config.I]]);
    return { step: () => stream.forward(x), check: () => [], about: backend.variant };
  }
  const given = materials(config);
  const model = build(config);
  // The peers add epsilon after the bias correction, sluice (as Keras 3) before it: this makes the first step the same.
  model.compile({ optimizer: { type: "adam", learningRate: 0.001, epsilon: 1e-7 * Math.sqrt(1 - 0.999) }, loss: "mse" });
  load(model, given);
  if (what === "forward") {
    return {
      step: () => model.predictOnBatch(given.x),
      check: async () => [...(await model.predictOnBatch(given.x)).data.slice(0, 8)],
      about: backend.variant,
    };
  }
  return {
    step: () => model.trainOnBatch(given.x, given.y),
    check: async () => {
      const losses = [];
      for (let k = 0; k < 3; k++) losses.push((await model.trainOnBatch(given.x, given.y)).loss);
      return losses;
    },
    about: backend.variant,
  };
});

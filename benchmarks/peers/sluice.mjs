// sluice through its public API.
import { bidirectional, dense, gru, init, lstm, sequential } from "../../packages/sluice/dist/index.js";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";

const { variant, threads } = JSON.parse(process.env.SLUICE_BENCH ?? "{}");
// The program owns the process, so it may set V8's flags; turbo takes the wide kernels when a trial shows that they are right and faster.
const backend = await init({ variant, threads, turbo: true });
await backend.ready?.();

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
    const { layers, x } = materials(config);
    const model = sequential([lstm({ units: config.H, inputShape: [null, config.I] })]);
    model.layers[0].load(layers[0].forward);
    const stream = model.stream({ weights: config.weights ?? "float32" });
    const check = () => {
      for (let k = 0; k < 2; k++) stream.push(x.data);
      return [...stream.push(x.data).slice(0, 8)];
    };
    return { step: () => stream.push(x.data), check, stepsPerTick: config.stepsPerTick, about: backend.variant };
  }
  const given = materials(config);
  const model = build(config);
  // The peers add epsilon after the bias correction, sluice (as Keras 3) before it: this makes the first step the same.
  model.compile({ optimizer: { type: "adam", learningRate: 0.001, epsilon: 1e-7 * Math.sqrt(1 - 0.999) }, loss: "mse" });
  load(model, given);
  if (what === "forward") {
    return {
      step: () => model.predictOnBatch(given.x),
      check: async () => [...(await model.predictOnBatch(given.x))[0].data.slice(0, 8)],
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

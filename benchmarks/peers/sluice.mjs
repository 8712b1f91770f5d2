// sluice through its public API.
import { lstm, sequential } from "../../packages/sluice/dist/index.js";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";
import { prepared, started } from "./sluice-model.mjs";

const { variant, threads } = JSON.parse(process.env.SLUICE_BENCH ?? "{}");
const backend = await started({ variant, threads });

/** One step after the other, the state kept. */
function stream(config) {
  const { layers, x } = materials(config);
  const model = sequential([lstm({ units: config.H, inputShape: [null, config.I] })]);
  model.layers[0].load(layers[0].forward);
  const stream = model.stream({ weights: config.weights ?? "float32" });
  const step = () => stream.push(x.data);
  const check = () => {
    for (let k = 0; k < 2; k++) step();
    return [...step().slice(0, 8)];
  };
  return { step, check, stepsPerTick: config.stepsPerTick };
}

function batches(config, what) {
  const { model, x, y } = prepared(config);
  if (what === "forward") {
    const check = async () => [...(await model.predictOnBatch(x))[0].data.slice(0, 8)];
    return { step: () => model.predictOnBatch(x), check };
  }
  const check = async () => {
    const losses = [];
    for (let k = 0; k < 3; k++) losses.push((await model.trainOnBatch(x, y)).loss);
    return losses;
  };
  return { step: () => model.trainOnBatch(x, y), check };
}

await serve(({ config, what }) => ({
  ...(what === "stream" ? stream(config) : batches(config, what)),
  about: backend.variant,
}));

// sluice through its public API.
import { init, lstm, sequential } from "../../packages/sluice/dist/index.js";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";
import { prepared } from "./sluice-model.mjs";

const { variant, threads } = JSON.parse(process.env.SLUICE_BENCH ?? "{}");
// The program owns the process, so it may set V8's flags; turbo takes the wide kernels when a trial shows that they are right and faster.
// Node 20 needs a flag for fused multiply-add; later ones have it, so there "relaxed" runs as in a host that sets none.
const turbo = variant !== "relaxed" || Number.parseInt(process.versions.node, 10) < 22;
const backend = await init({ variant, threads, turbo });
await backend.ready?.();

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

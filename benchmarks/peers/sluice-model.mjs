// The model that every table trains, through sluice's public API: recurrent layers, then dense(1) on the last output.
import { bidirectional, dense, gru, init, lstm, sequential } from "../../packages/sluice/dist/index.js";
import { materials } from "../configs.mjs";

/** The backend with all its threads up; `variant` as asked, or the fastest. */
export async function started({ variant, threads }) {
  // The program owns the process, so it may set V8's flags; turbo takes the wide kernels when a trial shows that they are right and faster.
  // Node 20 needs a flag for fused multiply-add; later ones have it, so there "relaxed" runs as in a host that sets none.
  const turbo = variant !== "relaxed" || Number.parseInt(process.versions.node, 10) < 22;
  const backend = await init({ variant, threads, turbo });
  await backend.ready?.();
  return backend;
}

function build(config) {
  const make = config.cell === "gru" ? gru : lstm;
  const count = config.layers ?? 1;
  const recurrent = Array.from({ length: count }, (_, k) => {
    const reset = config.resetAfter === undefined ? {} : { resetAfter: config.resetAfter };
    const options = { units: config.H, returnSequences: k < count - 1, ...reset };
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

/** A configuration's model, compiled and with the weights all peers start from, and its x and y. */
export function prepared(config) {
  const given = materials(config);
  const model = build(config);
  // The peers add epsilon after the bias correction, sluice (as Keras 3) before it: this makes the first step the same.
  model.compile({ optimizer: { type: "adam", learningRate: 0.001, epsilon: 1e-7 * Math.sqrt(1 - 0.999) }, loss: "mse" });
  load(model, given);
  return { model, x: given.x, y: given.y };
}

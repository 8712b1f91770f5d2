// jax-js on its wasm backend (one thread). It has no lax.scan, so the LSTM is a loop over t, unrolled and compiled as a whole by jit.
import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";

await init("wasm");
defaultDevice("wasm");
const { sigmoid } = nn;
const array = ({ shape, data }) => np.array(data, { shape });
const map = (weights) => Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, array(weight)]));

/** z [B, 4H] = x_t W + b, blocks i f g o → the next h and c [B, H]. An operation takes its arguments; `.ref` keeps one for later use. */
function cell(z, recurrentKernel, h, c) {
  const [i, f, g, o] = np.split(z.add(np.matmul(h, recurrentKernel)), 4, -1);
  const next = sigmoid(f)
    .mul(c)
    .add(sigmoid(i).mul(np.tanh(g)));
  return [sigmoid(o).mul(np.tanh(next.ref)), next];
}

/** x [T·B, I], time first → the last h [B, H]; the input product runs over all T·B rows at once. */
function lastOutput({ kernel, recurrentKernel, bias }, x, { B, T, H }) {
  const steps = np.split(np.matmul(x, kernel).add(bias), T, 0);
  let [h, c] = [np.zeros([B, H]), np.zeros([B, H])];
  for (const z of steps) [h, c] = cell(z, recurrentKernel.ref, h, c);
  recurrentKernel.dispose();
  c.dispose();
  return h;
}

function predict({ layer, dense }, x, config) {
  return np.matmul(lastOutput(layer, x, config), dense.kernel).add(dense.bias);
}

const loss = (config) => (weights, x, y) => np.mean(np.square(predict(weights, x, config).sub(y)));

/** Adam's step: first and second moments m, v; `rate` holds both bias corrections. */
const adam = jit((w, g, m, v, rate, epsilon) => {
  const first = m.mul(0.9).add(g.ref.mul(0.1));
  const second = v.mul(0.999).add(np.square(g).mul(0.001));
  return [w.sub(first.ref.mul(rate).div(np.sqrt(second.ref).add(epsilon))), first, second];
});

function timeMajor({ shape: [B, T, I], data }) {
  const out = new Float32Array(data.length);
  for (let b = 0; b < B; b++)
    for (let t = 0; t < T; t++) out.set(data.subarray((b * T + t) * I, (b * T + t + 1) * I), (t * B + b) * I);
  return array({ shape: [T * B, I], data: out });
}

function trainer(weights, x, y, config) {
  const gradients = jit(valueAndGrad(loss(config)));
  let [values, structure] = tree.flatten(weights);
  let m = values.map((w) => np.zeros(w.shape));
  let v = values.map((w) => np.zeros(w.shape));
  let t = 0;
  return async () => {
    const held = tree.unflatten(structure, values);
    const [value, grads] = gradients(tree.ref(held), x.ref, y.ref);
    t += 1;
    const [first, second] = [1 - 0.9 ** t, Math.sqrt(1 - 0.999 ** t)];
    const stepped = tree
      .leaves(grads)
      .map((g, k) => adam(values[k], g, m[k], v[k], np.array((0.001 * second) / first), np.array(1e-7 * second)));
    values = stepped.map(([w]) => w);
    m = stepped.map(([, first]) => first);
    v = stepped.map(([, , second]) => second);
    return (await value.data())[0];
  };
}

/** One time step after the other, the state kept, h read back. */
function streamer({ kernel, recurrentKernel, bias }, x, { H, stepsPerTick }) {
  const one = jit((x, kernel, bias, recurrentKernel, h, c) => cell(np.matmul(x, kernel).add(bias), recurrentKernel, h, c));
  let [h, c] = [np.zeros([1, H]), np.zeros([1, H])];
  const step = () => {
    [h, c] = one(x.ref, kernel.ref, bias.ref, recurrentKernel.ref, h, c);
    return h.ref.dataSync();
  };
  const check = () => {
    for (let k = 0; k < 2; k++) step();
    return [...step().slice(0, 8)];
  };
  return { step, check, stepsPerTick };
}

await serve(async ({ config, what, threads }) => {
  if (config.cell === "gru" || config.bidirectional || (config.layers ?? 1) > 1)
    throw new Error("this peer is written for one LSTM layer in one direction");
  if (threads > 1) throw new Error("jax-js runs on one thread");
  const given = materials(config);
  const [layer, x] = [map(given.layers[0].forward), timeMajor(given.x)];
  if (what === "stream") return streamer(layer, x, config);
  const weights = { layer, dense: map(given.dense) };
  if (what === "forward") {
    const compiled = jit((weights, x) => predict(weights, x, config));
    const step = () => compiled(tree.ref(weights), x.ref).data();
    return { step, check: async () => [...(await step()).slice(0, 8)] };
  }
  const step = trainer(weights, x, array(given.y), config);
  return { step, check: async () => [await step(), await step(), await step()] };
});

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

/** x [T·B, I], time first → h after each step [B, H], in the order of time; the input product runs over all T·B rows at once. */
function outputs({ kernel, recurrentKernel, bias }, x, { B, T, H }, isBackward) {
  const steps = np.split(np.matmul(x, kernel).add(bias), T, 0);
  if (isBackward) steps.reverse();
  let [h, c] = [np.zeros([B, H]), np.zeros([B, H])];
  const list = [];
  for (const z of steps) {
    [h, c] = cell(z, recurrentKernel.ref, h, c);
    list.push(h.ref);
  }
  h.dispose();
  recurrentKernel.dispose();
  c.dispose();
  return isBackward ? list.reverse() : list;
}

/** The layers one over the other, their directions side by side, then dense on the last output of each direction. */
function predict({ layers, dense }, x, config) {
  let input = x;
  let last = null;
  for (const [k, { forward, backward }] of layers.entries()) {
    const ways = [outputs(forward, backward ? input.ref : input, config, false)];
    if (backward) ways.push(outputs(backward, input, config, true));
    if (k < layers.length - 1) {
      input = np.concatenate(
        ways[0].map((_, t) => sideBySide(ways.map((way) => way[t]))),
        0,
      );
    } else {
      const ends = [ways[0].length - 1, 0];
      last = sideBySide(ways.map((way, d) => way[ends[d]].ref));
      for (const h of ways.flat()) h.dispose();
    }
  }
  return np.matmul(last, dense.kernel).add(dense.bias);
}

const sideBySide = (list) => (list.length === 1 ? list[0] : np.concatenate(list, -1));

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
  if (config.cell === "gru") throw new Error("this peer is written for LSTM layers");
  if (threads > 1) throw new Error("jax-js runs on one thread");
  const given = materials(config);
  const x = timeMajor(given.x);
  if (what === "stream") return streamer(map(given.layers[0].forward), x, config);
  const layers = given.layers.map((ways) =>
    Object.fromEntries(Object.entries(ways).map(([way, weights]) => [way, map(weights)])),
  );
  const weights = { layers, dense: map(given.dense) };
  if (what === "forward") {
    const compiled = jit((weights, x) => predict(weights, x, config));
    const step = () => compiled(tree.ref(weights), x.ref).data();
    return { step, check: async () => [...(await step()).slice(0, 8)] };
  }
  const step = trainer(weights, x, array(given.y), config);
  return { step, check: async () => [await step(), await step(), await step()] };
});

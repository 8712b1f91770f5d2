// onnxruntime as a peer, native ("node") or WebAssembly ("web"): recurrent nodes with the weights inside the model.
//   node ort.mjs node · node ort.mjs web
import { createRequire } from "node:module";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const { onnx } = require("onnx-proto");
const host = process.argv[2] ?? "node";
const ort = require(host === "web" ? "onnxruntime-web" : "onnxruntime-node");
const { FLOAT, INT64 } = onnx.TensorProto.DataType;
const { INT, INTS, STRING } = onnx.AttributeProto.AttributeType;

/** [K, N] as [N, K], its G blocks of columns in another order. */
function turned({ shape: [K, N], data }, order) {
  const H = N / order.length;
  const out = new Float32Array(K * N);
  for (let n = 0; n < N; n++) {
    const from = order[Math.floor(n / H)] * H + (n % H);
    for (let k = 0; k < K; k++) out[n * K + k] = data[k * N + from];
  }
  return out;
}

const bytes = ({ buffer }) => new Uint8Array(buffer);
const initializer = (name, dims, data) => ({ name, dims, dataType: FLOAT, rawData: bytes(data) });
const integers = (name, values) => ({
  ...{ name, dims: [values.length], dataType: INT64 },
  rawData: bytes(BigInt64Array.from(values, BigInt)),
});
const value = (name) => ({ name, type: { tensorType: { elemType: FLOAT } } });

/** Several arrays as one, first to last. */
function joined(arrays) {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/**
 * The recurrent node of layer `k`, its directions in one, gates in ONNX's order: i o f c, or z r h. It reads `input` [T, B, I] and gives
 * Y<k> [T, D, B, H] and the last states Yh<k>, Yc<k> [D, B, H].
 */
function recurrentNode(k, ways, { H, cell = "lstm", resetAfter = true }, input, states = []) {
  const order = cell === "gru" ? [0, 1, 2] : [0, 3, 1, 2];
  const [N, D] = [order.length * H, Object.keys(ways).length];
  const of = Object.values(ways);
  const I = of[0].kernel.shape[0];
  const attribute = [
    { name: "hidden_size", type: INT, i: H },
    { name: "direction", type: STRING, s: new TextEncoder().encode(D === 2 ? "bidirectional" : "forward") },
  ];
  if (cell === "gru") attribute.push({ name: "linear_before_reset", type: INT, i: Number(resetAfter) });
  const biases = ({ bias, recurrentBias }) => [
    turned({ shape: [1, N], data: bias.data }, order),
    recurrentBias?.data ?? new Float32Array(N),
  ];
  return {
    node: {
      opType: cell.toUpperCase(),
      input: [input, `W${k}`, `R${k}`, `B${k}`, "", ...states],
      output: [`Y${k}`, `Yh${k}`, ...(cell === "gru" ? [] : [`Yc${k}`])],
      attribute,
    },
    initializers: [
      initializer(`W${k}`, [D, N, I], joined(of.map(({ kernel }) => turned(kernel, order)))),
      initializer(`R${k}`, [D, N, H], joined(of.map(({ recurrentKernel }) => turned(recurrentKernel, order)))),
      initializer(`B${k}`, [D, 2 * N], joined(of.flatMap(biases))),
    ],
  };
}

/** `from` with its axes in the order `perm`, then as `shape`: how the outputs of two directions come to lie side by side. */
function sideBySide(name, from, perm, shape) {
  return {
    nodes: [
      { opType: "Transpose", input: [from], output: [`${name}Turned`], attribute: [{ name: "perm", type: INTS, ints: perm }] },
      { opType: "Reshape", input: [`${name}Turned`, `${name}Shape`], output: [name] },
    ],
    initializers: [integers(`${name}Shape`, shape)],
  };
}

async function session(nodes, initializers, inputs, outputs, threads) {
  const model = onnx.ModelProto.create({
    irVersion: 7,
    opsetImport: [{ domain: "", version: 14 }],
    graph: { name: "peer", node: nodes, initializer: initializers, input: inputs.map(value), output: outputs.map(value) },
  });
  if (host === "web") {
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
  }
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential" };
  return ort.InferenceSession.create(onnx.ModelProto.encode(model).finish(), options);
}

/** One step after the other, the states that come out going in again. */
async function stream(config, threads) {
  const { layers, x } = materials(config);
  const names = ["initial_h", "initial_c"];
  const { node, initializers } = recurrentNode(0, layers[0], config, "X", names);
  const run = await session([node], initializers, ["X", ...names], ["Yh0", "Yc0"], threads);
  const X = new ort.Tensor("float32", x.data, [1, 1, config.I]);
  const zeros = () => new ort.Tensor("float32", new Float32Array(config.H), [1, 1, config.H]);
  let [h, c] = [zeros(), zeros()];
  const step = async () => {
    const result = await run.run({ X, initial_h: h, initial_c: c });
    h = result.Yh0;
    c = result.Yc0;
    return h.data;
  };
  const check = async () => {
    for (let k = 0; k < 2; k++) await step();
    return [...(await step()).slice(0, 8)];
  };
  return { step, check, stepsPerTick: config.stepsPerTick, about: `onnxruntime-${host}` };
}

/** [B, T, I] → LSTM or GRU layers, in one direction or both → dense on the last output. */
async function forward(config, threads) {
  const { layers, dense, x } = materials(config);
  const { B, T, I } = config;
  const width = dense.kernel.shape[0];
  const parts = layers.flatMap((ways, k) => {
    const { node, initializers } = recurrentNode(k, ways, config, k === 0 ? "X" : `X${k}`);
    const isLast = k === layers.length - 1;
    const next = isLast
      ? sideBySide("last", `Yh${k}`, [1, 0, 2], [B, width])
      : sideBySide(`X${k + 1}`, `Y${k}`, [0, 2, 1, 3], [T, B, width]);
    return [{ nodes: [node], initializers }, next];
  });
  const head = { opType: "Gemm", input: ["last", "dense", "denseBias"], output: ["y"] };
  const weights = [initializer("dense", [width, 1], dense.kernel.data), initializer("denseBias", [1], dense.bias.data)];
  const nodes = [...parts.flatMap((part) => part.nodes), head];
  const run = await session(nodes, [...parts.flatMap((part) => part.initializers), ...weights], ["X"], ["y"], threads);
  const timeMajor = new Float32Array(x.data.length);
  for (let b = 0; b < B; b++)
    for (let t = 0; t < T; t++) timeMajor.set(x.data.subarray((b * T + t) * I, (b * T + t + 1) * I), (t * B + b) * I);
  const X = new ort.Tensor("float32", timeMajor, [T, B, I]);
  const step = async () => (await run.run({ X })).y.data;
  return { step, check: async () => [...(await step()).slice(0, 8)], about: `onnxruntime-${host}` };
}

await serve(({ config, what, threads }) => {
  if (what === "stream") return stream(config, threads);
  if (what === "forward") return forward(config, threads);
  throw new Error("onnxruntime cannot train");
});

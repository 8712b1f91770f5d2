// onnxruntime as a peer, native ("node") or WebAssembly ("web"): recurrent nodes with the weights inside the model.
//   node ort.mjs node · node ort.mjs web
import { createRequire } from "node:module";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const { onnx } = require("onnx-proto");
const host = process.argv[2] ?? "node";
const ort = require(host === "web" ? "onnxruntime-web" : "onnxruntime-node");
const FLOAT = onnx.TensorProto.DataType.FLOAT;

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

const initializer = (name, dims, data) => ({ name, dims, dataType: FLOAT, rawData: new Uint8Array(data.buffer) });
const value = (name) => ({ name, type: { tensorType: { elemType: FLOAT } } });

/** One recurrent node, gates in ONNX's order: i o f c, or z r h. */
function recurrentNode({ forward }, { I, H, cell = "lstm" }, states) {
  const order = cell === "gru" ? [0, 1, 2] : [0, 3, 1, 2];
  const N = order.length * H;
  const bias = turned({ shape: [1, N], data: forward.bias.data }, order);
  const recurrentBias = cell === "gru" ? forward.recurrentBias.data : new Float32Array(N);
  const attribute = [{ name: "hidden_size", type: onnx.AttributeProto.AttributeType.INT, i: H }];
  if (cell === "gru") attribute.push({ name: "linear_before_reset", type: onnx.AttributeProto.AttributeType.INT, i: 1 });
  return {
    node: {
      opType: cell.toUpperCase(),
      input: ["X", "W", "R", "B", "", ...states],
      output: ["", "Y_h", ...(cell === "gru" ? [] : ["Y_c"])],
      attribute,
    },
    initializers: [
      initializer("W", [1, N, I], turned(forward.kernel, order)),
      initializer("R", [1, N, H], turned(forward.recurrentKernel, order)),
      initializer("B", [1, 2 * N], Float32Array.from([...bias, ...recurrentBias])),
    ],
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
  const { node, initializers } = recurrentNode(layers[0], config, names);
  const run = await session([node], initializers, ["X", ...names], ["Y_h", "Y_c"], threads);
  const X = new ort.Tensor("float32", x.data, [1, 1, config.I]);
  const zeros = () => new ort.Tensor("float32", new Float32Array(config.H), [1, 1, config.H]);
  let [h, c] = [zeros(), zeros()];
  const step = async () => {
    const result = await run.run({ X, initial_h: h, initial_c: c });
    h = result.Y_h;
    c = result.Y_c;
    return h.data;
  };
  const check = async () => {
    for (let k = 0; k < 2; k++) await step();
    return [...(await step()).slice(0, 8)];
  };
  return { step, check, stepsPerTick: config.stepsPerTick, about: `onnxruntime-${host}` };
}

/** [B, T, I] → LSTM or GRU → dense on the last output. */
async function forward(config, threads) {
  if (config.bidirectional || (config.layers ?? 1) > 1) throw new Error("this peer runs one layer in one direction");
  const { layers, dense, x } = materials(config);
  const { B, T, I, H } = config;
  const { node, initializers } = recurrentNode(layers[0], config, []);
  const head = [
    { opType: "Reshape", input: ["Y_h", "rows"], output: ["last"] },
    { opType: "Gemm", input: ["last", "dense", "denseBias"], output: ["y"] },
  ];
  const rows = {
    name: "rows",
    dims: [2],
    dataType: onnx.TensorProto.DataType.INT64,
    rawData: new Uint8Array(BigInt64Array.of(BigInt(B), BigInt(H)).buffer),
  };
  const weights = [initializer("dense", [H, 1], dense.kernel.data), initializer("denseBias", [1], dense.bias.data), rows];
  const run = await session([node, ...head], [...initializers, ...weights], ["X"], ["y"], threads);
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

import { onnx } from "onnx-proto";
import * as ort from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import { concat, reshape, split, transpose } from "../autograd/ops/shape.ts";
import { getBackend } from "../backend/index.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { type Bidirectional, bidirectional } from "./bidirectional.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import type { RecurrentLayer, RecurrentOptions } from "./recurrent-layer.ts";
import { simpleRnn } from "./simple-rnn.ts";

/** An implementation that shares nothing with ours, asked live: one-node ONNX models run by onnxruntime's wasm build. */

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend }, std: 0.6 });

interface Node {
  readonly op: "LSTM" | "GRU" | "RNN";
  readonly attributes: Readonly<Record<string, number | string | readonly string[] | readonly number[]>>;
  readonly inputs: Readonly<Record<string, ort.Tensor>>;
}

const inputNames = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c"];

async function runNode({ op, attributes, inputs }: Node): Promise<Record<string, ort.Tensor>> {
  const { AttributeProto, ModelProto, TensorProto } = onnx;
  const outputs = op === "LSTM" ? ["Y", "Y_h", "Y_c"] : ["Y", "Y_h"];
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const valueInfo = (name: string, elemType: number) => ({ name, type: { tensorType: { elemType } } });
  const model = ModelProto.create({
    irVersion: 7,
    opsetImport: [{ domain: "", version: 14 }],
    graph: {
      name: op,
      node: [
        {
          opType: op,
          input: inputNames.map((name) => (name in inputs ? name : "")).slice(0, op === "LSTM" ? 7 : 6),
          output: outputs,
          attribute: Object.entries(attributes).map(([name, value]) => {
            const { INT, FLOAT, STRING, FLOATS, STRINGS } = AttributeProto.AttributeType;
            if (typeof value === "number") {
              return Number.isInteger(value) ? { name, type: INT, i: value } : { name, type: FLOAT, f: value };
            }
            if (typeof value === "string") return { name, type: STRING, s: encode(value) };
            const texts = value.filter((each) => typeof each === "string");
            return texts.length > 0
              ? { name, type: STRINGS, strings: texts.map(encode) }
              : { name, type: FLOATS, floats: value.filter((each) => typeof each === "number") };
          }),
        },
      ],
      input: Object.entries(inputs).map(([name, { type }]) =>
        valueInfo(name, type === "int32" ? TensorProto.DataType.INT32 : TensorProto.DataType.FLOAT),
      ),
      output: outputs.map((name) => valueInfo(name, TensorProto.DataType.FLOAT)),
    },
  });
  const session = await ort.InferenceSession.create(ModelProto.encode(model).finish());
  const results = await session.run(inputs);
  await session.release();
  return results as Record<string, ort.Tensor>;
}

const feed = (x: Tensor): ort.Tensor => new ort.Tensor("float32", Float32Array.from(x.dataSync()), x.shape);

/** Blocks along the last axis in another order: ONNX orders an LSTM's gates i o f c, we i f g o. */
function reorder(weight: Tensor, order: readonly number[]): Tensor {
  const blocks = split(weight, order.length);
  return concat(order.map((k) => blocks[k] as Tensor));
}

const orders = { LSTM: [0, 3, 1, 2], GRU: [0, 1, 2], RNN: [0] } as const;

/** W, R and B of one direction, each with a first axis of 1. */
function weightsOf(layer: RecurrentLayer, op: Node["op"]): Record<"W" | "R" | "B", Tensor> {
  const short = (name: string): Tensor | undefined => layer.parameters.find(({ path }) => path.endsWith(`/${name}`))?.tensor;
  const [kernel, recurrentKernel, bias] = ["kernel", "recurrentKernel", "bias"].map((name) =>
    reorder(short(name) as Tensor, orders[op]),
  ) as [Tensor, Tensor, Tensor];
  const recurrentBias = short("recurrentBias") ?? zeros(bias.shape, { backend });
  const lead = (x: Tensor): Tensor => reshape(x, [1, ...x.shape]);
  return { W: lead(transpose(kernel)), R: lead(transpose(recurrentKernel)), B: lead(concat([bias, recurrentBias])) };
}

const [B, T, I, H] = [3, 5, 2, 4];
interface Kind {
  readonly name: string;
  readonly op: Node["op"];
  readonly make: (options: RecurrentOptions) => RecurrentLayer;
  /** Attributes beside size and direction, for that many directions. */
  readonly attributes: (directions: number) => Node["attributes"];
}

const kinds: readonly Kind[] = [
  { name: "LSTM", op: "LSTM", make: (options) => lstm({ units: H, ...options }), attributes: () => ({}) },
  {
    name: "GRU, reset after",
    op: "GRU",
    make: (options) => gru({ units: H, ...options }),
    attributes: () => ({ linear_before_reset: 1 }),
  },
  {
    name: "GRU, reset before",
    op: "GRU",
    make: (options) => gru({ units: H, resetAfter: false, ...options }),
    attributes: () => ({ linear_before_reset: 0 }),
  },
  {
    name: "RNN",
    op: "RNN",
    make: (options) => simpleRnn({ units: H, activation: "relu", ...options }),
    attributes: (directions) => ({ activations: new Array<string>(directions).fill("Relu") }),
  },
  {
    name: "GRU with alpha, beta and clip",
    op: "GRU",
    make: (options) =>
      gru({
        units: H,
        activation: { type: "scaledTanh", alpha: 1.5, beta: 0.7 },
        recurrentActivation: { type: "hardSigmoid", alpha: 0.3, beta: 0.4 },
        gateClip: 0.6,
        ...options,
      }),
    attributes: (directions) => ({
      linear_before_reset: 1,
      clip: 0.6,
      activations: new Array<string[]>(directions).fill(["HardSigmoid", "ScaledTanh"]).flat(),
      activation_alpha: new Array<number[]>(directions).fill([0.3, 1.5]).flat(),
      activation_beta: new Array<number[]>(directions).fill([0.4, 0.7]).flat(),
    }),
  },
  {
    name: "RNN with alpha and clip",
    op: "RNN",
    make: (options) => simpleRnn({ units: H, activation: { type: "leakyRelu", alpha: 0.05 }, gateClip: 0.4, ...options }),
    attributes: (directions) => ({
      clip: 0.4,
      activations: new Array<string>(directions).fill("LeakyRelu"),
      activation_alpha: new Array<number>(directions).fill(0.05),
    }),
  },
];

function randomize(layer: RecurrentLayer | Bidirectional): void {
  layer.build([[null, null, I]], { backend });
  for (const [k, { tensor: weight }] of layer.parameters.entries())
    backend.write(weight.storage, random(weight.shape, 30 + k).dataSync());
}

const float32 = { rtol: 1e-5, atol: 1e-6 };

describe.each(kinds)("$name agrees with onnxruntime", ({ op, make, attributes }) => {
  const x = random([B, T, I], 1);
  const lengths = [4, 5, 2];
  const shared = { X: feed(transpose(x, [1, 0, 2])), sequence_lens: new ort.Tensor("int32", Int32Array.from(lengths), [B]) };

  test.each([false, true])("by lengths, from a given state, goBackwards %s", async (goBackwards) => {
    const layer = make({ returnSequences: true, goBackwards, zeroOutputForMask: true });
    randomize(layer);
    const names = Object.keys(layer.cell.stateShapes);
    const state = Object.fromEntries(names.map((name, k) => [name, random([B, H], 20 + k)]));
    const [h, c] = names.map((name) => feed(reshape(state[name] as Tensor, [1, B, H])));
    const weights = Object.fromEntries(Object.entries(weightsOf(layer, op)).map(([name, weight]) => [name, feed(weight)]));
    const found = await runNode({
      op,
      attributes: { hidden_size: H, direction: goBackwards ? "reverse" : "forward", ...attributes(1) },
      inputs: { ...shared, ...weights, initial_h: h as ort.Tensor, ...(c && { initial_c: c }) },
    });
    const ours = layer.forward(x, { sequenceLengths: lengths, state });
    // Y [T, D, B, H] in the order of the input; ours [B, T, H] in processing order.
    const order = goBackwards ? reverseTime(ours.output) : ours.output;
    expectClose(transpose(order, [1, 0, 2]).dataSync(), found.Y?.data as Float32Array, float32, "Y");
    const { hiddenState, cellState } = ours.state;
    expectClose((hiddenState as Tensor).dataSync(), found.Y_h?.data as Float32Array, float32, "Y_h");
    if (op === "LSTM") expectClose((cellState as Tensor).dataSync(), found.Y_c?.data as Float32Array, float32, "Y_c");
  });

  test("in both directions, by lengths", async () => {
    const layer = bidirectional(make({ returnSequences: true }));
    randomize(layer);
    const [there, back] = [weightsOf(layer.forwardLayer, op), weightsOf(layer.backwardLayer, op)];
    const weights = Object.fromEntries(
      (["W", "R", "B"] as const).map((name) => [name, feed(concat([there[name], back[name]], { axis: 0 }))]),
    );
    const found = await runNode({
      op,
      attributes: { hidden_size: H, direction: "bidirectional", ...attributes(2) },
      inputs: { ...shared, ...weights },
    });
    const ours = layer.forward(x, { sequenceLengths: lengths }).output; // [B, T, 2H] beside Y [T, 2, B, H]
    const sides = transpose(reshape(ours, [B, T, 2, H]), [1, 2, 0, 3]);
    expectClose(sides.dataSync(), found.Y?.data as Float32Array, float32, "Y");
    expect(found.Y?.dims).toEqual([T, 2, B, H]);
  });
});

function reverseTime(x: Tensor): Tensor {
  const steps = split(x, T, { axis: 1 });
  return concat(steps.reverse(), { axis: 1 });
}

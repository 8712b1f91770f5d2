import { describe, expect, test } from "vitest";
import { add, multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import type { Backend } from "../backend/backend.ts";
import { getBackend } from "../backend/index.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import type { ForwardOptions, Layer } from "./layer.ts";
import { layerFromConfig } from "./layer-from-config.ts";

interface OracleLayer {
  readonly layer: string;
  readonly options: Readonly<Record<string, unknown>>;
}
type Weights = Readonly<Record<string, OracleTensor>>;

interface Case extends OracleLayer {
  readonly name: string;
  readonly weights: Weights;
  readonly inputs: {
    readonly x: OracleTensor;
    readonly mask?: OracleTensor;
    readonly sequenceLengths?: readonly number[];
    readonly initialState?: Weights;
  };
  readonly upstream?: Weights;
  readonly validStepsOnly?: boolean;
  /** Outputs and states, and beside them the number `loss`, which the upstream weights and `gradients` make good for. */
  readonly expected: { readonly gradients?: Weights };
}

const types: Readonly<Record<string, string>> = {
  lstm: "LSTM",
  gru: "GRU",
  simpleRnn: "SimpleRNN",
  bidirectional: "Bidirectional",
  timeDistributed: "TimeDistributed",
  dense: "Dense",
  embedding: "Embedding",
  masking: "Masking",
  layerNormalization: "LayerNormalization",
  memoryBlocks: "MemoryBlocks",
};

function configOfOracle({ layer, options }: OracleLayer): { type: string; options: Record<string, unknown> } {
  const { layer: inner, ...rest } = options;
  return { type: types[layer] ?? layer, options: inner ? { ...rest, layer: configOfOracle(inner as OracleLayer) } : rest };
}

/** The layers of a case, built and loaded; names of weights in a stack begin with the layer's index. */
function layersOf(
  { layer, options, weights, inputs }: Case,
  backend: Backend,
): { layers: Layer[]; weightTensors: Map<string, Tensor> } {
  const isStack = layer === "sequential";
  const configs = isStack ? (options.layers as OracleLayer[]) : [{ layer, options }];
  const layers = configs.map((config) => layerFromConfig(configOfOracle(config)));
  const weightTensors = new Map<string, Tensor>();
  let shape: readonly (number | null)[] = inputs.x.shape;
  layers.forEach((each, k) => {
    const prefix = isStack ? `${k}/` : "";
    each.build([shape], { backend });
    shape = each.outputShape([shape]);
    const own = Object.entries(weights).filter(([name]) => name.startsWith(prefix));
    each.load(Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])));
    for (const { path, tensor: weight } of each.parameters) weightTensors.set(prefix + path.slice(each.name.length + 1), weight);
  });
  return { layers, weightTensors };
}

/** All that a case has expectations for, by name. */
function results(layers: readonly Layer[], x: Tensor, options: ForwardOptions, isApart: boolean): Record<string, Tensor> {
  const [first, ...above] = layers as [Layer, ...Layer[]];
  const { output, outputs, state } = above.reduce(
    (below, layer) => layer.forward(below.output, { mask: below.mask }),
    first.forward(x, options),
  );
  const [there, back] = outputs as [Tensor, Tensor];
  return isApart ? { ...state, "forward/output": there, "backward/output": back } : { ...state, output };
}

function check(one: Case, backend: Backend, tolerance: { rtol: number; atol: number }): void {
  const place = ({ shape, data }: OracleTensor): Tensor => tensor(data, shape, { backend });
  const { layers, weightTensors } = layersOf(one, backend);
  const { inputs, expected, upstream } = one;
  const x = place(inputs.x);
  const state =
    inputs.initialState && Object.fromEntries(Object.entries(inputs.initialState).map(([name, part]) => [name, place(part)]));
  const options: ForwardOptions = {
    ...(inputs.mask && { mask: place(inputs.mask) }),
    ...(inputs.sequenceLengths && { sequenceLengths: inputs.sequenceLengths }),
    ...(state && { state }),
  };
  const run = (): Record<string, Tensor> => results(layers, x, options, "forward/output" in expected);
  const found = run();
  for (const [name, value] of Object.entries<Partial<OracleTensor>>(expected)) {
    if (!value.shape || !value.data) continue;
    const got = found[name] as Tensor;
    expect(got.shape, name).toEqual(value.shape);
    const lengths = one.validStepsOnly && name === "output" ? inputs.sequenceLengths : undefined;
    expectClose(validOnly(got.dataSync(), value.shape, lengths), validOnly(value.data, value.shape, lengths), tolerance, name);
  }
  if (!upstream || !expected.gradients) return;
  const wrt = new Map([...weightTensors, ["x", x] as const, ...Object.entries(state ?? {})]);
  const loss = (): Tensor => {
    const now = run();
    return Object.entries(upstream)
      .map(([name, weight]) => sum(multiply(now[name] as Tensor, place(weight))))
      .reduce((total, part) => add(total, part));
  };
  const expectedGradients = Object.entries(expected.gradients);
  const { gradients } = valueAndGradients(
    loss,
    expectedGradients.map(([name]) => wrt.get(name) as Tensor),
  );
  expectedGradients.forEach(([name, { data }], k) => {
    expectClose((gradients[k] as Tensor).dataSync(), data, tolerance, `gradient of ${name}`);
  });
}

/** Steps beyond a row's length set to 0: the frameworks fill them differently. */
function validOnly(data: ArrayLike<number>, shape: readonly number[], lengths?: readonly number[]): number[] {
  const values = Array.from(data);
  if (!lengths) return values;
  const [, T = 1, H = 1] = shape;
  return values.map((value, k) => (Math.floor(k / H) % T < (lengths[Math.floor(k / (T * H))] ?? 0) ? value : 0));
}

const files = [
  "torch-lstm",
  "torch-gru",
  "torch-simple-rnn",
  "torch-bidirectional",
  "keras-lstm",
  "keras-gru",
  "keras-simple-rnn",
  "keras-masks-lstm",
  "keras-masks-gru",
  "keras-masks-simple-rnn",
  "keras-bidirectional",
  "keras-layers",
  "keras-convolution",
  "keras-conv-lstm",
  "onnx-recurrent",
  "cells-lstm",
  "cells-truncated",
  "cells-gated",
  "cells-parallel",
  "cells-xlstm",
  "cells-sherstinsky",
  "cells-grid",
  "cells-conv",
  "cells-pred-net",
];

describe.each(files)("%s", (file) => {
  // onnxruntime computes in float32; the others wrote float64 with twelve digits.
  const exact = file.startsWith("onnx") ? { rtol: 1e-5, atol: 1e-6 } : { rtol: 1e-9, atol: 1e-9 };
  const cases = oracleCases<Case>(file).filter((one) => one.inputs);
  test.each(cases)("float64: $name", (one) => check(one, getBackend("reference"), exact));
  test.each(cases)("float32: $name", (one) => check(one, getBackend("wasm"), { rtol: 1e-5, atol: 1e-5 })); // sums of a few dozen terms
});

test.each(oracleCases<Case>("keras-layers").filter((one) => !one.inputs))("$name", ({ options, expected }) => {
  const layer = layerFromConfig({ type: "LSTM", options: { ...options, biasInitializer: { type: "constant", value: 0.25 } } });
  layer.build([[null, null, 3]], { backend: getBackend("reference") });
  const bias = layer.parameters.find(({ path }) => path.endsWith("/bias"));
  const { weights } = expected as unknown as { weights: Weights };
  expect([...(bias?.tensor.dataSync() ?? [])]).toEqual(weights.bias?.data);
});

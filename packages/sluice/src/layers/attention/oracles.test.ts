import { describe, expect, test } from "vitest";
import { multiply } from "../../autograd/ops/elementwise.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { valueAndGradients } from "../../autograd/tape.ts";
import type { Backend } from "../../backend/backend.ts";
import { getBackend, init } from "../../backend/index.ts";
import { inStep, type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../../testing/oracle.ts";
import { layerFromConfig } from "../layer-from-config.ts";
import { withoutPadding } from "../linear-recurrence.ts";

type Tensors = Readonly<Record<string, OracleTensor>>;

interface Case {
  readonly name: string;
  readonly layer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly weights: Tensors;
  /** query, then value and key where they are given; queryMask, valueMask. */
  readonly inputs: Tensors;
  readonly upstream: { readonly output: OracleTensor };
  readonly expected: { readonly output: OracleTensor; readonly weights?: OracleTensor; readonly gradients: Tensors };
}

await init({ backend: "wasm" });

function check(one: Case, backend: Backend, tolerance: { rtol: number; atol: number }): void {
  const place = ({ shape, data }: OracleTensor): Tensor => tensor(data, shape, { backend });
  const given = ["query", "value", "key"].filter((name) => one.inputs[name]);
  const inputs = given.map((name) => place(one.inputs[name] as OracleTensor));
  const masks = given.map((name) => {
    const mask = one.inputs[name === "query" ? "queryMask" : "valueMask"];
    return mask ? place(mask) : null;
  });
  const layer = layerFromConfig({ type: one.layer, options: one.options });
  layer.build(
    inputs.map(({ shape }) => shape),
    { backend },
  );
  layer.load(one.weights);
  const run = (): readonly Tensor[] => {
    const { outputs } = layer.run(inputs, { training: false, masks, state: null, step: 0 });
    const [output, ...rest] = outputs as [Tensor, ...Tensor[]];
    return [output.rank === 3 ? withoutPadding(output, masks[0] ?? null) : output, ...rest]; // masked queries have no meaning
  };
  const [output, weights] = inStep(backend, run);
  expect(output?.shape).toEqual(one.expected.output.shape);
  expectClose(output?.dataSync() ?? [], one.expected.output.data, tolerance, "output");
  if (one.expected.weights) expectClose(weights?.dataSync() ?? [], one.expected.weights.data, tolerance, "weights of steps");

  const parameters = layer.parameters.map(
    (parameter) => [parameter.path.slice(layer.path.length + 1), parameter.tensor] as const,
  );
  const at = new Map([...parameters, ...given.map((name, k) => [name, inputs[k] as Tensor] as const)]);
  const named = Object.entries(one.expected.gradients);
  const { gradients } = valueAndGradients(
    () => sum(multiply(run()[0] as Tensor, place(one.upstream.output))),
    named.map(([name]) => at.get(name) as Tensor),
  );
  named.forEach(([name, { data }], k) => {
    expectClose((gradients[k] as Tensor).dataSync(), data, tolerance, `gradient of ${name}`);
  });
}

describe.each(["keras-attention", "torch-attention"])("%s", (file) => {
  const cases = oracleCases<Case>(file);
  test.each(cases)("float64: $name", (one) => check(one, getBackend("reference"), { rtol: 1e-9, atol: 1e-9 })); // twelve digits stored
  test.each(cases)("float32: $name", (one) => check(one, getBackend("wasm"), { rtol: 1e-5, atol: 1e-5 })); // sums of a few dozen terms
});

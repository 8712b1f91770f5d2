import { describe, expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { getBackend } from "../backend/index.ts";
import { makeConstraint } from "../initializers/constraints.ts";
import { Parameter } from "../layers/parameter.ts";
import { persistent, tensor } from "../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { makeOptimizer } from "./optimizers.ts";
import type { OptimizerSpec } from "./rules.ts";

type Named = Record<string, OracleTensor>;
interface OptimizerCase {
  readonly name: string;
  readonly optimizer: string;
  readonly options: Record<string, unknown>;
  readonly weights: Named;
  readonly gradients: readonly Named[];
  readonly expected: { readonly weightsAfter: Record<string, Named> };
}

function parametersFrom(weights: Named, backend: Backend): Parameter[] {
  return Object.entries(weights).map(([path, { shape, data }]) => {
    const held = persistent(shape, backend);
    backend.write(held.storage, data);
    return new Parameter(path, held, null, null, true);
  });
}

function specOf({ optimizer, options }: OptimizerCase): OptimizerSpec {
  const learningRate =
    typeof options.learningRate === "object" && options.learningRate !== null
      ? { type: "exponentialDecay", ...(options.learningRate as { options: object }).options }
      : options.learningRate;
  return { ...options, type: optimizer.toLowerCase(), learningRate } as OptimizerSpec;
}

// AMSGrad keeps a third slot that no rule here has.
const cases = oracleCases<OptimizerCase>("keras-optimizers").filter(({ options }) => !options.amsgrad);

// wasm computes in float32: ten updates of numbers near 1 keep about six digits.
describe.each([
  ["reference", { rtol: 1e-9, atol: 1e-10 }],
  ["wasm", { rtol: 1e-5, atol: 2e-6 }],
] as const)("optimizers on %s", (name, tolerance) => {
  const backend = getBackend(name);

  test.each(cases)("agree with Keras: $name", (given) => {
    const optimizer = makeOptimizer(specOf(given));
    const parameters = parametersFrom(given.weights, backend);
    given.gradients.forEach((gradients, k) => {
      optimizer.apply(
        parameters,
        parameters.map(({ path }) => tensor(Float64Array.from(gradients[path]!.data), gradients[path]!.shape, { backend })),
      );
      for (const [path, { data }] of Object.entries(given.expected.weightsAfter[String(k + 1)] ?? {})) {
        expectClose(parameters.find((p) => p.path === path)!.tensor.dataSync(), data, tolerance, `${path} after ${k + 1} steps`);
      }
    });
  });

  test("continue from saved memory as if nothing had happened", () => {
    for (const type of ["sgd", "rmsprop", "adam", "adamw", "nadam", "adagrad", "adadelta"] as const) {
      const spec: OptimizerSpec = {
        ...(type === "sgd" ? { type, momentum: 0.9 } : { type }),
        learningRate: 0.1,
        gradientAccumulationSteps: 2,
      };
      const gradientAt = (k: number) => [tensor([Math.sin(k), Math.cos(k)], [2], { backend })];
      const start = { w: { shape: [2], data: [0.5, -0.5] } };
      const straight = { optimizer: makeOptimizer(spec), parameters: parametersFrom(start, backend) };
      for (let k = 0; k < 9; k++) straight.optimizer.apply(straight.parameters, gradientAt(k));

      const first = { optimizer: makeOptimizer(spec), parameters: parametersFrom(start, backend) };
      for (let k = 0; k < 5; k++) first.optimizer.apply(first.parameters, gradientAt(k));
      const middle = { w: { shape: [2], data: [...first.parameters[0]!.tensor.dataSync()] } };
      const second = { optimizer: makeOptimizer(spec), parameters: parametersFrom(middle, backend) };
      const { iterations, accumulated, learningRateScale } = first.optimizer;
      const slots = new Map([...first.optimizer.slots()].map(([key, slot]) => [key, slot.dataSync()]));
      second.optimizer.restore({ iterations, accumulated, learningRateScale, slots }, second.parameters);
      for (let k = 5; k < 9; k++) second.optimizer.apply(second.parameters, gradientAt(k));
      expect([...second.parameters[0]!.tensor.dataSync()], type).toEqual([...straight.parameters[0]!.tensor.dataSync()]);
    }
  });

  test("leave frozen parameters and missing gradients alone, and keep constraints", () => {
    const optimizer = makeOptimizer({ type: "sgd", learningRate: 1 });
    const [frozen, missing] = parametersFrom({ a: { shape: [1], data: [1] }, b: { shape: [1], data: [2] } }, backend) as [
      Parameter,
      Parameter,
    ];
    frozen.trainable = false;
    const held = persistent([2, 1], backend);
    backend.write(held.storage, [3, 4]);
    const limited = new Parameter("c", held, null, makeConstraint({ type: "maxNorm", maxValue: 2 }), true);
    const one = tensor([1], [1], { backend });
    optimizer.apply([frozen, missing, limited], [one, null, tensor([0, 0], [2, 1], { backend })]);
    expect(frozen.tensor.dataSync()[0]).toBe(1);
    expect(missing.tensor.dataSync()[0]).toBe(2);
    expectClose(held.dataSync(), [1.2, 1.6], { rtol: 1e-6 }); // length 5 shortened to 2
  });
});

test("an optimizer says what it does not know", () => {
  expect(() => makeOptimizer({ type: "adamm" } as unknown as OptimizerSpec)).toThrow(/optimizers are sgd/);
  expect(() => makeOptimizer({ type: "sgd", clipNorm: 1, clipValue: 1 })).toThrow(/choose one/);
  expect(() => makeOptimizer({ type: "sgd", learningRate: Number.NaN })).toThrow(/finite number/);
});

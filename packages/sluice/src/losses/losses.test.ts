import { describe, expect, test } from "vitest";
import { multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { type LossSpec, makeLoss } from "./losses.ts";

interface LossCase {
  readonly name: string;
  readonly loss: string;
  readonly options: Record<string, unknown>;
  readonly inputs: {
    readonly yTrue: OracleTensor;
    readonly yPred: OracleTensor;
    readonly sampleWeight?: unknown;
    readonly mask?: unknown;
  };
  readonly expected: { readonly perSample: OracleTensor; readonly gradients: { readonly yPred: OracleTensor } };
}

const backend = getBackend("reference");
const cases = [...oracleCases<LossCase>("keras-losses"), ...oracleCases<LossCase>("numpy-losses")];

describe("losses", () => {
  // Weighted and masked means are fit's; here each loss stands alone.
  const plain = cases.filter(({ inputs }) => !inputs.sampleWeight && !inputs.mask);
  test.each(plain)("agree with Keras and NumPy: $name", ({ loss, options, inputs, expected }) => {
    const { quantiles, ...rest } = options;
    const spec = { type: loss, ...rest, ...(quantiles ? { levels: quantiles } : {}) } as LossSpec;
    const actual = tensor(Float64Array.from(inputs.yTrue.data), inputs.yTrue.shape, { backend });
    const predicted = tensor(Float64Array.from(inputs.yPred.data), inputs.yPred.shape, { backend });
    const perExample = makeLoss(spec).perExample(actual, predicted);
    expect(perExample.shape).toEqual(expected.perSample.shape);
    // Twelve printed digits; Keras's guards for log(0) differ in the last places.
    expectClose(perExample.dataSync(), expected.perSample.data, { rtol: 1e-6, atol: 1e-9 }, "loss");
    const scale = 1 / perExample.size;
    const { gradients } = valueAndGradients(
      () => multiply(sum(makeLoss(spec).perExample(actual, predicted)), scale),
      [predicted],
    );
    expectClose(gradients[0]!.dataSync(), expected.gradients.yPred.data, { rtol: 1e-6, atol: 1e-9 }, "gradient");
  });

  test("name what does not fit", () => {
    const a = tensor([[1, 2]], undefined, { backend });
    expect(() => makeLoss("mse").perExample(a, tensor([[1]], undefined, { backend }))).toThrow(
      /targets \[1, 2\] and predictions \[1, 1\]/,
    );
    expect(() => makeLoss("mean" as LossSpec)).toThrow(/losses are meanSquaredError/);
    expect(() => makeLoss({ type: "quantile", levels: [0, 1] })).toThrow(/between 0 and 1/);
  });
});

import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { add, multiply, stopGradient, subtract, tanh } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { concat, reshape, slice } from "../autograd/ops/shape.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { type ScanOptions, scan } from "./scan.ts";

const backend = getBackend("reference");

/** The example of docs/custom-cells.md, with the values it promises. */
describe("a moving average by scan", () => {
  type Average = { readonly mean: Tensor };
  const xs = tensor([1, 2, 3, 10, 20, 30], [2, 3, 1], { backend });
  const decay = tensor([0.5], [1], { backend });
  const step = (x: Tensor, { mean }: Average): Average => ({
    mean: add(multiply(decay, mean), multiply(subtract(1, decay), x)),
  });
  const start: Average = { mean: zeros([2, 1], { backend }) };
  const run = (options: Partial<ScanOptions<Average>> = {}) => scan(step, start, xs, { output: ({ mean }) => mean, ...options });
  const outputOf = (options?: Partial<ScanOptions<Average>>): number[] => [...run(options).output.dataSync()];

  test("runs both ways, holds at masked steps, gives all outputs or the last", () => {
    expect(outputOf()).toEqual([0.5, 1.25, 2.125, 5, 12.5, 21.25]);
    expect(outputOf({ goBackwards: true })).toEqual([1.5, 1.75, 1.375, 15, 17.5, 13.75]);
    expect(outputOf({ mask: tensor([1, 0, 1, 1, 1, 0], [2, 3], { backend }) })).toEqual([0.5, 0.5, 1.75, 5, 12.5, 12.5]);
    expect(outputOf({ returnSequences: false })).toEqual([2.125, 21.25]);
  });
  test("differentiates through all steps", () => {
    const { gradients } = valueAndGradients(() => sum(run().state.mean), [decay]);
    // d/dd (1 − d)(x₃ + d x₂ + d² x₁) at ½, for both rows: −4.25 + 1.5 and ten times that
    expectClose((gradients[0] as Tensor).dataSync(), [-30.25], { atol: 1e-12 });
  });
});

describe("the state a scan carries", () => {
  type Pair = { readonly a: Tensor; readonly b: Tensor };
  const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend } });
  const step = (x: Tensor, { a, b }: Pair): Pair => ({ a: tanh(add(x, b)), b: multiply(add(a, b), 0.7) });
  const output = ({ a }: Pair): Tensor => a;
  const [xs, a, b] = [random([2, 5, 2], 1), random([2, 2], 2), random([2, 2], 3)];
  const mask = tensor([1, 0, 1, 1, 1, 0, 1, 1, 0, 1], [2, 5], { backend });

  test.each([true, false])("takes gradients back to the start and to x, goBackwards %s", (goBackwards) => {
    checkGradients(() => {
      const { output: shown, state } = scan(step, { a, b }, xs, { output, mask, goBackwards });
      return concat([shown, state.a, state.b].map((part) => reshape(part, [-1])));
    }, [xs, a, b]);
  });
  test("takes them across calls, until stopGradient cuts", () => {
    const inTwo = (cut: (x: Tensor) => Tensor): Tensor => {
      const head = scan(step, { a, b }, slice(xs, 0, 2, { axis: 1 }), { output });
      const state = { a: cut(head.state.a), b: cut(head.state.b) };
      return sum(scan(step, state, slice(xs, 2, 5, { axis: 1 }), { output }).output);
    };
    const whole = valueAndGradients(() => sum(slice(scan(step, { a, b }, xs, { output }).output, 2, 5, { axis: 1 })), [a, b]);
    const joined = valueAndGradients(() => inTwo((x) => x), [a, b]);
    const apart = valueAndGradients(() => inTwo(stopGradient), [a, b]);
    for (const k of [0, 1]) {
      expectClose((joined.gradients[k] as Tensor).dataSync(), (whole.gradients[k] as Tensor).dataSync(), { atol: 1e-13 });
      expect([...(apart.gradients[k] as Tensor).dataSync()]).toEqual([0, 0, 0, 0]);
    }
  });
});

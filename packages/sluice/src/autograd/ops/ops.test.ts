import { describe, expect, test } from "vitest";
import { getBackend } from "../../backend/index.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ShapeError, StateError, ValueError } from "../../errors.ts";
import { full, inStep, type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { checkGradients, randomTensor } from "../gradient-check.ts";
import { defineOp, record, valueAndGradients } from "../tape.ts";
import * as ops from "./index.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
/** Random numbers moved away from 0, where abs, relu and their kin have no slope; above 0 for logarithms and roots. */
const positive = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    random(shape, seed)
      .dataSync()
      .map((v) => Math.abs(v) + 0.3),
    shape,
    { backend },
  );
const mask = tensor([1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1], [3, 4], { backend });

const unary: Record<string, (x: Tensor) => Tensor> = {
  negate: ops.negate,
  abs: ops.abs,
  sign: ops.sign,
  square: ops.square,
  exp: ops.exp,
  sin: ops.sin,
  cos: ops.cos,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  relu: ops.relu,
  softplus: ops.softplus,
  logSigmoid: ops.logSigmoid,
  logCosh: ops.logCosh,
  softmax: ops.softmax,
  logSoftmax: ops.logSoftmax,
};
const ofPositive = { log: ops.log, log1p: ops.log1p, sqrt: ops.sqrt, reciprocal: ops.reciprocal };
const binary = { add: ops.add, subtract: ops.subtract, multiply: ops.multiply, minimum: ops.minimum, maximum: ops.maximum };
const activations: readonly ActivationName[] = [
  "linear",
  "sigmoid",
  "tanh",
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "hardSigmoid",
  "hardTanh",
  "exponential",
  "gelu",
  "silu",
  "mish",
];

describe("gradients are the slopes of the outputs", () => {
  test.each(Object.entries(unary))("%s", (_, f) => checkGradients(f, [random([3, 4], 5)]));
  test.each(Object.entries(ofPositive))("%s", (_, f) => checkGradients(f, [positive([3, 4])]));
  test.each(activations)("activation %s", (name) => checkGradients((x) => ops.activate(name, x), [random([4, 5], 3)]));

  test.each(Object.entries(binary))("%s, also broadcast", (_, f) => {
    checkGradients(f, [random([3, 4], 1), random([3, 4], 2)]);
    checkGradients(f, [random([3, 1, 2], 1), random([4, 1], 2)]);
    checkGradients((x) => f(x, 0.7), [random([3], 4)]);
    checkGradients((x) => f(0.7, x), [random([3], 4)]);
  });
  test("divide and power", () => {
    checkGradients(ops.divide, [random([3, 4]), positive([4], 2)]);
    checkGradients(ops.power, [positive([3, 4]), random([4], 2)]);
    checkGradients((x) => ops.power(x, 3), [random([5], 6)]);
  });
  test("clip, where, stopGradient", () => {
    checkGradients((x) => ops.clip(x, -0.8, 0.8), [random([12], 8)]);
    checkGradients((a, b) => ops.where(mask, a, b), [random([3, 4], 1), random([3, 4], 2)]);
    const { gradients } = valueAndGradients(
      () => ops.sum(ops.multiply(ops.stopGradient(full([2], 3, { backend })), random([2]))),
      [random([2])],
    );
    expect([...(gradients[0] as Tensor).dataSync()]).toEqual([0, 0]);
  });

  test("cross-entropy, and it is what log-softmax says of the label", () => {
    const labels = tensor([2, 0, 4, 1, 3, 3], [2, 3], { backend });
    checkGradients((scores) => ops.crossEntropy(scores, labels), [random([2, 3, 5], 4)]);
    const scores = random([2, 3, 5], 4);
    const logs = ops.logSoftmax(scores).dataSync();
    expectClose(
      ops.crossEntropy(scores, labels).dataSync(),
      Array.from(labels.dataSync(), (label, row) => -(logs[row * 5 + label] as number)),
      { atol: 1e-14 },
      "losses",
    );
  });

  test("matmul, plain and for each entry of a first axis", () => {
    checkGradients(ops.matmul, [random([2, 3], 1), random([3, 4], 2)]);
    checkGradients(ops.matmul, [random([2, 2, 3], 1), random([2, 3, 2], 2)]);
  });
  test("matmulTransposed, and it is the product with the transpose", () => {
    const [a, b] = [random([2, 3, 4], 1), random([2, 5, 4], 2)];
    checkGradients(ops.matmulTransposed, [a, b]);
    const other = ops.matmul(a, ops.transpose(b, [0, 2, 1]));
    expectClose(ops.matmulTransposed(a, b).dataSync(), other.dataSync(), { atol: 1e-14 }, "products");
    expect(() => ops.matmulTransposed(a, random([2, 4, 5]))).toThrow(ShapeError);
  });
  test("linear, with and without bias, over further axes", () => {
    checkGradients(ops.linear, [random([2, 3], 1), random([3, 4], 2), random([4], 3)]);
    checkGradients((x, w) => ops.linear(x, w), [random([2, 2, 3], 1), random([3, 2], 2)]);
  });

  test.each([undefined, 0, 1, -1, [0, 2]] as const)("sum, mean and max over axis %j", (axis) => {
    const options = axis === undefined ? {} : { axis };
    for (const keepDims of [false, true]) {
      checkGradients((x) => ops.sum(x, { ...options, keepDims }), [random([2, 3, 2])]);
      checkGradients((x) => ops.mean(x, { ...options, keepDims }), [random([2, 3, 2])]);
      checkGradients((x) => ops.max(x, { ...options, keepDims }), [random([2, 3, 2])]);
    }
  });

  test("changes of shape", () => {
    const x = random([2, 3, 4]);
    checkGradients((a) => ops.reshape(a, [4, -1]), [x]);
    checkGradients((a) => ops.squeeze(ops.expandDims(a, 1), 1), [x]);
    checkGradients((a) => ops.transpose(a), [x]);
    checkGradients((a) => ops.transpose(a, [1, 0, 2]), [x]);
    checkGradients((a) => ops.slice(a, 1, -1, { axis: 2 }), [x]);
    checkGradients((a) => ops.reverse(a, 1), [x]);
    checkGradients((a) => ops.multiply(...(ops.split(a, 2, { axis: 2 }) as [Tensor, Tensor])), [x]);
    checkGradients((a) => ops.broadcastTo(a, [3, 2, 4]), [random([2, 1])]);
    checkGradients((a, b) => ops.concat([a, b, a], { axis: 1 }), [random([2, 3], 1), random([2, 2], 2)]);
    checkGradients((a, b) => ops.stack([a, b, a], { axis: 1 }), [random([2, 3], 1), random([2, 3], 2)]);
  });

  test("gatherRows adds up repeated rows", () => {
    const indices = tensor([1, 0, 1, 3], [2, 2], { backend });
    checkGradients((table) => ops.gatherRows(table, indices), [random([4, 3])]);
  });
  test("layerNorm, with and without scale and shift", () => {
    checkGradients(
      (x, scale, shift) => ops.layerNorm(x, scale, shift, 1e-3),
      [random([3, 4], 1), random([4], 2), random([4], 3)],
    );
    checkGradients((x) => ops.layerNorm(x, null, null, 1e-3), [random([2, 2, 3], 1)]);
  });
  test("dropout with one key is one linear map", () => {
    const key = { seed: 3, stream: 1, step: 0 };
    checkGradients((x) => ops.dropout(x, 0.4, key), [random([3, 4])]);
    checkGradients((x) => ops.dropout(x, 0.4, key, [3, 1]), [random([3, 4])]);
  });

  const fusedCases = [false, true].flatMap((goBackwards) =>
    [false, true].flatMap((returnSequences) => [null, mask].map((m) => ({ goBackwards, returnSequences, mask: m }))),
  );
  const [B, T, I, H] = [3, 4, 2, 2];
  /** All outputs of a fused sequence, side by side, so that each of their gradients is used at once. */
  const joined = (outputs: readonly Tensor[]): Tensor => ops.concat(outputs.map((y) => ops.reshape(y, [-1])));

  test.each(fusedCases)("lstmSequence $goBackwards $returnSequences $mask", ({ mask: m, ...options }) => {
    const fused = { activation: "tanh", recurrentActivation: "sigmoid", ...options } as const;
    const at = [
      random([B, T, I], 1),
      random([I, 4 * H], 2),
      random([H, 4 * H], 3),
      random([4 * H], 4),
      random([B, H], 5),
      random([B, H], 6),
    ];
    checkGradients((x, w, r, b, h, c) => joined(ops.lstmSequence(x, w, r, b, h, c, m, fused)), at);
    checkGradients((x, w, r, _b, h, c) => ops.lstmSequence(x, w, r, null, h, c, m, fused)[0], at);
    checkGradients((x, w, r, _b, h, c) => ops.lstmSequence(x, w, r, null, h, c, m, fused)[2], at);
  });
  test.each(fusedCases)("gruSequence $goBackwards $returnSequences $mask", ({ mask: m, ...options }) => {
    const at = [
      random([B, T, I], 1),
      random([I, 3 * H], 2),
      random([H, 3 * H], 3),
      random([3 * H], 4),
      random([3 * H], 5),
      random([B, H], 6),
    ];
    const fused = { activation: "tanh", recurrentActivation: "sigmoid", ...options } as const;
    checkGradients((x, w, r, b, rb, h) => joined(ops.gruSequence(x, w, r, b, rb, h, m, { ...fused, resetAfter: true })), at);
    checkGradients((x, w, r, b, _, h) => joined(ops.gruSequence(x, w, r, b, null, h, m, { ...fused, resetAfter: false })), at);
    checkGradients((x, w, r, _b, _, h) => ops.gruSequence(x, w, r, null, null, h, m, { ...fused, resetAfter: false })[1], at);
  });
  test.each(fusedCases)("rnnSequence $goBackwards $returnSequences $mask", ({ mask: m, ...options }) => {
    const at = [random([B, T, I], 1), random([I, H], 2), random([H, H], 3), random([H], 4), random([B, H], 5)];
    const fused = { activation: "tanh", recurrentActivation: "sigmoid", ...options } as const;
    checkGradients((x, w, r, b, h) => joined(ops.rnnSequence(x, w, r, b, h, m, fused)), at);
    checkGradients((x, w, r, _b, h) => ops.rnnSequence(x, w, r, null, h, m, fused)[0], at);
  });
});

describe("checkGradients", () => {
  test("finds a wrong gradient, a missing one and a float32 tensor", () => {
    const half = (x: Tensor): Tensor => ops.add(ops.multiply(x, 0.5), ops.multiply(ops.stopGradient(x), 0.5)); // y = x, dx = dy / 2
    expect(() => checkGradients(half, [random([2])])).toThrow(/the slope is/);
    expect(() => checkGradients((x) => ops.stopGradient(x), [random([2])])).toThrow(/backward says 0/);
    expect(() => checkGradients((x) => x, [])).toThrow(ValueError);
  });
});

describe("the tape", () => {
  test("adds the gradients of a tensor used twice, and gives zeros where the loss does not depend on it", () => {
    const [x, unused] = [tensor([3], [1], { backend }), tensor([5], [1], { backend })];
    const { value, gradients } = valueAndGradients(() => ops.sum(ops.add(ops.square(x), ops.multiply(x, 4))), [x, unused]);
    expect(value.dataSync()[0]).toBe(21);
    expect(gradients.map((g) => g.dataSync()[0])).toEqual([10, 0]); // 2x + 4
  });
  test("tells an operation which of its gradients anybody asks for", () => {
    const asked: (readonly boolean[])[] = [];
    const product = defineOp({
      name: "product",
      forward: (a: Tensor, b: Tensor, scale: number) => ({ output: ops.multiply(ops.multiply(a, b), scale), saved: { a, b } }),
      backward: (dy, { a, b }, needed) => {
        asked.push(needed);
        return [ops.multiply(dy, b), ops.multiply(dy, a)];
      },
    });
    const [a, b] = [random([3], 1), random([3], 2)];
    valueAndGradients(() => ops.sum(product(a, b, 1)), [b]);
    valueAndGradients(() => ops.sum(product(ops.square(a), b, 1)), [a]);
    expect(asked).toEqual([
      [false, true, false],
      [true, false, false],
    ]);
  });
  test("pulls back from several results at once", () => {
    const [a, dy, dz] = [random([3], 1), random([3], 2), random([3], 3)];
    const found = inStep(backend, () => {
      const { result, tape } = record([a], () => [ops.square(a), ops.tanh(a)] as const);
      const [gradient] = tape.pullBack([
        [result[0], dy],
        [result[1], dz],
      ]);
      return gradient as Tensor;
    });
    const loss = () => ops.sum(ops.add(ops.multiply(ops.square(a), dy), ops.multiply(ops.tanh(a), dz)));
    expectClose(found.dataSync(), valueAndGradients(loss, [a]).gradients[0]?.dataSync() ?? [], { atol: 1e-14 }, "da");
  });
  test("is used once", () => {
    inStep(backend, () => {
      const x = tensor([3], [], { backend });
      const { result, tape } = record([x], () => ops.square(x));
      tape.gradients(result);
      expect(() => tape.gradients(result)).toThrow(StateError);
    });
  });
  test("a NaN on the side `where` did not choose stays there, forward and backward", () => {
    const x = tensor([Number.NaN, 2], [2], { backend });
    const use = tensor([0, 1], [2], { backend });
    const { value, gradients } = valueAndGradients(() => ops.sum(ops.where(use, ops.square(x), full([2], 1, { backend }))), [x]);
    expect(value.dataSync()[0]).toBe(5);
    // ∂/∂x of the unchosen side is 0 · 2x: the gradient that reaches it is 0, and only x itself is NaN.
    expect((gradients[0] as Tensor).dataSync()[1]).toBe(4);
  });
});

describe("errors", () => {
  test("say which shapes met", () => {
    expect(() => ops.matmul(random([2, 3]), random([2, 3]))).toThrow(/Cannot multiply \[2, 3\] by \[2, 3\]/);
    expect(() => ops.add(random([2, 3]), random([2, 4]))).toThrow(ShapeError);
    expect(() => ops.concat([random([2, 3]), random([3, 3])])).toThrow(/along axis -1/);
    expect(() => ops.concat([])).toThrow(ValueError);
    expect(() => ops.split(random([2, 3]), 2)).toThrow(/not a multiple of 2/);
    expect(() => ops.slice(random([2, 3]), 1, 5)).toThrow(ShapeError);
    expect(() => ops.reshape(random([2, 3]), [4, -1])).toThrow(/6 elements must stay 6/);
    expect(() => ops.linear(random([2, 3]), random([4, 2]))).toThrow(/last axis must be 4/);
    expect(() => ops.checkIndices([0, 7], 5, "look up")).toThrow(/index 7 at position 1/);
  });
});

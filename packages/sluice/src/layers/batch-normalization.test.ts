import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { loadModel } from "../formats/safetensors/load-model.ts";
import { saveModel } from "../formats/safetensors/save-model.ts";
import type { Model } from "../models/model.ts";
import { sequential } from "../models/sequential.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { type BatchNormalization, batchNormalization } from "./batch-normalization.ts";
import { indRnn } from "./cells/ind-rnn.ts";
import { dense } from "./dense.ts";
import { timeDistributed } from "./time-distributed.ts";

const reference = getBackend("reference");
type Named = Readonly<Record<string, OracleTensor>>;

interface Case {
  readonly name: string;
  readonly options: { readonly momentum: number; readonly epsilon: number };
  readonly training: boolean;
  readonly weights: Named;
  readonly inputs: { readonly x: OracleTensor; readonly mask?: OracleTensor };
  readonly upstream: { readonly output: OracleTensor };
  readonly expected: { readonly output: OracleTensor; readonly loss: number; readonly gradients: Named; readonly after: Named };
}

const upload = ({ shape, data }: OracleTensor): Tensor => tensor(data, shape, { backend: reference });
const statistics = ({ movingMean, movingVariance }: BatchNormalization): number[] => [
  ...movingMean.tensor.dataSync(),
  ...movingVariance.tensor.dataSync(),
];

test.each(oracleCases<Case>("batch-normalization"))("agrees with Keras and PyTorch: $name", (oracle) => {
  const { options, training, weights, inputs, upstream, expected } = oracle;
  const layer = batchNormalization({ ...options, backend: "reference" });
  layer.build([inputs.x.shape]);
  layer.load(weights);
  const [x, mask] = [upload(inputs.x), inputs.mask ? upload(inputs.mask) : null];
  const learned = layer.parameters.filter(({ trainable }) => trainable);
  const run = (): Tensor => multiply(layer.forward(x, { training, mask }).output, upload(upstream.output));
  const { value, gradients } = valueAndGradients(() => sum(run()), [...learned.map((each) => each.tensor), x]);
  // Keras divides by the number of used steps + 1e-7; the file has twelve digits.
  const close = mask ? { rtol: 1e-6, atol: 1e-6 } : { rtol: 1e-9, atol: 1e-10 };
  expectClose(value.dataSync(), [expected.loss], close, "loss");
  [...learned.map(({ path }) => path.slice(path.indexOf("/") + 1)), "x"].forEach((name, k) => {
    expectClose(gradients[k]?.dataSync() ?? [], expected.gradients[name]?.data ?? [], close, `gradient of ${name}`);
  });
  const after = [...(expected.after.movingMean?.data ?? []), ...(expected.after.movingVariance?.data ?? [])];
  expectClose(statistics(layer), after, close, "statistics after the step");
});

describe("batchNormalization", () => {
  const built = (options = {}): BatchNormalization => {
    const layer = batchNormalization({ ...options, backend: "reference", gammaInitializer: "randomNormal", seed: 3 });
    layer.build([[null, null, 3]]);
    return layer;
  };
  const x = randomTensor([4, 5, 3], { seed: 1, like: { backend: reference } });
  const mask = tensor([1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [4, 5], { backend: reference });

  test("its gradients are the slopes of its outputs, with and without padding", () => {
    const layer = built();
    const weight = randomTensor([4, 5, 3], { seed: 2, like: { backend: reference } });
    const uses = multiply(weight, tensor([...mask.dataSync()], [4, 5, 1], { backend: reference }));
    const run = (mask: Tensor | null) => () =>
      sum(multiply(layer.forward(x, { training: true, mask }).output, mask ? uses : weight));
    const wrt = [x, ...layer.parameters.filter(({ trainable }) => trainable).map((each) => each.tensor)];
    checkGradients(run(null), wrt);
    checkGradients(run(mask), wrt);
  });

  test("training gives each feature mean beta and variance gamma² over the used steps", () => {
    const layer = batchNormalization({ epsilon: 1e-9, backend: "reference" });
    const y = layer.forward(x, { training: true, mask }).output.dataSync();
    const used = mask.dataSync();
    for (let k = 0; k < 3; k++) {
      const column = Array.from(used, (use, row) => (use ? [y[row * 3 + k] as number] : [])).flat();
      const mean = column.reduce((a, b) => a + b, 0) / column.length;
      expect(mean).toBeCloseTo(0, 10);
      expect(column.reduce((s, v) => s + (v - mean) ** 2, 0) / column.length).toBeCloseTo(1, 6);
    }
  });

  test("what stands in padding does not matter", () => {
    const dirty = tensor(
      x.dataSync().map((v, k) => (mask.dataSync()[Math.floor(k / 3)] ? v : Number.NaN)),
      [4, 5, 3],
      { backend: reference },
    );
    const [clean, other] = [built(), built()];
    const y = clean.forward(x, { training: true, mask }).output.dataSync();
    const z = other.forward(dirty, { training: true, mask }).output.dataSync();
    mask.dataSync().forEach((use, row) => {
      if (use) expect([...z.subarray(row * 3, row * 3 + 3)]).toEqual([...y.subarray(row * 3, row * 3 + 3)]);
    });
    expect(z.every(Number.isFinite)).toBe(true);
    expect(statistics(other)).toEqual(statistics(clean));
  });

  test("prediction reads the running statistics, leaves them alone, and no row sees another", () => {
    const layer = built();
    for (let k = 0; k < 3; k++) layer.forward(x, { training: true });
    const before = statistics(layer);
    const whole = layer.forward(x).output.dataSync();
    const alone = layer.forward(tensor(x.dataSync().subarray(15, 30), [1, 5, 3], { backend: reference })).output.dataSync();
    expect([...alone]).toEqual([...whole.subarray(15, 30)]);
    expect(statistics(layer)).toEqual(before);
    expect(before).not.toEqual(statistics(built()));
  });

  test("a frozen layer normalizes by its running statistics in training too, and keeps them", () => {
    for (const layer of [built({ trainable: false }), built()]) {
      layer.trainable = false;
      const before = statistics(layer);
      expect([...layer.forward(x, { training: true }).output.dataSync()]).toEqual([...layer.forward(x).output.dataSync()]);
      expect(statistics(layer)).toEqual(before);
      layer.trainable = true;
      expect(layer.parameters.map(({ trainable }) => trainable)).toEqual([true, true, false, false]);
    }
  });

  test("inside timeDistributed it sees the same rows", () => {
    const [plain, inside] = [built(), built()];
    const y = plain.forward(x, { training: true }).output;
    const z = timeDistributed(inside, { backend: "reference" }).forward(x, { training: true }).output;
    expectClose(z.dataSync(), y.dataSync(), { atol: 1e-12 });
    expectClose(statistics(inside), statistics(plain), { atol: 1e-12 });
  });

  test("says what is wrong", () => {
    expect(() => batchNormalization({ epsilon: 0 })).toThrow(
      "Cannot make BatchNormalization with epsilon 0: it is a number above 0.",
    );
    expect(() => batchNormalization({ momentum: 1 })).toThrow("momentum 1: it is a number from 0 to below 1.");
    expect(() => built().forward(randomTensor([2, 5, 4], { seed: 1, like: { backend: reference } }))).toThrow(
      "it reads [batch, …, 3 features]",
    );
    expect(() => built().forward(x, { training: true, mask: tensor([1, 0], [1, 2], { backend: reference }) })).toThrow(
      /with a mask of shape \[1, 2\]/,
    );
  });
});

describe.each(["reference", "wasm"] as const)("a stack of IndRNN with batch normalization between, on %s", (backend) => {
  const stack = (seed = 1): Model =>
    sequential(
      [
        indRnn({ units: 12, returnSequences: true, inputShape: [null, 2] }),
        batchNormalization({ momentum: 0.9 }),
        indRnn({ units: 12, returnSequences: true }),
        batchNormalization({ momentum: 0.9 }),
        indRnn({ units: 12 }),
        dense({ units: 1 }),
      ],
      { seed, backend },
    );
  /** The adding problem over 12 steps: the sum of the two numbers that are marked. */
  const examples = (count: number, seed: number) => {
    const values = randomTensor([count, 12], { seed, like: { backend: reference } }).dataSync();
    const data = new Float32Array(count * 24);
    const sums = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      for (let t = 0; t < 12; t++) data[(row * 12 + t) * 2] = values[row * 12 + t] as number;
      for (const t of [(row * 5 + seed) % 6, 6 + ((row * 7 + seed) % 6)]) {
        data[(row * 12 + t) * 2 + 1] = 1;
        sums[row] = (sums[row] as number) + (values[row * 12 + t] as number);
      }
    }
    return { x: { shape: [count, 12, 2], data }, y: { shape: [count, 1], data: sums } };
  };

  test("learns, predicts with what it kept, is saved with it and streams", async () => {
    const net = stack();
    net.compile({ optimizer: { type: "adam", learningRate: 0.01 }, loss: "meanSquaredError" });
    const { x, y } = examples(128, 1);
    await net.fit(x, y, { epochs: 20, batchSize: 16 });
    const { loss } = await net.evaluate(x, y);
    const variance = y.data.reduce((s, v) => s + v * v, 0) / y.data.length;
    expect(loss).toBeLessThan(variance / 2);
    const { parameters, trainableParameters } = net.describe();
    expect(parameters - trainableParameters).toBe(2 * 2 * 12);

    const back = loadModel(await saveModel(net), { backend });
    const few = examples(3, 2).x;
    const { data: wanted } = await net.predict(few);
    expect([...(await back.predict(few)).data]).toEqual([...wanted]);
    const stream = net.stream({ batch: 3 });
    let last: ArrayLike<number> = [];
    for (let t = 0; t < 12; t++) {
      const step = Float32Array.from({ length: 6 }, (_, k) => few.data[(Math.floor(k / 2) * 12 + t) * 2 + (k % 2)] as number);
      last = Float64Array.from(stream.push(step));
    }
    expectClose(last, wanted, { rtol: 1e-5, atol: 1e-5 }); // float32: the plan multiplies out scale and shift beforehand
  });

  test("a step whose loss is not finite leaves the statistics alone", async () => {
    const net = stack();
    net.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const numbers = async () => [...(await net.weights())].map(([path, { data }]) => [path, [...data]]);
    const before = await numbers();
    const { x } = examples(4, 1);
    const y = { shape: [4, 1], data: new Float64Array(4).fill(backend === "wasm" ? 1e30 : 1e200) }; // their squares overflow
    await expect(net.fit(x, y, { epochs: 1 })).rejects.toThrow("The weights are those of the step before");
    expect(await numbers()).toEqual(before);
  });
});

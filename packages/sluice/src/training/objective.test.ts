import { describe, expect, test } from "vitest";
import { getBackend } from "../backend/index.ts";
import { type LossName, lstm, type Model, masking, type OptimizerSpec, dense, sequential, tensor } from "../index.ts";
import { inStep } from "../tensor/tensor.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { meanLoss } from "./objective.ts";

const backend = getBackend("reference");
const make = (data: Parameters<typeof tensor>[0]) => tensor(data, undefined, { backend });
const mean = (losses: number[] | number[][], mask: number[][] | null = null, weights: number[] | number[][] | null = null): number =>
  inStep(backend, () => meanLoss(make(losses), mask && make(mask), weights && make(weights))).dataSync()[0] as number;

describe("the mean of losses", () => {
  test("over examples, and over examples and steps", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(mean([[1, 2], [3, 6]])).toBe(3);
  });
  test("counts unmasked steps alone, whatever stands in the others", () => {
    expect(mean([[1, Number.NaN], [3, 5]], [[1, 0], [1, 1]])).toBe(3);
    expect(mean([[1, 2], [3, 4]], [[0, 0], [0, 0]])).toBe(0);
  });
  test("weights multiply, and do not change what is divided by (Keras)", () => {
    expect(mean([1, 2], null, [3, 0])).toBe(1.5);
    expect(mean([[1, 2], [3, 4]], null, [1, 2])).toBe((1 + 2 + 6 + 8) / 4);
    expect(mean([[1, 2], [3, 4]], [[1, 0], [1, 1]], [[5, 5], [1, 0]])).toBe((5 + 3) / 3);
  });
  test("a mask of examples' outputs that have no time axis is left aside", () => {
    expect(mean([1, 3], [[0, 0], [0, 0]])).toBe(2);
    expect(() => mean([1, 3], null, [[1, 1], [1, 1]])).toThrow(/losses of shape \[2\] by sample weights \[2, 2\]/);
  });
});

interface TrainingCase {
  readonly name: string;
  readonly loss: LossName;
  readonly options: { readonly layers: readonly { readonly layer: string; readonly options: { readonly units: number } }[] };
  readonly optimizer: { readonly optimizer: string; readonly options: Readonly<Record<string, number>> };
  readonly weights: Readonly<Record<string, OracleTensor>>;
  readonly inputs: { readonly x: OracleTensor; readonly y: OracleTensor };
  readonly expected: {
    readonly losses: readonly number[];
    readonly weightsAfter: Readonly<Record<string, Readonly<Record<string, OracleTensor>>>>;
  };
}

/** PyTorch adds epsilon after the bias correction, Keras and we before it: at step t theirs is ours divided by √(1 − β₂ᵗ). */
const epsilonAtFirstStep = ({ epsilon = 0, beta2 = 0 }: Readonly<Record<string, number>>): number => epsilon * Math.sqrt(1 - beta2);

describe.each([
  ["keras", 3],
  ["torch", 1],
] as const)("training steps as in %s", (framework, steps) => {
  test.each(oracleCases<TrainingCase>(`training-step-${framework}`).map((each) => [each.name, each] as const))("%s", async (_, oracle) => {
    const layers = oracle.options.layers.map(({ layer, options }, k) => {
      const given = { ...options, name: String(k), ...(k === 0 && { inputShape: [null, oracle.inputs.x.shape[2] as number] }) };
      return layer === "lstm" ? lstm(given) : dense(given);
    });
    const net: Model = sequential(layers, { backend: "reference" });
    const array = ({ shape, data }: OracleTensor) => ({ shape, data: Float64Array.from(data) });
    net.setWeights(new Map(Object.entries(oracle.weights).map(([path, values]) => [path, array(values)])));
    const { options } = oracle.optimizer;
    const epsilon = framework === "torch" ? epsilonAtFirstStep(options) : options.epsilon;
    const optimizer = { type: oracle.optimizer.optimizer, ...options, epsilon } as OptimizerSpec;
    net.compile({ optimizer, loss: oracle.loss });
    for (let step = 1; step <= steps; step++) {
      const { loss } = await net.trainOnBatch(array(oracle.inputs.x), array(oracle.inputs.y));
      expect(loss).toBeCloseTo(oracle.expected.losses[step - 1] as number, 9); // values are kept with 12 digits
      for (const [path, values] of Object.entries(oracle.expected.weightsAfter[step] ?? {})) {
        expectClose((await net.weights()).get(path)?.data ?? [], values.data, { rtol: 1e-8, atol: 1e-9 }, path);
      }
    }
  });
});

test("NaN in padded steps of x and y reaches neither loss nor weights", async () => {
  const train = async (padding: number): Promise<unknown> => {
    const net = sequential([masking({ inputShape: [null, 1], maskValue: -9 }), lstm({ units: 3, returnSequences: true }), dense({ units: 1 })], {
      backend: "reference",
      seed: 2,
    });
    net.compile({ optimizer: "sgd", loss: "mse" });
    const x = { shape: [1, 3, 1], data: Float64Array.of(1, 2, padding === 0 ? -9 : padding) };
    const y = { shape: [1, 3, 1], data: Float64Array.of(1, 0, padding) };
    const mask = { shape: [1, 3], data: Float64Array.of(1, 1, 0) };
    const { loss } = await net.fit(x, y, { mask, epochs: 2 });
    return [loss, await net.weights()];
  };
  expect(await train(Number.NaN)).toEqual(await train(0));
});

import { describe, expect, test } from "vitest";
import { getBackend } from "../backend/index.ts";
import { dense, lstm, masking, sequential, tensor } from "../index.ts";
import { inStep } from "../tensor/tensor.ts";
import { meanLoss } from "./objective.ts";

const backend = getBackend("reference");
const make = (data: Parameters<typeof tensor>[0]) => tensor(data, undefined, { backend });
const mean = (
  losses: number[] | number[][],
  mask: number[][] | null = null,
  weights: number[] | number[][] | null = null,
): number => inStep(backend, () => meanLoss(make(losses), mask && make(mask), weights && make(weights))).dataSync()[0] as number;

describe("the mean of losses", () => {
  test("over examples, and over examples and steps", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(
      mean([
        [1, 2],
        [3, 6],
      ]),
    ).toBe(3);
  });
  test("counts unmasked steps alone, whatever stands in the others", () => {
    expect(
      mean(
        [
          [1, Number.NaN],
          [3, 5],
        ],
        [
          [1, 0],
          [1, 1],
        ],
      ),
    ).toBe(3);
    expect(
      mean(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    ).toBe(0);
  });
  test("weights multiply, and do not change what is divided by (Keras)", () => {
    expect(mean([1, 2], null, [3, 0])).toBe(1.5);
    expect(
      mean(
        [
          [1, 2],
          [3, 4],
        ],
        null,
        [1, 2],
      ),
    ).toBe((1 + 2 + 6 + 8) / 4);
    expect(
      mean(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [1, 0],
          [1, 1],
        ],
        [
          [5, 5],
          [1, 0],
        ],
      ),
    ).toBe((5 + 3) / 3);
  });
  test("a mask of examples' outputs that have no time axis is left aside", () => {
    expect(
      mean(
        [1, 3],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    ).toBe(2);
    expect(() =>
      mean([1, 3], null, [
        [1, 1],
        [1, 1],
      ]),
    ).toThrow(/losses of shape \[2\] by sample weights \[2, 2\]/);
  });
});

test("NaN in padded steps of x and y reaches neither loss nor weights", async () => {
  const train = async (padding: number): Promise<unknown> => {
    const net = sequential(
      [masking({ inputShape: [null, 1], maskValue: -9 }), lstm({ units: 3, returnSequences: true }), dense({ units: 1 })],
      {
        backend: "reference",
        seed: 2,
      },
    );
    net.compile({ optimizer: "sgd", loss: "mse" });
    const x = { shape: [1, 3, 1], data: Float64Array.of(1, 2, padding === 0 ? -9 : padding) };
    const y = { shape: [1, 3, 1], data: Float64Array.of(1, 0, padding) };
    const mask = { shape: [1, 3], data: Float64Array.of(1, 1, 0) };
    const { loss } = await net.fit(x, y, { mask, epochs: 2 });
    return [loss, await net.weights()];
  };
  expect(await train(Number.NaN)).toEqual(await train(0));
});

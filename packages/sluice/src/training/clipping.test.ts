import { describe, expect, test } from "vitest";
import { type Model, type OptimizerSpec, sequential, simpleRnn, tensor } from "../index.ts";

const steps = 50;
const first = tensor(
  Array.from({ length: steps }, (_, t) => (t === 0 ? 1 : 0)),
  [1, steps, 1],
);

/** h_T = k w^(T−1) x_1, which should be 3: a cliff, for w a little above 1 is already far too much. */
function cliff(optimizer: OptimizerSpec): Model {
  const net = sequential([
    simpleRnn({
      units: 1,
      activation: "linear",
      useBias: false,
      kernelInitializer: "ones",
      recurrentInitializer: "ones",
      inputShape: [steps, 1],
    }),
  ]);
  return net.compile({ optimizer, loss: "mse" });
}

async function losses(optimizer: OptimizerSpec, updates: number): Promise<number[]> {
  const net = cliff(optimizer);
  const all: number[] = [];
  for (let k = 0; k < updates; k++) all.push((await net.trainOnBatch(first, tensor([[3]]))).loss ?? Number.NaN);
  return all;
}

describe("gradients that explode", () => {
  test("throw the loss up by orders of magnitude in one update", async () => {
    const [before = 0, after = 0] = await losses({ type: "sgd", learningRate: 0.002 }, 2);
    expect(before).toBe(4);
    expect(after).toBeGreaterThan(1e9);
  });

  test.each(["clipNorm", "globalClipNorm", "clipValue"] as const)("are held by %s: no spike, and it learns", async (clip) => {
    const all = await losses({ type: "sgd", learningRate: 0.002, [clip]: 1 }, 40);
    expect(Math.max(...all)).toBe(4);
    expect(all.at(-1)).toBeLessThan(0.1);
  });
});

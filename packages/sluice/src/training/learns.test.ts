import { describe, expect, test } from "vitest";
import { dense, dropout, embedding, getBackend, type History, lstm, sequential } from "../index.ts";
import { RandomStream } from "../random/philox.ts";

describe.each(["reference", "wasm"] as const)("on %s it learns", (backend) => {
  test("XOR", async () => {
    const net = sequential(
      [dense({ units: 8, activation: "tanh", inputShape: [2] }), dense({ units: 1, activation: "sigmoid" })],
      { backend, seed: 1 },
    );
    net.compile({ optimizer: { type: "adam", learningRate: 0.05 }, loss: "binaryCrossentropy", metrics: ["accuracy"] });
    const x = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const { metrics } = await net.fit(x, [[0], [1], [1], [0]], { epochs: 200 });
    expect(metrics.accuracy?.at(-1)).toBe(1);
    expect([...(await net.predict(x)).data].map(Math.round)).toEqual([0, 1, 1, 0]);
  });

  test("the adding problem: an LSTM sums the two marked numbers, better than their mean does", async () => {
    const [N, T] = [256, 8];
    const stream = new RandomStream({ seed: 3, stream: 0, step: 0 });
    const x = new Float32Array(N * T * 2);
    const y = new Float32Array(N);
    for (let n = 0; n < N; n++) {
      for (let t = 0; t < T; t++) x[(n * T + t) * 2] = stream.uniform();
      for (const t of [stream.below(T / 2), T / 2 + stream.below(T / 2)]) {
        x[(n * T + t) * 2 + 1] = 1;
        y[n]! += x[(n * T + t) * 2]!;
      }
    }
    const net = sequential([lstm({ units: 16, inputShape: [null, 2] }), dense({ units: 1 })], { backend, seed: 2 });
    net.compile({ optimizer: { type: "adam", learningRate: 0.02, globalClipNorm: 1 }, loss: "mse" });
    const { loss } = await net.fit({ shape: [N, T, 2], data: x }, { shape: [N], data: y }, { epochs: 40 });
    expect(loss[0]).toBeGreaterThan(0.1); // the variance of the sum of two uniform numbers is 1/6
    expect(loss.at(-1)).toBeLessThan(0.02);
  });
});

test.each(["reference", "wasm"] as const)("10,000 steps on %s hold no more memory than ten", async (name) => {
  const net = sequential(
    [embedding({ inputDim: 4, outputDim: 2, inputShape: [3] }), lstm({ units: 2 }), dropout({ rate: 0.2 }), dense({ units: 1 })],
    { backend: name },
  );
  net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  const backend = getBackend(name);
  const x = { shape: [10, 3], data: Float32Array.from({ length: 30 }, (_, k) => k % 4) };
  const y = { shape: [10, 1], data: Float32Array.from({ length: 10 }, (_, k) => k / 10) };
  const fit = (epochs: number): Promise<History> => net.fit(x, y, { batchSize: 1, epochs });
  await fit(1);
  const { persistentBytes, peakStepBytes, reservedBytes } = backend.memory();
  await fit(1000);
  const after = backend.memory();
  expect(after.stepBytes).toBe(0);
  expect(after.persistentBytes).toBeLessThanOrEqual(persistentBytes);
  expect(after.peakStepBytes).toBe(peakStepBytes);
  expect(after.reservedBytes).toBeLessThanOrEqual(reservedBytes);
});

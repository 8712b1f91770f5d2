import { expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { init } from "../../backend/index.ts";
import { loadModel } from "../../formats/safetensors/load-model.ts";
import { saveModel } from "../../formats/safetensors/save-model.ts";
import { model } from "../../models/functional.ts";
import type { Model } from "../../models/model.ts";
import { sequential } from "../../models/sequential.ts";
import { RandomStream } from "../../random/philox.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { concatenate } from "../concatenate.ts";
import { dense } from "../dense.ts";
import { embedding } from "../embedding.ts";
import { input } from "../input.ts";
import { lstm } from "../lstm.ts";
import { repeatVector } from "../repeat-vector.ts";
import type { SymbolicTensor } from "../symbolic.ts";
import { additiveAttention, attention, attentionPooling, multiHeadAttention, positions, transformerBlock } from "./index.ts";

await init({ backend: "wasm" });

/** LSTM, attention, LSTM, after Wen & Li 2023: an encoder, a look back for each step ahead, a decoder. */
function lstmAttentionLstm(
  { T, I, K, units }: Readonly<Record<"T" | "I" | "K" | "units", number>>,
  backend: "reference" | "wasm",
): { forecast: Model; looks: Model } {
  const inputs = input({ shape: [T, I] });
  const [encoded, h, c] = lstm({ units, returnSequences: true, returnState: true }).applyAll(inputs) as [
    SymbolicTensor,
    SymbolicTensor,
    SymbolicTensor,
  ];
  const asked = positions({ encoding: "learned", maxLength: K }).apply(repeatVector({ n: K }).apply(h));
  const [found, weights] = additiveAttention({ units, returnWeights: true }).applyAll([asked, encoded]) as [
    SymbolicTensor,
    SymbolicTensor,
  ];
  const decoded = lstm({ units, returnSequences: true }).apply([found, h, c]);
  const outputs = dense({ units: 1 }).apply(concatenate().apply([decoded, found]));
  return { forecast: model({ inputs, outputs, backend, seed: 1 }), looks: model({ inputs, outputs: weights, backend }) };
}

/** A wave with a slow beat: what comes next follows from the phase. */
function beats(
  count: number,
  T: number,
  K: number,
): { x: { shape: number[]; data: Float32Array }; y: { shape: number[]; data: Float32Array } } {
  const wave = (t: number): number => Math.sin(t / 3) * Math.cos(t / 17);
  const x = { shape: [count, T, 1], data: Float32Array.from({ length: count * T }, (_, k) => wave(Math.floor(k / T) + (k % T))) };
  const y = {
    shape: [count, K, 1],
    data: Float32Array.from({ length: count * K }, (_, k) => wave(Math.floor(k / K) + T + (k % K))),
  };
  return { x, y };
}

test("LSTM, attention, LSTM: gradients through all three are the slopes of the forecast", () => {
  const { forecast } = lstmAttentionLstm({ T: 4, I: 2, K: 3, units: 2 }, "reference");
  const x = randomTensor([2, 4, 2], { seed: 5, like: { backend: forecast.backend } });
  const weights = forecast.parameters.map((weight) => weight.tensor);
  checkGradients(() => forecast.forward(x)[0] as Tensor, [x, ...weights]);
});

test("LSTM, attention, LSTM: learns a wave, and shows where each step ahead looks", async () => {
  const [T, K] = [24, 6];
  const { forecast, looks } = lstmAttentionLstm({ T, I: 1, K, units: 12 }, "wasm");
  const { x, y } = beats(160, T, K);
  forecast.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss: "mse" });
  const { loss } = await forecast.fit(x, y, { batchSize: 16, epochs: 15 });
  expect(loss[0]).toBeGreaterThan(0.05); // the variance of the wave is a quarter
  expect(loss.at(-1)).toBeLessThan(0.01);
  const { shape, data } = await looks.predict(x);
  expect(shape).toEqual([160, K, T]);
  for (let row = 0; row < data.length; row += T) {
    let sum = 0;
    for (let t = 0; t < T; t++) sum += data[row + t] as number;
    expect(sum).toBeCloseTo(1, 5);
  }
});

test("attentionPooling learns where to look: its largest weight lies on the marked step", async () => {
  const [N, T] = [256, 10];
  const random = new RandomStream({ seed: 4, stream: 0, step: 0 });
  const x = { shape: [N, T, 2], data: new Float32Array(N * T * 2) };
  const y = { shape: [N, 1], data: new Float32Array(N) };
  const marked = Array.from({ length: N }, () => random.below(T));
  marked.forEach((at, n) => {
    for (let t = 0; t < T; t++) x.data[(n * T + t) * 2] = random.normal();
    x.data[(n * T + at) * 2 + 1] = 1;
    y.data[n] = x.data[(n * T + at) * 2] as number;
  });
  const inputs = input({ shape: [null, 2] });
  const [pooled, weights] = attentionPooling({ units: 8, returnWeights: true }).applyAll(inputs) as [
    SymbolicTensor,
    SymbolicTensor,
  ];
  const net = model({ inputs, outputs: dense({ units: 1 }).apply(pooled), seed: 1 });
  net.compile({ optimizer: { type: "adam", learningRate: 0.03 }, loss: "mse" });
  const { loss } = await net.fit(x, y, { batchSize: 32, epochs: 30 });
  expect(loss.at(-1)).toBeLessThan(0.1 * (loss[0] as number));
  const { data } = await model({ inputs, outputs: weights }).predict(x);
  const mostSeen = marked.filter((at, n) => Math.max(...data.slice(n * T, n * T + T)) === data[n * T + at]).length / N;
  expect(mostSeen).toBeGreaterThan(0.9); // guessing: 0.1
});

test("a Transformer with positions recalls the token before the last, at sequences of any length with padding", async () => {
  const [N, T, V] = [512, 8, 6]; // tokens 1 … 5; 0 is padding
  const random = new RandomStream({ seed: 6, stream: 0, step: 0 });
  const x = { shape: [N, T], data: new Float32Array(N * T) };
  const y = { shape: [N, T], data: new Float32Array(N * T) };
  for (let n = 0; n < N; n++) {
    const length = 2 + random.below(T - 1);
    for (let t = 0; t < length; t++) x.data[n * T + t] = 1 + random.below(V - 1);
    for (let t = 1; t < length; t++) y.data[n * T + t] = x.data[n * T + t - 1] as number;
  }
  const net = sequential(
    [
      embedding({ inputDim: V, outputDim: 16, maskZero: true, inputShape: [null] }),
      positions({ encoding: "learned", maxLength: T }),
      transformerBlock({ heads: 2, causal: true, forwardUnits: 32 }),
      dense({ units: V, activation: "softmax" }),
    ],
    { seed: 2 },
  );
  net.compile({ optimizer: { type: "adam", learningRate: 0.01 }, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const { metrics } = await net.fit(x, y, { batchSize: 32, epochs: 12 });
  expect(metrics.accuracy?.at(-1)).toBeGreaterThan(0.98);
});

test("every attention layer comes back from a file with the same outputs", async () => {
  const x = input({ shape: [6, 4] });
  const encoded = lstm({ units: 4, returnSequences: true }).apply(positions({ encoding: "learned", maxLength: 6 }).apply(x));
  const parts = [
    attention({ score: "general", useScale: true }).apply([x, encoded]),
    additiveAttention({ units: 3 }).apply([x, encoded]),
    multiHeadAttention({ heads: 2, keySize: 3 }).apply([encoded, x]),
    transformerBlock({ heads: 2, causal: true }).apply(positions().apply(encoded)),
  ];
  const net = model({
    inputs: x,
    outputs: dense({ units: 1 }).apply(attentionPooling().apply(concatenate().apply(parts))),
    seed: 3,
  });
  const { x: given } = beats(8, 24, 1);
  const read = { shape: [8, 6, 4], data: given.data };
  const loaded = await loadModel(await saveModel(net));
  expect((await loaded.predict(read)).data).toEqual((await net.predict(read)).data);
});

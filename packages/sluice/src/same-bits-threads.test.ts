import { afterAll, describe, expect, test } from "vitest";
import { init, shutdown } from "./backend/index.ts";
import { allowRelaxedSimd } from "./backend/wasm/testing/relaxed-simd.ts";
import type { WasmBackend } from "./backend/wasm/wasm-backend.ts";
import { bidirectional, dense, gru, type Layer, lstm, simpleRnn } from "./layers/index.ts";
import { sequential } from "./models/sequential.ts";

await allowRelaxedSimd();
afterAll(shutdown);

// Large enough that every fused call is shared; no thread count divides the batch, and the last batch is smaller.
const [N, T, I, H] = [61, 12, 5, 67];
const first = { inputShape: [null, I] };
const NETWORKS: Readonly<Record<string, () => Layer[]>> = {
  LSTM: () => [lstm({ units: H, returnSequences: true, dropout: 0.1, ...first }), lstm({ units: H })],
  GRU: () => [gru({ units: H, returnSequences: true, ...first }), gru({ units: H, resetAfter: false })],
  RNN: () => [simpleRnn({ units: 2 * H, returnSequences: true, ...first }), simpleRnn({ units: 2 * H })],
  bidirectional: () => [bidirectional(lstm({ units: H, recurrentDropout: 0.1 }), first)],
};

async function weightsAfter(layers: readonly Layer[], steps: number): Promise<number[]> {
  const model = sequential([...layers, dense({ units: 2 })], { seed: 11 });
  model.compile({ optimizer: { type: "adam", learningRate: 0.003, globalClipNorm: 1 }, loss: "mse" });
  const wave = (count: number, frequency: number): Float32Array =>
    Float32Array.from({ length: count }, (_, k) => ((k * frequency) % 97) / 48.5 - 1);
  const [x, y] = [
    { shape: [N, T, I], data: wave(N * T * I, 31) },
    { shape: [N, 2], data: wave(N * 2, 17) },
  ];
  await model.fit(x, y, { batchSize: 31, epochs: steps / 2, seed: 3 });
  const weights = await Promise.all(model.parameters.map(({ tensor }) => tensor.data()));
  return weights.flatMap((values) => Array.from(values));
}

describe.each(["simd", "relaxed"] as const)("100 training steps give the same bits on any number of threads, %s", (variant) => {
  test.each(Object.entries(NETWORKS))("%s", { timeout: 120_000 }, async (_, network) => {
    await init({ variant, threads: 1 });
    const expected = await weightsAfter(network(), 100);
    expect(expected.every(Number.isFinite)).toBe(true);
    for (const threads of [3, 16]) {
      const backend = (await init({ variant, threads })) as WasmBackend;
      await backend.ready();
      expect(backend.report().threadsRunning).toBe(threads);
      expect(await weightsAfter(network(), 100)).toEqual(expected);
    }
  });
});

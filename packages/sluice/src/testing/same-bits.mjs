// A training run that touches every source of randomness and every fused kernel; `sluice` is the built library, in Node or in a page.

/** SHA-256, in hex, of all weights after `steps` training steps from one seed. */
export async function weightsHash(sluice, steps, variant) {
  const backend = await sluice.init({ variant });
  if (backend.variant !== variant) return `variant ${backend.variant}`;
  const { bidirectional, dense, dropout, gru, lstm, sequential, simpleRnn } = sluice;
  const model = sequential(
    [
      bidirectional(lstm({ units: 7, returnSequences: true, dropout: 0.1 }), { inputShape: [null, 3] }),
      gru({ units: 6, returnSequences: true, recurrentDropout: 0.1 }),
      simpleRnn({ units: 5 }),
      dropout({ rate: 0.2 }),
      dense({ units: 2 }),
    ],
    { seed: 11 },
  );
  model.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss: "mse" });
  // 40 sequences of 9 steps from sines of whole numbers rounded to float32, the same on every host.
  const [N, T, I] = [40, 9, 3];
  const wave = (count, frequency) => Float32Array.from({ length: count }, (_, k) => ((k * frequency) % 97) / 48.5 - 1);
  const x = { shape: [N, T, I], data: wave(N * T * I, 31) };
  const y = { shape: [N, 2], data: wave(N * 2, 17) };
  await model.fit(x, y, { batchSize: 8, epochs: steps / 5, shuffle: true, seed: 3 });
  return hashOf(model);
}

/** The same for a layer large enough that threads share it; says so instead when fewer than `threads` are up. */
export async function threadedHash(sluice, steps, threads) {
  const backend = await sluice.init({ variant: "simd", threads });
  await backend.ready();
  if (backend.report().threadsRunning !== threads) return JSON.stringify(backend.report());
  const { dense, lstm, sequential } = sluice;
  const model = sequential([lstm({ units: 67, inputShape: [null, 5] }), dense({ units: 2 })], { seed: 11 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const [B, T, I] = [33, 20, 5];
  const wave = (count, frequency) => Float32Array.from({ length: count }, (_, k) => ((k * frequency) % 97) / 48.5 - 1);
  const [x, y] = [
    { shape: [B, T, I], data: wave(B * T * I, 31) },
    { shape: [B, 2], data: wave(B * 2, 17) },
  ];
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
  return hashOf(model);
}

/** SHA-256, in hex, of all weights. */
async function hashOf(model) {
  const weights = await Promise.all(model.parameters.map(({ tensor }) => tensor.data()));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(weights).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

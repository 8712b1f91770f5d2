import { describe, expect, test } from "vitest";
import {
  bidirectional,
  concatenate,
  dense,
  embedding,
  type FitOptions,
  flatten,
  input,
  lstm,
  type Model,
  memoryCheckpoints,
  model,
  type NumericArray,
  ops,
  sequential,
} from "../../index.ts";
import { expectClose } from "../../testing/oracle.ts";
import { B, I, outcome, random, T, x, y } from "./testing/sequences.ts";

test("memory does not grow with the length of the sequences, nor with their number", async () => {
  for (const everyStep of [false, true]) {
    const net = sequential([lstm({ units: 8, returnSequences: everyStep, inputShape: [null, I] }), dense({ units: 1 })], {
      backend: "wasm",
    });
    net.compile({ optimizer: "adam", loss: "mse" });
    const bytes: number[] = [];
    const onBatchEnd = (): void => void bytes.push(net.backend.memory().persistentBytes);
    const train = (steps: number) =>
      net.fit(random([6, steps, I], 1), random(everyStep ? [6, steps, 1] : [6, 1], 2), {
        batchSize: 2,
        callbacks: [{ onBatchEnd }],
        truncated: { updateEvery: 50, gradientSteps: 100 },
      });
    await train(200);
    const { peakStepBytes } = net.backend.memory();
    await train(3000);
    expect(net.backend.memory().peakStepBytes).toBe(peakStepBytes);
    expect(Math.max(...bytes.slice(3))).toBe(bytes[3]);
  }
});

test("pieces that are all padding update nothing", async () => {
  const mask: NumericArray = { shape: [1, T], data: Float64Array.from({ length: T }, (_, t) => (t < 5 ? 1 : 0)) };
  const net = sequential([lstm({ units: 3, returnSequences: true, inputShape: [null, I] }), dense({ units: 1 })], {
    backend: "reference",
  });
  net.compile({ optimizer: "adam", loss: "mse" });
  await net.fit(random([1, T, I], 1), random([1, T, 1], 2), { mask, truncated: { updateEvery: 3 } });
  expect(net.optimizer.iterations).toBe(2);
});

test("stateful layers go on from batch to batch, and from piece to piece", async () => {
  const make = () =>
    sequential([lstm({ units: 3, returnSequences: true, stateful: true, inputShape: [null, I] }), dense({ units: 1 })], {
      seed: 2,
      backend: "reference",
    }).compile({
      optimizer: { type: "sgd", learningRate: 0 },
      loss: "mse",
    });
  const [long, targets] = [random([6, T, I], 4), random([6, T, 1], 5)];
  const whole = make();
  const { loss } = await whole.fit(long, targets, { batchSize: B, epochs: 2 });
  for (const truncated of [{ updateEvery: 5 }, { updateEvery: 2, gradientSteps: 6 }]) {
    const cut = make();
    const history = await cut.fit(long, targets, { batchSize: B, epochs: 2, truncated });
    expectClose(history.loss, loss, { rtol: 1e-12 }, "loss");
    for (const [name, state] of whole.keptStates())
      expectClose(cut.keptStates().get(name)?.dataSync() as Float64Array, state.dataSync(), { rtol: 1e-12 }, name);
  }
});

test("sequences of class numbers, and inputs that are no sequences", async () => {
  const tokens: NumericArray = { shape: [B, T], data: Int32Array.from({ length: B * T }, (_, k) => (k * 7) % 5) };
  const text = sequential(
    [embedding({ inputDim: 5, outputDim: 3 }), lstm({ units: 4, returnSequences: true }), dense({ units: 5 })],
    { backend: "wasm" },
  );
  text.compile({
    optimizer: { type: "adam", learningRate: 0.03 },
    loss: { type: "sparseCategoricalCrossentropy", fromLogits: true },
    metrics: ["accuracy"],
  });
  const history = await text.fit(tokens, tokens, { epochs: 30, truncated: { updateEvery: 4 } });
  expect(history.loss.at(-1)).toBeLessThan((history.loss[0] as number) / 1.5);
  expect(history.metrics.accuracy?.at(-1)).toBeGreaterThan(0.5);

  const sequence = input({ shape: [null, I] });
  const facts = input({ shape: [2] });
  const joined = concatenate().apply([lstm({ units: 3 }).apply(sequence), facts]);
  const both = model({ inputs: [sequence, facts], outputs: dense({ units: 1 }).apply(joined) });
  both.compile({ optimizer: { type: "sgd", learningRate: 0.1 }, loss: "mse" });
  const { loss } = await both.fit([x, random([B, 2], 8)], random([B, 1], 3), { epochs: 5, truncated: { updateEvery: 4 } });
  expect(loss.at(-1)).toBeLessThan(loss[0] as number);
});

test("a run that dies between two batches goes on to the same bits, with the same pieces alone", async () => {
  const [long, targets] = [random([6, T, I], 4), random([6, T, 1], 5)];
  const truncated = { updateEvery: 3, gradientSteps: 6 };
  const make = () =>
    sequential([lstm({ units: 3, returnSequences: true, dropout: 0.2, inputShape: [null, I] }), dense({ units: 1 })], {
      seed: 2,
      backend: "wasm",
    }).compile({ optimizer: "adam", loss: "mse" });
  const whole = make();
  await whole.fit(long, targets, { batchSize: 2, epochs: 2, truncated });
  const store = memoryCheckpoints();
  const dying = make();
  const onBatchEnd = ({ step }: { step: number }): void => {
    if (step === 16) throw new Error("killed");
  };
  await expect(
    dying.fit(long, targets, {
      batchSize: 2,
      epochs: 2,
      truncated,
      callbacks: [{ onBatchEnd }],
      checkpoint: { store, everySteps: 1 },
    }),
  ).rejects.toThrow("killed");
  const again = make();
  const options = {
    batchSize: 2,
    epochs: 2,
    callbacks: [{ onBatchEnd: () => undefined }],
    checkpoint: { store, everySteps: 1 },
    resume: true,
  } as const;
  await expect(again.fit(long, targets, { ...options, truncated: { updateEvery: 3 } })).rejects.toThrow(
    /trained with truncated 3, 6 and this call has 3, 3/,
  );
  await again.fit(long, targets, { ...options, truncated });
  expect(await outcome(again)).toEqual(await outcome(whole));
});

test("a loss that is no number leaves the weights of the update before, and says where", async () => {
  const net = sequential([lstm({ units: 3, returnSequences: true, inputShape: [null, I] }), dense({ units: 1 })], {
    seed: 2,
    backend: "reference",
  });
  net.compile({
    optimizer: { type: "sgd", learningRate: 0.1 },
    loss: (actual, predicted) => ops.mean(ops.log(ops.subtract(actual, ops.multiply(predicted, 0))), { axis: -1 }),
  });
  const targets: NumericArray = { shape: [1, 6, 1], data: Float64Array.of(1, 1, 1, 1, -1, 1) };
  await expect(net.fit(random([1, 6, I], 1), targets, { truncated: { updateEvery: 2 } })).rejects.toThrow(
    /training step 2 is NaN/,
  );
  expect(net.optimizer.iterations).toBe(2);
});

describe("refuses, with the reason,", () => {
  const over = (...layers: Parameters<typeof sequential>[0]) => sequential(layers, { backend: "reference" });
  test.each<[string, () => Model, FitOptions["truncated"], RegExp]>([
    [
      "both directions",
      () => over(bidirectional(lstm({ units: 2, returnSequences: true })), dense({ units: 1 })),
      { updateEvery: 3 },
      /"bidirectional" \(Bidirectional\) reads the sequence as a whole/,
    ],
    [
      "reading from the end",
      () => over(lstm({ units: 2, returnSequences: true, goBackwards: true }), dense({ units: 1 })),
      { updateEvery: 3 },
      /"lstm" reads sequences from their end/,
    ],
    [
      "a layer over all of time",
      () => over(lstm({ units: 2, returnSequences: true }), flatten(), dense({ units: 1 })),
      { updateEvery: 3 },
      /"flatten" \(Flatten\) reads the sequence as a whole.*recompute: true/,
    ],
    [
      "k2 between the pieces",
      () => over(lstm({ units: 2, returnSequences: true }), dense({ units: 1 })),
      { updateEvery: 3, gradientSteps: 7 },
      /multiple of updateEvery, for example 9/,
    ],
    [
      "a number of steps that is none",
      () => over(lstm({ units: 2, returnSequences: true }), dense({ units: 1 })),
      { updateEvery: 0 },
      /truncated.updateEvery 0/,
    ],
  ])("%s", async (_, make, truncated, message) => {
    const net = make().compile({ loss: "mse" });
    await expect(net.fit(x, y, { truncated: truncated as NonNullable<FitOptions["truncated"]> })).rejects.toThrow(message);
  });

  test("targets of another length, models without sequences, and outputs of both kinds", async () => {
    const every = over(lstm({ units: 2, returnSequences: true }), dense({ units: 1 })).compile({ loss: "mse" });
    await expect(every.fit(x, random([B, 5, 1], 2), { truncated: { updateEvery: 3 } })).rejects.toThrow(
      /first sequence is \[3, 12, 2\] and another is \[3, 5, 1\]/,
    );
    const flat = over(dense({ units: 1 })).compile({ loss: "mse" });
    await expect(flat.fit(random([B, 4], 2), random([B, 1], 2), { truncated: { updateEvery: 3 } })).rejects.toThrow(
      /no sequence/,
    );
    const start = input({ shape: [null, I] });
    const hidden = lstm({ units: 2, returnSequences: true }).apply(start);
    const mixed = model({
      inputs: start,
      outputs: [dense({ units: 1 }).apply(hidden), lstm({ units: 1 }).apply(hidden)],
      backend: "reference",
    });
    mixed.compile({ loss: "mse" });
    await expect(mixed.fit(x, [y, random([B, 1], 2)], { truncated: { updateEvery: 3 } })).rejects.toThrow(
      /some of its outputs are sequences/,
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutant } from "../formats/testing/mutants.ts";
import * as whole from "../index.ts";
import * as inference from "../inference.ts";

const everyKind = Object.values(inference).filter(
  (value): value is inference.LayerForm => typeof value === "object" && "plan" in value,
);
const { loadModel } = inference;

const layerMakers: readonly ((options: { units: number; returnSequences: boolean }) => whole.Layer)[] = [
  whole.lstm,
  whole.gru,
  whole.simpleRnn,
  (options) => whole.gru({ ...options, resetAfter: false, useBias: false }),
  (options) => whole.lstm({ ...options, activation: "relu", recurrentActivation: "hardSigmoid" }),
];

function noise(shape: readonly number[], seed: number): { shape: readonly number[]; data: Float32Array } {
  const stream = new whole.RandomStream({ seed, stream: 1, step: 0 });
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.uniform() * 2 - 1) };
}

/** A stack of random layers on three features, with or without an output for each step. */
const stacks = fc.record({
  makers: fc.array(fc.constantFrom(...layerMakers), { minLength: 1, maxLength: 3 }),
  units: fc.integer({ min: 1, max: 12 }),
  sequence: fc.boolean(),
  head: fc.constantFrom("linear", "softmax", "tanh"),
  rows: fc.integer({ min: 1, max: 7 }),
  time: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(1000),
});
type Stack = typeof stacks extends fc.Arbitrary<infer T> ? T : never;

function networkOf({ makers, units, sequence, head, seed }: Stack): whole.Model {
  const layers = makers.map((make, k) => make({ units, returnSequences: sequence || k < makers.length - 1 }));
  const net = whole.sequential([...layers, whole.layerNormalization(), whole.dense({ units: 2, activation: head as "tanh" })], {
    seed,
  });
  net.build([[null, null, 3]]);
  return net;
}

describe("sluice/inference", () => {
  test("predicts what the whole library predicts, and a stream gives the same bits", async () => {
    const property = fc.asyncProperty(stacks, async (stack) => {
      const net = networkOf(stack);
      const x = noise([stack.rows, stack.time, 3], stack.seed);
      const model = await loadModel(await whole.saveModel(net), { layers: everyKind });
      const [got, want] = [await model.predict(x, { batchSize: 3 }), await net.predict(x)];
      expect(got.shape).toEqual(want.shape);
      // float32 sums of up to 24 terms through at most five layers
      const off = got.data.map((value, i) => Math.abs(value - (want.data[i] as number)));
      expect(Math.max(...off)).toBeLessThan(5e-6);
      const stream = model.stream();
      for (let t = 0; t < stack.time; t++) {
        const y = stream.push(x.data.subarray(t * 3, t * 3 + 3));
        const at = stack.sequence ? t * 2 : 0;
        if (stack.sequence || t === stack.time - 1) expect([...y]).toEqual([...got.data.subarray(at, at + 2)]);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test("graphs, words and quantized weights are those of the stream of the whole library", async () => {
    const x = whole.input({ shape: [null] });
    const words = whole.embedding({ inputDim: 9, outputDim: 4 }).apply(x);
    const kept = whole.dropout({ rate: 0.5 }).apply(whole.gru({ units: 4, returnSequences: true }).apply(words));
    const joined = whole.concatenate().apply([whole.add().apply([words, kept]), words]);
    const net = whole.model({
      inputs: x,
      outputs: whole.activation({ activation: "tanh" }).apply(whole.lstm({ units: 5 }).apply(joined)),
    });
    for (const type of ["float32", "float16", "bfloat16", "int8"] as const) {
      const small = whole.quantize(net, { type });
      const model = await loadModel(await whole.saveModel(small), { layers: everyKind });
      expect(model.weightType).toBe(type);
      const [ours, theirs] = [model.stream(), small.stream()];
      for (const word of [3, 8, 0, 3]) expect([...ours.push([word])]).toEqual([...theirs.push([word])]);
      const last = await model.predict({ shape: [1, 4], data: Int32Array.of(3, 8, 0, 3) });
      theirs.reset();
      let want = theirs.push([3]);
      for (const word of [8, 0, 3]) want = theirs.push([word]);
      expect([...last.data]).toEqual([...want]);
      ours.restore(theirs.state());
      expect([...ours.push([1])]).toEqual([...theirs.push([1])]);
    }
  });

  test("says which kind is not listed, which layer cannot be streamed, and which form has no fused step", async () => {
    const saved = (...layers: whole.Layer[]): Promise<Uint8Array> => whole.saveModel(whole.sequential(layers));
    const first = { units: 2, inputShape: [null, 3] };
    await expect(loadModel(await saved(whole.lstm(first)), { layers: [inference.dense] })).rejects.toThrow(
      /its layer "lstm" is of type "LSTM", and `layers` lists Dense/,
    );
    const twoWays = whole.bidirectional(whole.lstm({ units: 2 }), { inputShape: [null, 3] });
    await expect(loadModel(await saved(twoWays), { layers: everyKind })).rejects.toThrow(/"Bidirectional"/);
    await expect(loadModel(await saved(whole.lstm({ ...first, peepholes: "diagonal" })), { layers: everyKind })).rejects.toThrow(
      /its options have no fused step; load the model with the whole library/,
    );
    await expect(loadModel(await saved(whole.lstm({ ...first, goBackwards: true })), { layers: everyKind })).rejects.toThrow(
      inference.FormatError,
    );
  });

  test("refuses data that does not fit, and numbers that are none", async () => {
    const net = whole.sequential([whole.lstm({ units: 2, inputShape: [null, 3] })]);
    const model = await loadModel(await whole.saveModel(net), { layers: [inference.lstm] });
    expect(model.inputShape).toEqual([null, null, 3]);
    await expect(model.predict(noise([2, 4, 2], 1))).rejects.toThrow(/reads \[\?, \?, 3\]/);
    await expect(model.predict(noise([2, 0, 3], 1))).rejects.toThrow(inference.ShapeError);
    await expect(model.predict(noise([2, 4, 3], 1), { batchSize: 0 })).rejects.toThrow(/batchSize 0/);
    await expect(model.predict({ shape: [1, 1, 3], data: Float32Array.of(1, Number.NaN, 0) })).rejects.toThrow(/NaN/);
    expect(() => model.stream({ batch: 0 })).toThrow(/batch 0/);
  });

  test("2000 damaged files: each loads or is refused with a FormatError", { timeout: 120_000 }, async () => {
    const net = whole.sequential([whole.lstm({ units: 3, inputShape: [null, 2] }), whole.dense({ units: 1 })]);
    const file = await whole.saveModel(net);
    for (let k = 0; k < 2000; k++) {
      const damaged = mutant(file, new whole.RandomStream({ seed: 2, stream: 0, step: k }));
      try {
        await loadModel(damaged, { layers: [inference.lstm, inference.dense] });
      } catch (error) {
        expect(error).toBeInstanceOf(inference.FormatError);
      }
    }
  });
});

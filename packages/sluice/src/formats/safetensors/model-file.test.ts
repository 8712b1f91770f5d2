import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../errors.ts";
import {
  activation,
  bidirectional,
  dense,
  dropout,
  embedding,
  flatten,
  gru,
  type Layer,
  layerNormalization,
  loadModel,
  lstm,
  type Model,
  masking,
  modelMetadata,
  readSafetensors,
  saveModel,
  sequential,
  simpleRnn,
  timeDistributed,
  writeSafetensors,
} from "../../index.ts";
import { RandomStream } from "../../random/philox.ts";
import { mutant } from "../testing/mutants.ts";

/** Random configurations saved and loaded, and damaged files tried; the long forms run 10,000 and 10⁷. */
const CONFIGS = Number(process.env.SLUICE_CONFIGS ?? 200);
const MUTANTS = Number(process.env.SLUICE_MODEL_MUTANTS ?? 5_000);

const recurrentOptions = fc.record({
  units: fc.integer({ min: 1, max: 5 }),
  activation: fc.constantFrom("tanh", "relu", "softsign"),
  useBias: fc.boolean(),
  goBackwards: fc.boolean(),
  returnSequences: fc.constant(true),
  recurrentInitializer: fc.constantFrom("orthogonal", "glorotUniform"),
  biasInitializer: fc.constantFrom("zeros", "ones"),
  kernelRegularizer: fc.option(fc.record({ l1: fc.constant(0), l2: fc.constant(0.01) })),
  dropout: fc.constantFrom(0, 0.25),
});
/** Layers [B, T, F] → [B, T, G]. */
const sequenceLayer: fc.Arbitrary<() => Layer> = fc.oneof(
  recurrentOptions.chain((options) => fc.boolean().map((unitForgetBias) => () => lstm({ ...options, unitForgetBias }) as Layer)),
  recurrentOptions.chain((options) => fc.boolean().map((resetAfter) => () => gru({ ...options, resetAfter }) as Layer)),
  recurrentOptions.map((options) => () => simpleRnn(options) as Layer),
  recurrentOptions.chain((options) =>
    fc
      .constantFrom("concat" as const, "sum" as const, "ave" as const)
      .map((mergeMode) => () => bidirectional(lstm(options), { mergeMode }) as Layer),
  ),
  fc.integer({ min: 1, max: 4 }).map((units) => () => timeDistributed(dense({ units })) as Layer),
  fc.constant(() => layerNormalization() as Layer),
  fc.constant(() => dropout({ rate: 0.3 }) as Layer),
  fc.constant(() => masking() as Layer),
  fc.constantFrom("sigmoid" as const, "gelu" as const).map((name) => () => activation({ activation: name }) as Layer),
);
const LENGTH = 4;
const randomModel: fc.Arbitrary<() => Model> = fc
  .record({
    layers: fc.array(sequenceLayer, { minLength: 1, maxLength: 4 }),
    backend: fc.constantFrom("reference" as const, "wasm" as const),
    seed: fc.integer({ min: 0, max: 2 ** 40 }),
    end: fc.boolean(),
  })
  .map(({ layers, backend, seed, end }) => () => {
    const first = embedding({ inputDim: 7, outputDim: 3, maskZero: seed % 2 === 0, inputShape: [LENGTH] });
    const last = end ? [flatten(), dense({ units: 2, activation: "softmax" })] : [];
    return sequential([first, ...layers.map((make) => make()), ...last], { seed, backend });
  });
const words = { shape: [2, LENGTH], data: Float32Array.of(1, 5, 0, 0, 3, 2, 6, 0) };

test(`${CONFIGS} random models: saved and loaded, they write the same bytes and give the same outputs`, {
  timeout: 60_000 + 200 * CONFIGS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(randomModel, async (make) => {
      const net = make();
      const file = await saveModel(net);
      const back = loadModel(file, { backend: net.backend.name as "reference" | "wasm" });
      expect(Buffer.compare(await saveModel(back), file)).toBe(0);
      expect(await back.predict(words)).toEqual(await net.predict(words));
    }),
    { numRuns: CONFIGS },
  );
});

const small = (): Model =>
  sequential([lstm({ units: 2, inputShape: [null, 1] }), dense({ units: 1 })], { seed: 4, backend: "reference" });

describe("beside the weights", () => {
  test("how the model was compiled, so that it can be evaluated at once", async () => {
    const net = small().compile({
      optimizer: { type: "adam", learningRate: 0.003 },
      loss: { type: "huber", delta: 2 },
      metrics: ["mae"],
    });
    const data = [[[[1], [2]]], [[3]]] as const;
    const back = loadModel(await saveModel(net), { backend: "reference" });
    expect(back.compileSpec).toEqual(net.compileSpec);
    expect(await back.evaluate(...data)).toEqual(await net.evaluate(...data));
    expect(loadModel(await saveModel(small()), { backend: "reference" }).compileSpec).toBeNull();
  });

  test("the caller's texts, which can be read without the model", async () => {
    const file = await saveModel(small(), { metadata: { scaler: '{"mean":3}', __proto__x: "π" } });
    expect({ ...modelMetadata(file) }).toEqual({ scaler: '{"mean":3}', __proto__x: "π" });
    await expect(saveModel(small(), { metadata: { "sluice.model": "{}" } })).rejects.toThrow(/"sluice.model": keys that begin/);
  });

  test("a float32 file runs on the float64 backend and the other way round", async () => {
    const net = sequential([dense({ units: 3, inputShape: [2] })], { seed: 4, backend: "wasm" });
    const wide = loadModel(await saveModel(net), { backend: "reference" });
    const narrow = loadModel(await saveModel(wide), { backend: "wasm" });
    expect(await narrow.weights()).toEqual(await net.weights());
  });
});

describe("refuses", () => {
  const altered = async (
    change: (content: { metadata: Map<string, string>; tensors: Map<string, unknown> }) => void,
  ): Promise<Uint8Array> => {
    const { metadata, tensors } = readSafetensors(await saveModel(small()));
    const content = { metadata: new Map(metadata), tensors: new Map<string, unknown>(tensors) };
    change(content);
    return writeSafetensors(content as never);
  };
  const withConfig = (change: (text: string) => string): Promise<Uint8Array> =>
    altered(({ metadata }) => void metadata.set("sluice.model", change(metadata.get("sluice.model") as string)));
  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    [
      "a file that is no model",
      async () => writeSafetensors({ metadata: new Map(), tensors: new Map() }),
      /it has no sluice.format/,
    ],
    [
      "a newer format, with its number",
      () => altered(({ metadata }) => void metadata.set("sluice.format", "7")),
      /version 7, and this library .* up to version 1/,
    ],
    [
      "no configuration",
      () => altered(({ metadata }) => void metadata.delete("sluice.model")),
      /"sluice.model" is missing or damaged/,
    ],
    ["a configuration that is no JSON", () => withConfig(() => "{"), /"sluice.model" is missing or damaged/],
    ["an unknown layer, by name", () => withConfig((text) => text.replace('"LSTM"', '"Lambda"')), /type "Lambda"/],
    ["an option outside its rule", () => withConfig((text) => text.replace('"units":2', '"units":-2')), /does not work/],
    [
      "a layer so large that it would fill the memory",
      () => withConfig((text) => text.replace('"units":2', '"units":1000000000')),
      /"lstm\/kernel" of shape \[1, 8\]/,
    ],
    [
      "a reserved name in the configuration",
      () => withConfig((text) => text.replace('"units":2', '"__proto__":{"units":2}')),
      /missing or damaged/,
    ],
    ["a missing weight", () => altered(({ tensors }) => void tensors.delete("dense/bias")), /no weight "dense\/bias"/],
    [
      "a weight too many",
      () => altered(({ tensors }) => void tensors.set("dense/gift", { shape: [1], data: new Float32Array(1) })),
      /"dense\/gift" that its configuration does not ask for/,
    ],
    [
      "a weight of another shape",
      () => altered(({ tensors }) => void tensors.set("dense/bias", { shape: [1, 1], data: new Float32Array(1) })),
      /"dense\/bias" of shape \[1, 1\]/,
    ],
    [
      "a weight of whole numbers",
      () => altered(({ tensors }) => void tensors.set("dense/bias", { shape: [1], data: new Int32Array(1) })),
      /whole numbers/,
    ],
    [
      "a weight that is not finite",
      () => altered(({ tensors }) => void tensors.set("dense/bias", { shape: [1], data: Float32Array.of(Number.NaN) })),
      /element 0 is NaN/,
    ],
  ])("%s", async (_, make, message) => {
    const file = await make();
    expect(() => loadModel(file, { backend: "reference" })).toThrow(message);
    expect(() => loadModel(file, { backend: "reference" })).toThrow(FormatError);
  });

  test("unless weights that are not finite are allowed", async () => {
    const file = await altered(
      ({ tensors }) => void tensors.set("dense/bias", { shape: [1], data: Float32Array.of(Number.NaN) }),
    );
    const back = loadModel(file, { backend: "reference", allowNonFinite: true });
    expect((await back.weights()).get("dense/bias")?.data[0]).toBeNaN();
  });
});

test(`${MUTANTS} damaged model files: each loads or is refused with a FormatError`, {
  timeout: 60_000 + 20 * MUTANTS,
}, async () => {
  const file = await saveModel(small().compile({ optimizer: "adam", loss: "mse" }));
  for (let k = 0; k < MUTANTS; k++) {
    const damaged = mutant(file, new RandomStream({ seed: 2, stream: 0, step: k }));
    try {
      loadModel(damaged, { backend: "reference" });
    } catch (error) {
      if (!(error instanceof FormatError))
        throw new Error(`mutant ${k} was met with ${error instanceof Error ? error.stack : error}`);
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

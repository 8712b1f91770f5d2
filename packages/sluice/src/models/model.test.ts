import { describe, expect, test } from "vitest";
import {
  add,
  bidirectional,
  concatenate,
  dense,
  dropout,
  embedding,
  input,
  lstm,
  type Model,
  masking,
  model,
  modelFromConfig,
  sequential,
  tensor,
  timeDistributed,
} from "../index.ts";

const backend = "reference";

/** The numbers of the model's first output. */
function outputOf(net: Model, x: Parameters<typeof tensor>[0], shape: readonly number[]): number[] {
  const [y] = net.forward(tensor(x, shape, { backend: net.backend }));
  return [...(y?.dataSync() ?? [])];
}

describe("sequential", () => {
  test("counts its parameters and prints them", () => {
    const net = sequential([lstm({ units: 128, inputShape: [null, 1] }), dense({ units: 1 })], { backend });
    expect(net.describe()).toEqual({
      name: "sequential",
      layers: [
        { name: "lstm", type: "LSTM", outputShape: [null, 128], parameters: 4 * 128 * (1 + 128 + 1) },
        { name: "dense", type: "Dense", outputShape: [null, 1], parameters: 129 },
      ],
      parameters: 66_689,
      trainableParameters: 66_689,
    });
    expect(net.summary()).toBe(
      [
        'Model "sequential"',
        "layer (type)   output shape  parameters",
        "─────────────  ────────────  ──────────",
        "lstm (LSTM)    [?, 128]          66,560",
        "dense (Dense)  [?, 1]               129",
        "─────────────  ────────────  ──────────",
        "Parameters: 66,689",
      ].join("\n"),
    );
    net.getLayer("lstm").trainable = false;
    expect(net.summary()).toMatch(/Parameters: 66,689 \(129 trainable, 66,560 frozen\)$/);
  });

  test("names layers in order, afresh for each model, so that seeds give the same weights", async () => {
    const make = (): Model =>
      sequential([dense({ units: 2, inputShape: [3] }), dense({ units: 2, name: "dense_1" }), dense({ units: 1 })], {
        seed: 5,
        backend,
      });
    const [one, other] = [make(), make()];
    expect(one.layers.map(({ name }) => name)).toEqual(["dense", "dense_1", "dense_2"]);
    expect(await one.weights()).toEqual(await other.weights());
    const another = sequential([dense({ units: 2, inputShape: [3] })], { seed: 6, backend });
    expect((await another.weights()).get("dense/kernel")).not.toEqual((await one.weights()).get("dense/kernel"));
  });

  test("without inputShape it waits for data, and then has the weights it would have had", async () => {
    const late = sequential([dense({ units: 2 })], { seed: 5, backend });
    expect(late.built).toBe(false);
    expect(() => late.layers).toThrow(/has no weights yet: they are made when its input shape is known/);
    await late.predict([[1, 2, 3]]);
    expect(await late.weights()).toEqual(
      await sequential([dense({ units: 2, inputShape: [3] })], { seed: 5, backend }).weights(),
    );
  });

  test("says what is wrong", () => {
    const twice = dense({ units: 1 });
    expect(() => sequential([])).toThrow(/at least one/);
    expect(() => sequential([twice, twice])).toThrow(/stands twice/);
    expect(() => sequential([dense({ units: 1, name: "a", inputShape: [1] }), dense({ units: 1, name: "a" })])).toThrow(
      'two layers named "a"',
    );
    expect(() => sequential([dense({ units: 1, name: "@a", inputShape: [1] })])).toThrow(/does not begin with "@"/);
    expect(() => sequential([dense({ units: 1, inputShape: [1] })], { seed: -1 })).toThrow(/seed -1/);
    const net = sequential([lstm({ units: 2, inputShape: [null, 3] })], { backend });
    expect(() => net.forward(tensor([[1, 2, 3]], undefined, { backend: net.backend }))).toThrow(
      'Cannot run model "sequential" on shape [1, 3]: its input "input" reads [?, ?, 3]',
    );
    expect(() => net.getLayer("gru")).toThrow('has no layer "gru": its layers are lstm');
  });
});

describe("weights", () => {
  test("come out as copies and go in whole or not at all", async () => {
    const net = sequential([dense({ units: 1, inputShape: [2] })], { backend });
    const weights = await net.weights();
    expect([...weights.keys()]).toEqual(["dense/kernel", "dense/bias"]);
    weights.set("dense/kernel", { shape: [2, 1], data: Float64Array.of(2, 3) });
    expect(outputOf(net, [1, 1], [1, 2])).not.toEqual([5]);
    net.setWeights(weights);
    expect(outputOf(net, [1, 1], [1, 2])).toEqual([5]);
    const wrong = new Map(weights)
      .set("dense/bias", { shape: [2], data: new Float64Array(2) })
      .set("dense/kernel", { shape: [2, 1], data: new Float64Array(2) });
    expect(() => net.setWeights(wrong)).toThrow(/"dense\/bias" from shape \[2\]/);
    expect(outputOf(net, [1, 1], [1, 2])).toEqual([5]);
    expect(() => net.setWeights(new Map([["other", { shape: [1], data: new Float64Array(1) }]]))).toThrow(
      /missing: dense\/kernel, dense\/bias; not of this model: other/,
    );
  });
});

describe("the functional form", () => {
  test("several inputs and outputs, and one layer used twice with one set of weights", async () => {
    const a = input({ shape: [2], name: "a" });
    const b = input({ shape: [2], name: "b" });
    const shared = dense({ units: 1, name: "shared" });
    const sum = add().apply([shared.apply(a), shared.apply(b)]);
    const net = model({ inputs: [a, b], outputs: [sum, concatenate().apply([a, b])], backend });
    expect(net.parameters.map(({ path }) => path)).toEqual(["shared/kernel", "shared/bias"]);
    net.setWeights(
      new Map([
        ["shared/kernel", { shape: [2, 1], data: Float64Array.of(1, 10) }],
        ["shared/bias", { shape: [1], data: Float64Array.of(0.5) }],
      ]),
    );
    const [first, second] = await net.predictAll([
      { shape: [1, 2], data: Float64Array.of(1, 2) },
      { shape: [1, 2], data: Float64Array.of(3, 4) },
    ]);
    expect(first).toEqual({ shape: [1, 1], data: Float64Array.of(21.5 + 43.5) });
    expect(second).toEqual({ shape: [1, 4], data: Float64Array.of(1, 2, 3, 4) });
    await expect(net.predict([[[1, 2]], [[3, 4]]])).rejects.toThrow(/it has 2. Call predictAll/);
  });

  test("an encoder's state starts a decoder", () => {
    const source = input({ shape: [null, 2] });
    const target = input({ shape: [null, 3] });
    const [, hidden, cell] = lstm({ units: 4, returnState: true, name: "encoder" }).applyAll(source);
    if (!hidden || !cell) throw new Error("returnState gives three outputs");
    const decoded = lstm({ units: 4, returnSequences: true, name: "decoder" }).apply([target, hidden, cell]);
    const net = model({ inputs: [source, target], outputs: dense({ units: 1 }).apply(decoded), backend, seed: 3 });
    const x = tensor(
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      undefined,
      { backend: net.backend },
    );
    const other = tensor(
      [
        [
          [1, 2],
          [3, 5],
        ],
      ],
      undefined,
      { backend: net.backend },
    );
    const start = tensor(
      [
        [
          [0, 0, 0],
          [1, 0, 0],
        ],
      ],
      undefined,
      { backend: net.backend },
    );
    const [y] = net.forward([x, start]);
    expect(y?.shape).toEqual([1, 2, 1]);
    const [changed] = net.forward([other, start]); // the source reaches the output through the state alone
    expect([...(changed?.dataSync() ?? [])]).not.toEqual([...(y?.dataSync() ?? [])]);
    const again = modelFromConfig(JSON.parse(JSON.stringify(net.toConfig())), { backend });
    expect([...(again.forward([x, start])[0]?.dataSync() ?? [])]).toEqual([...(y?.dataSync() ?? [])]);
  });

  test("says which input is missing or unread", () => {
    const a = input({ shape: [2] });
    const b = input({ shape: [2] });
    const y = add().apply([a, b]);
    expect(() => model({ inputs: a, outputs: y })).toThrow(/not among `inputs`/);
    expect(() => model({ inputs: [a, b], outputs: dense({ units: 1 }).apply(a) })).toThrow(/no output reads input 1/);
    expect(() => model({ inputs: y, outputs: dense({ units: 1 }).apply(y) })).toThrow(/made with input\(\{ shape \}\)/);
  });

  test("masks go from the layers that make them to those that read them", () => {
    const net = sequential([masking({ inputShape: [null, 1], maskValue: 0 }), lstm({ units: 3 })], { backend });
    const short = outputOf(net, [1, 2], [1, 2, 1]);
    expect(outputOf(net, [1, 2, 0, 0], [1, 4, 1])).toEqual(short);
    expect(outputOf(net, [1, 2, 3, 0], [1, 4, 1])).not.toEqual(short);
    const words = sequential([embedding({ inputDim: 5, outputDim: 2, maskZero: true, inputShape: [null] }), lstm({ units: 3 })], {
      backend,
    });
    expect(outputOf(words, [3, 1, 0], [1, 3])).toEqual(outputOf(words, [3, 1], [1, 2]));
    const plain = sequential([lstm({ units: 3, inputShape: [null, 1] })], { backend });
    const mask = tensor([[1, 1, 0]], undefined, { backend: plain.backend });
    const [masked] = plain.forward(tensor([[[1], [2], [9]]], undefined, { backend: plain.backend }), { mask });
    expect([...(masked?.dataSync() ?? [])]).toEqual(outputOf(plain, [1, 2], [1, 2, 1]));
  });
});

describe("configuration", () => {
  const net = sequential(
    [
      embedding({ inputDim: 6, outputDim: 3, inputShape: [null] }),
      bidirectional(lstm({ units: 2, returnSequences: true })),
      dropout({ rate: 0.5 }),
      timeDistributed(dense({ units: 2, activation: "relu" })),
    ],
    { seed: 9, backend },
  );

  test("is plain data from which the same model is made", async () => {
    const plain = JSON.parse(JSON.stringify(net.toConfig()));
    expect(plain).toEqual(net.toConfig());
    const again = modelFromConfig(plain, { backend });
    expect(again.toConfig()).toEqual(net.toConfig());
    expect(await again.weights()).toEqual(await net.weights());
  });

  test.each([
    [{ ...net.toConfig(), layers: [{ type: "Lambda", options: { name: "x" } }] }, /type "Lambda": this version knows/],
    [{ ...net.toConfig(), calls: [] }, /value \[4, 0\] is used before it is made/],
    [{ ...net.toConfig(), calls: [{ layer: "nobody", inputs: [[0, 0]] }] }, /layer "nobody" is used but not listed/],
    [{ ...net.toConfig(), seed: 0.5 }, /seed/],
    [{ ...net.toConfig(), inputs: [{ name: "x", shape: [-1] }] }, /size/],
    [{ ...net.toConfig(), outputs: [[1]] }, /two whole numbers/],
    [[], /not an object/],
  ])("is refused when it does not fit together (%#)", (config, message) => {
    expect(() => modelFromConfig(config as never, { backend })).toThrow(message);
    expect(() => modelFromConfig(config as never, { backend })).toThrow(expect.objectContaining({ name: "FormatError" }));
  });
});

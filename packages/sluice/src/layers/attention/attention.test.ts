import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { getBackend, init } from "../../backend/index.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import type { Layer } from "../layer.ts";
import { layerFromConfig } from "../layer-from-config.ts";
import { configOf } from "../registry.ts";
import {
  type AttentionLayer,
  additiveAttention,
  attention,
  attentionPooling,
  MultiHeadAttention,
  multiHeadAttention,
} from "./index.ts";

await init({ backend: "wasm" });
const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const of = (data: readonly number[], shape: readonly number[]): Tensor => tensor(data, shape, { backend });
const numbers = (x: Tensor | null): number[] => [...(x?.dataSync() ?? [])];
const exact = { rtol: 1e-12, atol: 1e-12 };

/** Each layer with the shapes of its inputs. */
const cases: readonly [string, () => AttentionLayer, readonly (readonly number[])[]][] = [
  [
    "dot",
    () => attention({ returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
  ],
  ["dot, one input, causal", () => attention({ causal: true, returnWeights: true }), [[2, 4, 3]]],
  [
    "dot, one query",
    () => attention({ useScale: true, returnWeights: true }),
    [
      [2, 4],
      [2, 5, 4],
    ],
  ],
  [
    "scaled, own keys",
    () => attention({ score: "scaled", returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 2],
      [2, 5, 4],
    ],
  ],
  [
    "general",
    () => attention({ score: "general", returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 2],
      [2, 5, 3],
    ],
  ],
  [
    "additive",
    () => additiveAttention({ units: 6, returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 2],
      [2, 5, 3],
    ],
  ],
  [
    "additive, one query",
    () => additiveAttention({ units: 6, returnWeights: true }),
    [
      [2, 4],
      [2, 5, 3],
    ],
  ],
  [
    "additive without units, causal",
    () => additiveAttention({ causal: true, returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
  ],
  [
    "additive without weights",
    () => additiveAttention({ useScale: false, returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
  ],
  ["two heads", () => multiHeadAttention({ heads: 2, returnWeights: true }), [[2, 3, 4]]],
  [
    "two heads of other sizes",
    () => multiHeadAttention({ heads: 2, keySize: 3, valueSize: 1, units: 5, useBias: false, returnWeights: true }),
    [
      [2, 3, 4],
      [2, 5, 2],
      [2, 5, 3],
    ],
  ],
  [
    "two heads, one query",
    () => multiHeadAttention({ heads: 2, returnWeights: true }),
    [
      [2, 4],
      [2, 5, 3],
    ],
  ],
];

/** The layer on its inputs, each with a mask of its own, through `call` as a model does it. */
function run(layer: Layer, inputs: readonly Tensor[], masks: readonly (Tensor | null)[] = inputs.map(() => null)): Tensor[] {
  layer.build(
    inputs.map(({ shape }) => shape),
    { backend },
  );
  return backend.step(() => {
    const { outputs } = layer.call(inputs, { training: false, masks, state: null, step: 0 });
    return outputs.map((output) => of(numbers(output), output.shape));
  });
}

describe.each(cases)("%s", (_, make, shapes) => {
  const inputs = shapes.map((shape, k) => random(shape, k + 1));
  const [B, S] = (inputs[1] ?? (inputs[0] as Tensor)).shape as [number, number];
  const query = inputs[0] as Tensor;
  const holes = of(
    Array.from({ length: B * S }, (_, k) => (k % S === 1 || k === S - 1 ? 0 : 1)),
    [B, S],
  );

  test("shapes are foretold, options go through plain data, gradients are the slopes of both outputs", () => {
    const layer = make();
    const { outputs } = layer.forward(inputs);
    expect(layer.outputShapes(shapes)).toEqual(outputs.map(({ shape }) => shape));
    expect(layer.outputShapes(shapes.map((shape) => [null, ...shape.slice(1)]))).toEqual(
      outputs.map(({ shape }) => [null, ...shape.slice(1)]),
    );
    expect(configOf(layerFromConfig(JSON.parse(JSON.stringify(configOf(layer)))))).toEqual(configOf(layer));
    const at = [...inputs, ...layer.parameters.map((weight) => weight.tensor)];
    for (const which of [0, 1]) checkGradients(() => layer.forward(inputs).outputs[which] as Tensor, at);
  });

  test("weights are shares of 1, and the context is what they weigh", () => {
    const [context, weights] = make().forward(inputs).outputs as [Tensor, Tensor];
    const all = numbers(weights);
    for (let row = 0; row < all.length; row += S) {
      expect(all.slice(row, row + S).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(context.shape.slice(0, -1)).toEqual(query.shape.slice(0, -1));
  });

  test("masked steps and queries are inert, NaN included: as if they were not there", () => {
    const layer = make();
    const values = inputs.length > 1 ? inputs.slice(1) : inputs;
    const spoiled = values.map((x) =>
      of(
        numbers(x).map((v, k) => (numbers(holes)[Math.floor(k / (x.shape[2] as number))] ? v : Number.NaN)),
        x.shape,
      ),
    );
    const given = inputs.length > 1 ? [query, ...spoiled] : spoiled;
    const masks = inputs.length > 1 ? [null, ...spoiled.map(() => holes)] : [holes];
    const [context, weights] = run(layer, given, masks) as [Tensor, Tensor];
    expect(numbers(context).every(Number.isFinite)).toBe(true);
    numbers(weights).forEach((weight, k) => {
      const b = Math.floor(k / (weights.size / B));
      if (numbers(holes)[b * S + (k % S)] === 0) expect(weight).toBe(0);
    });
    // Row 0 without its masked steps.
    const cut = (x: Tensor): Tensor => {
      const D = x.shape[2] as number;
      const kept = numbers(x).filter((_, k) => k < S * D && numbers(holes)[Math.floor(k / D)] === 1);
      return of(kept, [1, kept.length / D, D]);
    };
    const first = (x: Tensor): Tensor => of(numbers(x).slice(0, x.size / B), [1, ...x.shape.slice(1)]);
    if (layer.options.causal && inputs.length > 1) return; // there a step's place counts, and it would move
    const [alone] = run(layer, inputs.length > 1 ? [first(query), ...values.map(cut)] : values.map(cut)) as [Tensor];
    const whole = inputs.length > 1 ? first(context) : cut(context);
    expectClose(numbers(alone), numbers(whole), exact, "context");
  });

  test("a row that sees nothing gives 0 and takes no gradient; rows do not know each other", () => {
    const layer = make();
    const none = of(
      Array.from({ length: B * S }, (_, k) => (k < S ? 0 : 1)),
      [B, S],
    );
    const masks = inputs.length > 1 ? [null, none, none].slice(0, inputs.length) : [none];
    const [context, weights] = run(layer, inputs, masks) as [Tensor, Tensor];
    expect(
      numbers(context)
        .slice(0, context.size / B)
        .every((v) => v === 0),
    ).toBe(true);
    expect(
      numbers(weights)
        .slice(0, weights.size / B)
        .every((v) => v === 0),
    ).toBe(true);
    const plain = run(layer, inputs) as [Tensor, Tensor];
    expectClose(numbers(context).slice(context.size / B), numbers(plain[0]).slice(context.size / B), exact, "the other row");
  });

  test("float32 agrees with float64", () => {
    const layer = make();
    const { output } = layer.forward(inputs);
    const fast = getBackend("wasm");
    const twin = make();
    const moved = inputs.map((x) => tensor(x.dataSync(), x.shape, { backend: fast }));
    twin.build(shapes, { backend: fast });
    twin.load(
      Object.fromEntries(
        layer.parameters.map(({ path, tensor: weight }) => [
          path.slice(layer.name.length + 1),
          { shape: weight.shape, data: weight.dataSync() },
        ]),
      ),
    );
    expectClose(twin.forward(moved).output.dataSync(), output.dataSync(), { rtol: 1e-5, atol: 1e-5 }, "context"); // sums of a few terms
  });
});

describe("inside a decoder's step", () => {
  test.each(
    cases.filter(([, make, shapes]) => !make().options.causal && shapes.length > 1),
  )("%s: queries one by one find what they find together", (_, make, shapes) => {
    const layer = make();
    const [first, values, keys = values] = shapes.map((shape, k) => random(shape, k + 1)) as [Tensor, Tensor, Tensor?];
    const queries = random([2, 3, first.shape.at(-1) as number], 9);
    const mask = of([1, 1, 0, 1, 1, 0, 0, 1, 1, 0], [2, 5]);
    layer.build([queries.shape, values.shape, (keys as Tensor).shape], { backend });
    const together = layer.attend(queries, layer.remember(values, keys, mask));
    const memory = layer.remember(values, keys, mask);
    for (let i = 0; i < 3; i++) {
      const width = queries.shape[2] as number;
      const query = of(
        numbers(queries).filter((_, k) => Math.floor(k / width) % 3 === i),
        [2, width],
      );
      const { context, weights } = layer.attend(query, memory);
      expect(weights.shape).toEqual(layer instanceof MultiHeadAttention ? [2, 2, 5] : [2, 5]);
      const of3 = (x: Tensor): number[] => numbers(x).filter((_, k) => Math.floor(k / (x.shape.at(-1) as number)) % 3 === i);
      expectClose(numbers(context), of3(together.context), exact, "context");
      expectClose(numbers(weights), of3(together.weights), exact, "weights");
    }
  });
  test("a causal layer refuses a query without a place in time", () => {
    const layer = attention({ causal: true });
    const x = random([1, 2, 3]);
    layer.build([x.shape], { backend });
    expect(() => layer.attend(random([1, 3]), layer.remember(x))).toThrow(/its place in time is not known/);
    expect(() =>
      layer.outputShape([
        [1, 3],
        [1, 2, 3],
      ]),
    ).toThrow(/Cannot run Attention "attention" with causal/);
  });
});

test("causal: no output knows what follows", () => {
  const layer = attention({ causal: true });
  const x = random([1, 5, 3]);
  const changed = of(
    numbers(x).map((v, k) => (k < 9 ? v : v + 1)),
    x.shape,
  ); // from step 3 on
  expect(numbers(layer.forward(changed).output).slice(0, 9)).toEqual(numbers(layer.forward(x).output).slice(0, 9));
  expect(numbers(layer.forward(changed).output).slice(9)).not.toEqual(numbers(layer.forward(x).output).slice(9));
});

describe("masks", () => {
  const x = random([1, 3, 2]);
  const y = random([1, 4, 2], 2);
  const of3 = of([1, 0, 1], [1, 3]);
  const of4 = of([1, 1, 0, 0], [1, 4]);
  test("of the query pass on, and its masked steps give 0", () => {
    const { output, mask } = attention().forward(x, { mask: of3 });
    expect(numbers(mask)).toEqual([1, 0, 1]);
    expect(numbers(output).slice(2, 4)).toEqual([0, 0]);
  });
  test("several heads give 0 at masked queries, and their bias where nothing is seen", () => {
    const layer = multiHeadAttention({ heads: 2, biasInitializer: "ones" });
    expect(numbers(layer.forward(x, { mask: of3 }).output).slice(2, 4)).toEqual([0, 0]);
    const blind = layer.forward([x, y], { mask: of([0, 0, 0, 0], [1, 4]) }).output;
    expect(numbers(blind)).toEqual([1, 1, 1, 1, 1, 1]);
  });
  test("given to forward count for the value, and for a query with as many steps", () => {
    const layer = attention({ returnWeights: true });
    const { outputs, mask } = layer.forward([x, y], { mask: of4 });
    expect(mask).toBeNull();
    expect(numbers(outputs[1] as Tensor).filter((_, k) => k % 4 > 1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => layer.forward([x, y], { mask: of3 })).toThrow(
      /with a mask of shape \[1, 3\]: for this input it is \[batch, time\] = \[1, 4\]/,
    );
    expect(() => run(layer, [x, y], [of4, null])).toThrow(/\[batch, time\] = \[1, 3\]/);
  });
  test("hide the steps where they are 0 and no others", () => {
    for (const layer of [attention(), attentionPooling({ biasInitializer: "ones" })]) {
      const expected = numbers(layer.forward(x, { mask: of3 }).output);
      expect(numbers(layer.forward(x, { mask: of([2, 0, -1], [1, 3]) }).output)).toEqual(expected);
    }
  });
});

test("a sequence of no steps gives nothing", () => {
  const layer = multiHeadAttention({ heads: 2, biasInitializer: "ones" });
  const none = of([], [1, 0, 4]);
  expect(layer.forward(none).output.shape).toEqual([1, 0, 4]);
  expect(numbers(layer.forward([random([1, 2, 4]), none]).output)).toEqual(new Array(8).fill(1)); // the bias
});

describe("dropout", () => {
  test("drops weights in training alone, the same for the same seed and step", () => {
    const layer = attention({ dropout: 0.5, returnWeights: true });
    const x = random([2, 6, 3]);
    const weights = (options: object): number[] => numbers(layer.forward(x, options).outputs[1] as Tensor);
    const plain = weights({});
    const dropped = weights({ training: true, step: 3 });
    expect(weights({ training: true, step: 3 })).toEqual(dropped);
    expect(weights({ training: true, step: 4 })).not.toEqual(dropped);
    expect(dropped.filter((v) => v === 0).length).toBeGreaterThan(10);
    expect(dropped.every((v, k) => v === 0 || Math.abs(v - 2 * (plain[k] as number)) < 1e-12)).toBe(true);
  });
});

describe("errors say what to do", () => {
  const failures: readonly [() => unknown, RegExp][] = [
    [
      () => attention({ score: "cosine" as never }),
      /Cannot make Attention with score "cosine": it is "dot" or "scaled" or "general"/,
    ],
    [() => attention({ dropout: 1 }), /Cannot make Attention with dropout 1/],
    [() => multiHeadAttention({ heads: 0 }), /Cannot make MultiHeadAttention with heads 0/],
    [() => multiHeadAttention({ heads: 2, valueSize: 1.5 }), /Cannot make MultiHeadAttention with valueSize 1.5/],
    [() => multiHeadAttention({ heads: 3 }).outputShape([[2, 3, 4]]), /a query of 4 features with 3 heads/],
    [() => additiveAttention({ units: 0 }), /Cannot make AdditiveAttention with units 0/],
    [() => attention().outputShape([[2, 3]]), /it reads \[query, value, key\]/],
    [
      () =>
        attention().outputShape([
          [2, 3, 4],
          [2, 5, 4],
          [2, 6, 4],
        ]),
      /it reads \[query, value, key\]/,
    ],
    [
      () =>
        attention().outputShape([
          [2, 3, 4],
          [3, 5, 4],
        ]),
      /it reads \[query, value, key\]/,
    ],
    [
      () =>
        attention().outputShape([
          [2, 3, 4],
          [2, 5, 3],
        ]),
      /a query of 4 features and a key of 3: .*score: "general"/,
    ],
    [
      () =>
        additiveAttention().outputShape([
          [2, 3, 4],
          [2, 5, 3],
        ]),
      /Give units, such as 3/,
    ],
  ];
  test.each(failures)("%#", (attempt, message) => expect(attempt).toThrow(message));
  test("a layer remembers the features it was built for", () => {
    const layer = attention();
    layer.forward(random([1, 2, 3]));
    expect(() => layer.forward(random([1, 2, 4]))).toThrow(/it was built for 3, 3 and 3 features/);
  });
  test("inside a step too, before a number is computed", () => {
    expect(() => attention({ score: "general" }).remember(random([1, 2, 3]))).toThrow(/has no weights yet/);
    const layer = attention({ score: "general" });
    layer.forward([random([1, 3]), random([1, 4, 2])]);
    expect(() => layer.remember(random([1, 4, 3]))).toThrow(/it was built for 3, 2 and 2 features/);
    expect(() => layer.remember(random([1, 4, 2]), random([1, 5, 2]))).toThrow(/value and key .* with one time/);
    const memory = layer.remember(random([1, 4, 2]));
    expect(() => layer.attend(random([1, 2]), memory)).toThrow(/it was built for 3, 2 and 2 features/);
    expect(() => layer.attend(random([3]), memory)).toThrow(/it reads \[query, value, key\]/);
    expect(() => layer.attend(random([1, 2, 3]), memory, { queryMask: of([1], [1, 1]) })).toThrow(/\[batch, time\] = \[1, 2\]/);
  });
});

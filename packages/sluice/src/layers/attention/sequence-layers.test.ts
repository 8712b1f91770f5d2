import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { getBackend, init } from "../../backend/index.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import type { Layer } from "../layer.ts";
import { layerFromConfig } from "../layer-from-config.ts";
import { configOf } from "../registry.ts";
import { attentionPooling, positions, transformerBlock } from "./index.ts";

await init({ backend: "wasm" });
const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const of = (data: readonly number[], shape: readonly number[]): Tensor => tensor(data, shape, { backend });
const numbers = (x: Tensor | null): number[] => [...(x?.dataSync() ?? [])];
const plain = (x: Tensor): { shape: readonly number[]; data: number[] } => ({ shape: x.shape, data: numbers(x) });

const D = 4;
const cases: readonly [string, () => Layer, weights: number][] = [
  ["attentionPooling", () => attentionPooling({ units: 3, returnWeights: true }), D * 3 + 2 * 3],
  ["attentionPooling without bias", () => attentionPooling({ useBias: false }), D * D + D],
  ["positions", () => positions(), 0],
  ["positions, learned", () => positions({ encoding: "learned", maxLength: 6 }), 6 * D],
  ["transformerBlock", () => transformerBlock({ heads: 2 }), 4 * (D * D + D) + 2 * D * 16 + 16 + 5 * D],
  [
    "transformerBlock, causal",
    () => transformerBlock({ heads: 2, causal: true, forwardUnits: 3, activation: "gelu" }),
    4 * (D * D + D) + 2 * D * 3 + 3 + 5 * D,
  ],
];

describe.each(cases)("%s", (_, make, weights) => {
  const [B, T] = [2, 5];
  const x = random([B, T, D]);
  const mask = of([1, 1, 1, 0, 0, 1, 1, 1, 1, 0], [B, T]);
  /** What counts of an output: the used steps where it has a time axis. */
  const used = (y: Tensor): number[] => {
    const width = y.size / (B * T);
    return y.shape[1] === T ? numbers(y).filter((_, k) => numbers(mask)[Math.floor(k / width)] === 1) : numbers(y);
  };

  test("shapes are foretold, weights counted, options go through plain data, gradients are slopes", () => {
    const layer = make();
    const { outputs } = layer.forward(x);
    expect(layer.parameterCount).toBe(weights);
    expect(layer.outputShapes([x.shape])).toEqual(outputs.map(({ shape }) => shape));
    expect(layer.outputShapes([[null, null, D]]).map((shape) => shape.length)).toEqual(outputs.map(({ rank }) => rank));
    expect(configOf(layerFromConfig(JSON.parse(JSON.stringify(configOf(layer)))))).toEqual(configOf(layer));
    const at = [x, ...layer.parameters.map((weight) => weight.tensor)];
    outputs.forEach((_, k) => {
      checkGradients(() => layer.forward(x).outputs[k] as Tensor, at);
    });
  });

  test("padding is inert, whatever it holds", () => {
    const layer = make();
    const spoiled = of(
      numbers(x).map((v, k) => (numbers(mask)[Math.floor(k / D)] ? v : Number.NaN)),
      x.shape,
    );
    const clean = layer.forward(x, { mask });
    layer.forward(spoiled, { mask }).outputs.forEach((y, k) => {
      expectClose(used(y), used(clean.outputs[k] as Tensor), { atol: 1e-12 }, "used steps");
    });
    // The first row without its padding.
    const short = layer.forward(of(numbers(x).slice(0, 3 * D), [1, 3, D])).output;
    expectClose(numbers(clean.output).slice(0, short.size), numbers(short), { atol: 1e-12 }, "the row alone");
  });

  test("rows do not know each other", () => {
    const layer = make();
    const both = layer.forward(x).output;
    const second = layer.forward(of(numbers(x).slice(T * D), [1, T, D])).output;
    expectClose(numbers(both).slice(both.size / B), numbers(second), { atol: 1e-12 }, "the row alone");
  });

  test("float32 agrees with float64", () => {
    const layer = make();
    const { output } = layer.forward(x);
    const fast = getBackend("wasm");
    const twin = make();
    twin.build([x.shape], { backend: fast });
    twin.load(
      Object.fromEntries(layer.parameters.map((weight) => [weight.path.slice(layer.path.length + 1), plain(weight.tensor)])),
    );
    const moved = tensor(x.dataSync(), x.shape, { backend: fast });
    expectClose(twin.forward(moved).output.dataSync(), output.dataSync(), { rtol: 1e-5, atol: 1e-5 }, "output"); // sums of a few terms
  });
});

describe("attentionPooling", () => {
  test("weighs the steps by shares of 1; a row without any gives 0", () => {
    const { outputs, mask } = attentionPooling({ returnWeights: true }).forward(random([2, 3, 4]), {
      mask: of([1, 0, 1, 0, 0, 0], [2, 3]),
    });
    const [pooled, weights] = outputs.map(numbers) as [number[], number[]];
    expect((weights[0] as number) + (weights[2] as number)).toBeCloseTo(1, 12);
    expect([weights[1], ...weights.slice(3)]).toEqual([0, 0, 0, 0]);
    expect(pooled.slice(4)).toEqual([0, 0, 0, 0]);
    expect(mask).toBeNull();
  });
});

describe("positions", () => {
  test("are waves of growing length", () => {
    const waves = numbers(positions().forward(of(Array<number>(12).fill(0), [1, 3, 4])).output);
    const expected = [0, 1, 2].flatMap((t) => [Math.sin(t), Math.cos(t), Math.sin(t / 100), Math.cos(t / 100)]);
    expectClose(waves, expected, { atol: 1e-15 }, "waves");
  });
  test("follow the length of each call", () => {
    const layer = positions();
    const of3 = numbers(layer.forward(of(Array<number>(6).fill(0), [1, 3, 2])).output);
    expect(numbers(layer.forward(of(Array<number>(4).fill(0), [1, 2, 2])).output)).toEqual(of3.slice(0, 4));
  });
});

test("a causal transformerBlock does not know what follows", () => {
  const layer = transformerBlock({ heads: 2, causal: true });
  const x = random([1, 5, 4]);
  const changed = of(
    numbers(x).map((v, k) => (k < 12 ? v : v + 1)),
    x.shape,
  ); // from step 3 on
  expect(numbers(layer.forward(changed).output).slice(0, 12)).toEqual(numbers(layer.forward(x).output).slice(0, 12));
});

test("dropout acts in training alone, at every place that has some", () => {
  const layer = transformerBlock({ heads: 2, dropout: 0.5 });
  const x = random([2, 5, 4]);
  const out = (options: object): number[] => numbers(layer.forward(x, options).output);
  expect(out({})).toEqual(out({ step: 3 }));
  expect(out({ training: true, step: 3 })).toEqual(out({ training: true, step: 3 }));
  expect(out({ training: true, step: 3 })).not.toEqual(out({ training: true, step: 4 }));
});

describe("errors say what to do", () => {
  const failures: readonly [() => unknown, RegExp][] = [
    [() => attentionPooling({ units: 0 }), /Cannot make AttentionPooling with units 0/],
    [() => attentionPooling().outputShape([[2, 3]]), /A recurrent layer before it needs returnSequences/],
    [() => positions({ encoding: "fourier" as never }), /it is "sinusoidal" or "learned"/],
    [() => positions({ encoding: "learned" }), /Cannot make Positions with maxLength undefined/],
    [() => positions({ maxLength: 3 }), /sinusoidal positions have no end/],
    [() => positions({ encoding: "learned", maxLength: 3 }).outputShape([[2, 4, 2]]), /on 4 steps: it learns 3 positions/],
    [() => positions({ encoding: "learned", maxLength: 3 }).forward(random([2, 4, 2])), /on 4 steps: it learns 3 positions/],
    [() => transformerBlock({ heads: 3 }).outputShape([[2, 5, 4]]), /with dense\(\{ units \}\)/],
    [() => transformerBlock({ heads: 2, activation: "swish" as never }), /Cannot make TransformerBlock with activation "swish"/],
  ];
  test.each(failures)("%#", (attempt, message) => expect(attempt).toThrow(message));
});

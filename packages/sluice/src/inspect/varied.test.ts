import { describe, expect, test } from "vitest";
import { getBackend, init } from "../backend/index.ts";
import { bidirectional, dense, embedding, flatten, gridLstmNd, gru, input, type Layer, lstm, mdLstm } from "../layers/index.ts";
import { prepared } from "../layers/testing/recurrent-samples.ts";
import { model } from "../models/functional.ts";
import { sequential } from "../models/sequential.ts";
import { ones, type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { integratedGradients, occlusion } from "./attribution.ts";
import { connectivity, memoryHorizon } from "./connectivity.ts";
import { gradientThroughTime } from "./gradient-through-time.ts";
import { activeUnits, gateSaturation, unitCorrelation } from "./statistics.ts";
import { gateCases } from "./testing/gate-cases.ts";
import { at, random } from "./testing/samples.ts";
import { trace } from "./trace.ts";

await init({ backend: "wasm" });
const backend = getBackend("reference");

describe("a model that reads indices", () => {
  const words = tensor(
    [
      [3, 1, 0, 0],
      [2, 4, 1, 3],
    ],
    [2, 4],
    { backend },
  );
  const table = embedding({ inputDim: 5, outputDim: 3, maskZero: true, embeddingsInitializer: "randomNormal" });
  const rest = [bidirectional(lstm({ units: 2, returnSequences: true })), gru({ units: 3 }), dense({ units: 2 })];
  const whole = sequential([table, ...rest], { backend: "reference", seed: 3 });
  const mask = tensor([1, 1, 0, 0, 1, 1, 1, 1], [2, 4], { backend });
  const vectors = (): Tensor => table.forward(words).output;

  test("is inspected in the vectors that stand for them, as the rest of it alone would be", () => {
    whole.forward(words);
    const alone = sequential(
      rest.map((layer): Layer => layer.clone()),
      { backend: "reference" },
    );
    alone.build([[null, null, 3]]);
    const weights = rest.flatMap(({ parameters }) => parameters);
    alone.parameters.forEach(({ tensor: weight }, k) => {
      weight.backend.write(weight.storage, (weights[k]?.tensor as Tensor).dataSync());
    });
    const x = vectors();
    expect(connectivity(whole, words)).toEqual(connectivity(alone, x, { mask }));
    expect(integratedGradients(whole, words, { output: 1 })).toEqual(integratedGradients(alone, x, { output: 1, mask }));
    expect(occlusion(whole, words, { output: 0, window: 2 })).toEqual(occlusion(alone, x, { output: 0, window: 2, mask }));
    const { norms } = connectivity(whole, words);
    expect([at(norms, 0, 0, 2), at(norms, 0, 0, 3)]).toEqual([0, 0]); // padding
    expect(at(norms, 0, 0, 0)).toBeGreaterThan(0);
  });

  test("its attributions add up, and its memory and gradients are read by layer", () => {
    const { attributions, gap } = integratedGradients(whole, words, { output: 0, steps: 200 });
    expect(attributions.shape).toEqual([2, 4, 3]);
    expectClose(gap, [0, 0], { atol: 1e-6 });
    for (const layer of ["bidirectional/forward", "bidirectional/backward", "gru"]) {
      expect(memoryHorizon(whole, words, { layer }).norms.every(Number.isFinite)).toBe(true);
      const { norms } = gradientThroughTime(whole, words, ones([2, 2], { backend }), { layer, loss: "mse" });
      expect(norms.hiddenState?.some((norm) => norm > 0)).toBe(true);
    }
  });

  test("whose indices two embeddings read is refused", () => {
    const read = input({ shape: [4], name: "words" });
    const two = ["a", "b"].map((name) => embedding({ inputDim: 5, outputDim: 2, name }).apply(read));
    const heads = two.map((vector) => lstm({ units: 2 }).apply(vector));
    const both = model({ inputs: [read], outputs: heads, backend: "reference" });
    expect(() => connectivity(both, words)).toThrow(/Indices that several embeddings read/);
  });
});

describe("every inspection of a model around", () => {
  const cases = [
    ...gateCases(),
    {
      name: "bidirectional",
      make: () => bidirectional(lstm({ units: 2, returnSequences: true })),
      frame: [],
    },
    { name: "mdLstm", make: () => mdLstm({ units: 2 }), frame: [3] },
    { name: "gridLstmNd", make: () => gridLstmNd({ units: 2 }), frame: [3] },
  ];
  test.each(cases)("$name is plain numbers that fit together", ({ name, make, frame = [] }) => {
    const T = 3;
    const layer = prepared(make({ units: 2, goBackwards: false, backend: "reference" }), { I: 2, frame, seed: 5 }, backend);
    const subject = sequential([layer, flatten(), dense({ units: 1, seed: 1 })], { backend: "reference" });
    const x = random([2, T, ...frame, 2], 7);
    const whole = integratedGradients(subject, x, { steps: 100 });
    const all = occlusion(subject, x, { window: T });
    whole.value.forEach((value, b) => {
      const difference = value - (whole.baselineValue[b] as number);
      expect(all.drops.data[b]).toBeCloseTo(difference, 10); // everything covered is the baseline
      // A norm over two features jumps where they change places, and no sum over points follows a jump; 1e-2: kinks of hard sigmoids.
      if (!/layerNorm|Block /.test(name)) {
        expect(Math.abs(whole.gap[b] as number)).toBeLessThan(1e-2 * Math.max(1, Math.abs(difference)));
      }
    });
    const { norms } = connectivity(subject, x);
    const step = 2e-6; // a norm over two features bends sharply: 1e-5 is too long for five places
    const numbers = Float64Array.from(x.dataSync());
    const width = x.size / (2 * T);
    const value = (k: number, by: number): number => {
      const moved = Float64Array.from(numbers);
      moved[k] = (moved[k] as number) + by;
      return (subject.forward(tensor(moved, x.shape, { backend }))[0] as Tensor).dataSync()[1] as number;
    };
    for (let s = 0; s < T; s++) {
      const slopes = Array.from({ length: width }, (_, i) => (T + s) * width + i).map(
        (k) => (value(k, step) - value(k, -step)) / (2 * step),
      );
      expect(at(norms, 1, 0, s)).toBeCloseTo(Math.hypot(...slopes), 5);
    }
    const path = "forwardLayer" in layer ? { layer: `${layer.path}/forward` } : {};
    const traced = trace(subject, x, path);
    expect(activeUnits(traced, { of: Object.keys(traced.states)[0] as string }).range.every(Number.isFinite)).toBe(true);
    expect(unitCorrelation(traced, { of: Object.keys(traced.states)[0] as string }).length).toBeGreaterThan(0);
    const shares = Object.values(gateSaturation(traced)).flatMap(({ low, high }) => [...low, ...high]);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    if (traced.type === "MDLSTM" || traced.type === "GridLSTMND") return; // a grid has no last step and no time to walk back
    expect(memoryHorizon(subject, x, path).norms).toHaveLength(T);
    const through = gradientThroughTime(subject, x, ones([2, 1], { backend }), { ...path, loss: "mse" });
    expect(Object.values(through.norms).every((values) => values.length === T && values.every(Number.isFinite))).toBe(true);
    expect(JSON.stringify([whole, all, norms, through])).not.toContain("null"); // what JSON makes of NaN
  });
});

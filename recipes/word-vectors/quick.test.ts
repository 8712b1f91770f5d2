import { existsSync, readFileSync } from "node:fs";
import { dense, embedding, getBackend, lstm, makeOptimizer, RandomStream, sequential, tensor, valueAndGradients } from "sluice";
import { describe, expect, test } from "vitest";
import { dataFolder } from "../run.mjs";
import { penn, readAnalogies } from "./penn.mjs";
import { persons, questions, royalCourt, sentences } from "./royal-court.mjs";
import { batches, keptShares, loss, noiseOf, readWords, sampler, skipGram, tables, trainStep } from "./skip-gram.mjs";
import { wordSpace } from "./space.mjs";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

interface OracleCase {
  readonly name: string;
  readonly rate: number;
  readonly inputs: Record<"inside" | "outside" | "centres" | "targets", Numbers>;
  readonly expected: {
    readonly loss: number;
    readonly gradients: Record<"inside" | "outside", Numbers>;
    readonly after: Record<"inside" | "outside", Numbers>;
  };
}

const { cases } = JSON.parse(readFileSync(new URL("../../oracles/values/skip-gram.json", import.meta.url), "utf8")) as {
  cases: OracleCase[];
};
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, k) => Math.abs(value - (b[k] as number))));
};

describe("the loss and its step", () => {
  const backend = getBackend("reference"); // float64
  test.each(cases)("agree with NumPy: $name", ({ inputs, rate, expected }) => {
    const { inside, outside, centres, targets } = inputs;
    const [size, dimensions] = inside.shape as [number, number];
    const weights = tables(size, dimensions, { seed: 1, backend: "reference" });
    backend.write(weights[0].tensor.storage, inside.data);
    backend.write(weights[1].tensor.storage, outside.data);
    const [c, t] = [tensor(centres.data, centres.shape, { backend }), tensor(targets.data, targets.shape, { backend })];
    const [u, v] = weights.map((weight: { tensor: unknown }) => weight.tensor);
    const { value, gradients } = valueAndGradients(() => loss(u, v, c, t), [u, v]);
    expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 10);
    expect(farthest(gradients[0]?.dataSync() ?? [], expected.gradients.inside.data)).toBeLessThan(1e-10); // twelve digits stored
    expect(farthest(gradients[1]?.dataSync() ?? [], expected.gradients.outside.data)).toBeLessThan(1e-10);
    const batch = { centres: centres.data, targets: targets.data, width: targets.shape[1] };
    const ofPair = trainStep(weights, makeOptimizer({ type: "sgd", learningRate: rate }), batch);
    expect(ofPair).toBeCloseTo(expected.loss / centres.data.length, 10);
    expect(farthest(u.dataSync(), expected.after.inside.data)).toBeLessThan(1e-10);
    expect(farthest(v.dataSync(), expected.after.outside.data)).toBeLessThan(1e-10);
  });

  test("its gradients are the slopes of the loss", () => {
    const random = new RandomStream({ seed: 4, stream: 0, step: 0 });
    const drawn = () =>
      tensor(
        Float64Array.from({ length: 6 * 3 }, () => random.normal()),
        [6, 3],
        { backend },
      );
    const [u, v] = [drawn(), drawn()];
    const c = tensor([0, 5, 2, 2], [4], { backend });
    const t = tensor([1, 3, 3, 4, 0, 5, 2, 2, 1, 0, 4, 4], [4, 3], { backend });
    const now = () => loss(u, v, c, t).dataSync()[0];
    const { gradients } = valueAndGradients(() => loss(u, v, c, t), [u, v]);
    for (const [k, at] of [u, v].entries()) {
      const slopes = Array.from(at.dataSync(), (value, element) => {
        const moved = (by: number) => {
          backend.write(at.storage, [value + by], element);
          return now();
        };
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        backend.write(at.storage, [value], element);
        return slope;
      });
      expect(farthest(gradients[k]?.dataSync() ?? [], slopes)).toBeLessThan(1e-8); // differences of second order
    }
  });
});

describe("what is read", () => {
  const text = readWords([["b", "a", "a", "c"], ["a", "b"], ["rare"]], 2);
  test("frequent words first, rare ones left out", () => {
    expect(text.words).toEqual(["a", "b"]);
    expect(text.counts).toEqual([3, 2]);
    expect(text.sentences).toEqual([[1, 0, 0], [0, 1], []]);
  });

  test("samples come as often as their weights say", () => {
    const weights = [5, 0, 1, 3, 0.5, 2];
    const [draw, random] = [sampler(weights), new RandomStream({ seed: 2, stream: 0, step: 0 })];
    const counts = new Array(6).fill(0);
    const n = 50_000;
    for (let k = 0; k < n; k++) counts[draw(random)]++;
    const chi2 = weights.reduce((sum, weight, k) => {
      const wanted = (n * weight) / 11.5;
      return wanted === 0 ? sum : sum + (counts[k] - wanted) ** 2 / wanted;
    }, 0);
    expect(counts[1]).toBe(0);
    expect(chi2).toBeLessThan(18.5); // 4 degrees of freedom: exceeded once in a thousand seeds
    const noise = noiseOf([16, 1]);
    let rare = 0;
    for (let k = 0; k < n; k++) rare += noise(random);
    expect(rare / n).toBeCloseTo(1 / (1 + 8), 2); // 16^0.75 = 8
  });

  test("frequent words are passed over: √(t / f) are kept", () => {
    const [often, seldom] = keptShares([9000, 1000], 0.1) as [number, number];
    expect(often).toBeCloseTo(1 / 3, 12);
    expect(seldom).toBe(1);
  });

  test("pairs stand together, each distance as often as windows of 1 … window make it; negatives are never the neighbour", () => {
    const words = Array.from({ length: 400 }, (_, k) => k);
    const line = { sentences: [words], counts: words.map(() => 1) };
    const options = { window: 4, negatives: 2, subsample: 1, batchSize: 64, seed: 3, epoch: 0 };
    const distances = [0, 0, 0, 0, 0];
    let [read, wrong] = [0, 0];
    for (let epoch = 0; epoch < 10; epoch++) {
      for (const { centres, targets, width, read: share } of batches(line, { ...options, epoch })) {
        read = share;
        expect(targets.length).toBe(centres.length * width);
        for (const [k, centre] of centres.entries()) {
          const [neighbour, ...others] = targets.subarray(k * width, (k + 1) * width);
          const distance = Math.abs((neighbour as number) - centre);
          distances[distance] = (distances[distance] ?? 0) + 1;
          if (others.includes(neighbour as number)) wrong++;
        }
      }
      expect(read).toBe(1);
    }
    expect(wrong).toBe(0);
    expect(distances).toHaveLength(5);
    expect(distances[0]).toBe(0);
    expect(distances[1]).toBeGreaterThan(7900); // 2 · 4000, but for the two ends of the line
    for (const [d, share] of [
      [2, 0.75],
      [3, 0.5],
      [4, 0.25],
    ] as const) {
      expect((distances[d] as number) / (distances[1] as number)).toBeCloseTo(share, 1);
    }
    const [first] = batches(line, options);
    const [again] = batches(line, options);
    expect(first).toEqual(again);
  });
});

describe("royal-court", () => {
  test("persons never meet, and the questions are the parallelograms of a cube", () => {
    const names = Object.keys(persons);
    for (const sentence of sentences(50, 1)) expect(sentence.filter((word: string) => names.includes(word))).toHaveLength(1);
    const asked = questions();
    expect(asked).toContainEqual(["man", "king", "woman", "queen"]);
    for (const [a, b, c, d] of asked as (keyof typeof persons)[][]) {
      const [pa, pb, pc, pd] = [a, b, c, d].map((name) => persons[name as keyof typeof persons]);
      expect(pd).toEqual(pc?.map((value, k) => value + (pb?.[k] ?? 0) - (pa?.[k] ?? 0)));
    }
  });

  test("quick run: vectors add up, and untrained ones do not", async () => {
    const { rows, losses, near, text } = await royalCourt({ quick: true, seed: 1 });
    expect(rows[0]?.analogies).toBeLessThan(0.2);
    expect(rows[1]?.analogies).toBeGreaterThan(0.8);
    expect(rows[1]?.nearest).toBeLessThan(0.6);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect(near[3]?.slice(0, 3).map(([word]: [string, number]) => word)).toEqual(
      expect.arrayContaining(["her", "hers", "madam"]),
    );
    expect(text).not.toMatch(/NaN|undefined/);
  });
});

test("directions: nearest words and analogies by hand", () => {
  const words = ["a", "b", "c", "d", "far"];
  const space = wordSpace(words, Float32Array.of(1, 0, 1, 1, 2, 0.5, 2, 1.5, -1, -1));
  const [[first, second]] = space.nearest(["a"], 2) as [[string, number][]] as never;
  expect(first).toEqual(["c", expect.closeTo(2 / Math.sqrt(4.25), 6)]);
  expect(second[0]).toBe("d");
  expect(space.analogies([["a", "b", "c", "d"]])).toEqual(["d"]);
  expect(space.nearestToThird([["b", "c", "a", "d"]])).toEqual(["d"]);
});

test("vectors start an embedding layer, which then learns or stays", async () => {
  const text = readWords(sentences(300, 1), 1);
  const options = { window: 5, negatives: 5, subsample: 1, batchSize: 64, seed: 1 };
  const { vectors } = await skipGram(text, { ...options, dimensions: 6, epochs: 1 });
  const shape = [text.words.length, 6];
  for (const trainable of [true, false]) {
    const words = embedding({ inputDim: shape[0] as number, outputDim: 6, name: "words", inputShape: [null], trainable });
    const model = sequential([words, lstm({ units: 4 }), dense({ units: 1, activation: "sigmoid" })], { seed: 1 });
    model.setWeights((await model.weights()).set("words/embeddings", { shape, data: vectors }));
    const looked = words.forward(tensor([[3, 0]])).output.dataSync();
    expect([...looked]).toEqual([...vectors.slice(18, 24), ...vectors.slice(0, 6)]);
    model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    await model.fit([[3, 0]], [[1]], { epochs: 1 });
    const after = (await model.weights()).get("words/embeddings")?.data.slice(18, 24) ?? [];
    expect([...after].some((value, k) => value !== vectors[18 + k])).toBe(trainable);
  }
});

test("analogies are read by kind, in lower case", () => {
  const kinds = readAnalogies(": family\nboy girl King Queen\n: gram\na b c d\na b\n");
  expect(kinds).toEqual([
    { kind: "family", questions: [["boy", "girl", "king", "queen"]] },
    { kind: "gram", questions: [["a", "b", "c", "d"]] },
  ]);
});

test.skipIf(!existsSync(dataFolder))("penn, quick run (skipped where the data do not lie beside the repository)", async () => {
  const { all, text } = await penn({ quick: true, seed: 1, data: dataFolder });
  expect(all.asked).toBeGreaterThan(10_000);
  expect(all.known).toBeGreaterThan(100);
  expect(text).not.toMatch(/NaN|undefined/);
});

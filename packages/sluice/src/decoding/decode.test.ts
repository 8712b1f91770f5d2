import { describe, expect, test } from "vitest";
import { randomTensor } from "../autograd/gradient-check.ts";
import type { HostArray } from "../backend/backend.ts";
import {
  AttentionLayer,
  add,
  additiveAttention,
  attention,
  beamSearch,
  bidirectional,
  concatenate,
  type Decoded,
  decode,
  dense,
  embedding,
  getBackend,
  gru,
  input,
  type Layer,
  loadModel,
  lstm,
  lstmCell,
  type Model,
  masking,
  model,
  multiHeadAttention,
  ops,
  padTokens,
  residual,
  rnn,
  type SymbolicTensor,
  saveModel,
  seq2seq,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
} from "../index.ts";
import { expectClose } from "../testing/oracle.ts";

const V = 5; // 0 pads, 1 starts, 2 stops
const backend = getBackend("reference");
const tokens = (): Layer => embedding({ inputDim: V, outputDim: 3, maskZero: true });

/** Random weights, biases too; those of the last layer larger, so that some tokens are far likelier than others. */
function randomWeights(net: Model, seed: number, std = 1.2): Model {
  net.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(
      weight.storage,
      randomTensor(weight.shape, { seed: seed + k, like: weight, std: k + 2 < net.parameters.length ? std : 3 * std }).dataSync(),
    );
  });
  return net;
}

function small(seed: number, encoder: readonly Layer[] = [tokens(), lstm({ units: 4 })], units = 4): Model {
  const decoder = [tokens(), lstm({ units }), dense({ units: V })];
  return randomWeights(seq2seq({ encoder, decoder, backend: "reference" }), seed);
}

function attended(look: AttentionLayer, encoder: readonly Layer[] = [tokens(), lstm({ units: 4 })]): Model {
  const decoder = [tokens(), lstm({ units: 4 }), dense({ units: 6, activation: "tanh" }), dense({ units: V })];
  return seq2seq({ encoder, decoder, attention: look, backend: "reference" });
}

const marks = { start: 1, stop: 2, fromLogits: true };

/** The second output of the attention layer in a run of the whole model. */
function looksOf(net: Model, source: readonly number[], read: readonly number[]): HostArray {
  let seen: HostArray = new Float64Array(0);
  net.forward([tensor(source, [1, source.length], { backend }), tensor(read, [1, read.length], { backend })], {
    observe: ({ layer }, { outputs }) => {
      if (layer instanceof AttentionLayer) seen = outputs[1]!.dataSync();
    },
  });
  return seen;
}

/** ln p of each next token after a prefix, by the whole model over the whole prefix. */
function nextScores(net: Model, source: readonly number[], prefix: readonly number[]): number[] {
  const make = (sequence: readonly number[]) => tensor(sequence, [1, sequence.length], { backend });
  const [y] = net.forward([make(source), make([1, ...prefix])]);
  const scores = ops.logSoftmax(y!).dataSync();
  return [...scores.slice(prefix.length * V)];
}

/** The likeliest of all sequences of at most `maxLength` tokens that end with the stop token. */
function bestOfAll(
  net: Model,
  source: readonly number[],
  maxLength: number,
  others: readonly number[] = [1, 3, 4],
): { tokens: readonly number[]; logProbability: number } {
  let best = { tokens: [] as readonly number[], logProbability: Number.NEGATIVE_INFINITY };
  const visit = (prefix: readonly number[], sum: number): void => {
    const scores = nextScores(net, source, prefix);
    const stopped = sum + scores[2]!;
    if (stopped > best.logProbability) best = { tokens: prefix, logProbability: stopped };
    if (prefix.length < maxLength) for (const token of others) visit([...prefix, token], sum + scores[token]!);
  };
  visit([], 0);
  return best;
}

describe("decode", () => {
  const sources = [[3], [4, 3, 3], [3, 4, 4, 1]];
  const padded = padTokens(sources);

  test.each([
    1000, 4000, 6700, 9100,
  ])("greedily it takes the likeliest token after the prefix so far (weights %i)", async (seed) => {
    const net = small(seed);
    const found = await decode(net, padded, { ...marks, maxLength: 6 });
    expect(new Set(found.map((row) => row.tokens.join())).size).toBeGreaterThan(1); // weights that tell the sources apart
    expect(found.some(({ stopped }) => stopped)).toBe(true);
    sources.forEach((source, n) => {
      const expected: number[] = [];
      let sum = 0;
      let stopped = false;
      while (!stopped && expected.length <= 6) {
        const scores = nextScores(net, source, expected);
        scores[0] = Number.NEGATIVE_INFINITY;
        const token = scores.indexOf(Math.max(...scores));
        if (expected.length === 6 && token !== 2) break;
        sum += scores[token]!;
        stopped = token === 2;
        if (!stopped) expected.push(token);
      }
      expect(found[n]).toMatchObject({ tokens: expected, stopped });
      expect(found[n]!.logProbability).toBeCloseTo(sum, 10);
      expect(found[n]!.score).toBe(found[n]!.logProbability);
    });
  });

  test.each([
    3100, 4000, 5000, 6600, 9100, 9900,
  ])("beams that keep everything find the best of all sequences (weights %i)", async (seed) => {
    const net = small(seed);
    const found = await decode(net, padded, { ...marks, maxLength: 3, beams: V ** 4 });
    expect(new Set(found.map((row) => row.tokens.join())).size).toBeGreaterThan(1); // weights that tell the sources apart
    sources.forEach((source, n) => {
      const best = bestOfAll(net, source, 3);
      expect(found[n]!.tokens).toEqual(best.tokens);
      expect(found[n]!.logProbability).toBeCloseTo(best.logProbability, 10);
    });
  });

  test("every hypothesis scores what teacher forcing gives it, the best first, none twice", async () => {
    const net = small(9100);
    const found = await beamSearch(net, padded, { ...marks, maxLength: 4, beams: 5, lengthPenalty: 0.7 });
    sources.forEach((source, n) => {
      const rows: Decoded[] = found[n]!;
      expect(rows).toHaveLength(5);
      expect(new Set(rows.map((row) => `${row.tokens} ${row.stopped}`)).size).toBe(5);
      rows.forEach((row, k) => {
        const all = row.stopped ? [...row.tokens, 2] : row.tokens;
        const sum = all.reduce((total, token, t) => total + nextScores(net, source, all.slice(0, t))[token]!, 0);
        expect(row.logProbability).toBeCloseTo(sum, 10);
        expect(row.score).toBeCloseTo(sum / ((5 + all.length) / 6) ** 0.7, 10);
        const before = rows[k - 1];
        if (before?.stopped === row.stopped) expect(before.score).toBeGreaterThanOrEqual(row.score);
        if (row.stopped && before) expect(before.stopped).toBe(true);
      });
    });
  });

  test("padding is inert, and so are the other sources of a batch", async () => {
    const net = small(6700);
    const options = { ...marks, maxLength: 8, beams: 3 };
    const together = await beamSearch(net, padded, options);
    for (const [n, source] of sources.entries()) {
      expect(await beamSearch(net, [source], options)).toEqual([together[n]]);
      expect(await beamSearch(net, [[...source, 0, 0, 0]], options)).toEqual([together[n]]);
    }
    expect(await beamSearch(net, padded, { ...options, batchSize: 2 })).toEqual(together);
    expect(await decode(net, { shape: [0, 3], data: new Float32Array(0) }, options)).toEqual([]);
  });

  test("numbers as source take their padding from a mask or from masking", async () => {
    const x = randomTensor([2, 4, 2], { seed: 5, like: { backend } });
    const mask = [
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ];
    const options = { ...marks, maxLength: 8, beams: 2 };
    const net = small(400, [lstm({ units: 4, inputShape: [null, 2] })]);
    const found = await beamSearch(net, x, { ...options, mask });
    const short = tensor(x.dataSync().slice(8, 12), [1, 2, 2], { backend });
    expect(found[1]).toEqual((await beamSearch(net, short, options))[0]);
    expect(found[1]).not.toEqual((await beamSearch(net, x, options))[1]);
    const zeroed = tensor(
      x.dataSync().map((v, k) => (k >= 12 ? 0 : v)),
      [2, 4, 2],
      { backend },
    );
    const masked = small(400, [masking({ inputShape: [null, 2] }), lstm({ units: 4 })]);
    expect(await beamSearch(masked, zeroed, options)).toEqual(found);
  });

  test.each<[string, () => Model]>([
    [
      "GRU, two levels",
      () =>
        seq2seq({
          encoder: [tokens(), gru({ units: 4 }), gru({ units: 3 })],
          decoder: [tokens(), gru({ units: 4 }), gru({ units: 3 }), dense({ units: V })],
          backend: "reference",
        }),
    ],
    [
      "cells in a stack",
      () =>
        seq2seq({
          encoder: [tokens(), rnn([lstmCell({ units: 4 }), lstmCell({ units: 3 })])],
          decoder: [tokens(), rnn([lstmCell({ units: 4 }), lstmCell({ units: 3 })]), dense({ units: V })],
          backend: "reference",
        }),
    ],
    ["a bidirectional encoder", () => small(500, [tokens(), bidirectional(lstm({ units: 2 }))])],
    ["an encoder that reads backwards", () => small(600, [tokens(), lstm({ units: 4, goBackwards: true })])],
    [
      "levels with a way around",
      () =>
        seq2seq({
          encoder: [tokens(), lstm({ units: 3 }), residual(lstm({ units: 3, returnSequences: true }))],
          decoder: [
            tokens(),
            lstm({ units: 3 }),
            residual(lstm({ units: 3, returnSequences: true })),
            dense({ units: 7 }),
            dense({ units: V }),
          ],
          backend: "reference",
        }),
    ],
    ["Luong's dot score", () => attended(attention())],
    ["a score with weights", () => attended(attention({ score: "general", returnWeights: true }))],
    ["Bahdanau's score", () => attended(additiveAttention({ units: 3 }), [tokens(), bidirectional(lstm({ units: 2 }))])],
    ["several heads", () => attended(multiHeadAttention({ heads: 2 }))],
  ])("goes step by step through %s as the whole model does", async (_, make) => {
    const net = randomWeights(make(), 700);
    const [found] = await beamSearch(net, [sources[1]!], { ...marks, maxLength: 5, beams: 3 });
    for (const row of found!) {
      const all = row.stopped ? [...row.tokens, 2] : row.tokens;
      const sum = all.reduce((total, token, t) => total + nextScores(net, sources[1]!, all.slice(0, t))[token]!, 0);
      expect(row.logProbability).toBeCloseTo(sum, 10);
    }
  });

  test("attention shows where the whole model looks, padding aside", async () => {
    const net = randomWeights(attended(multiHeadAttention({ heads: 2, returnWeights: true })), 40);
    const options = { ...marks, maxLength: 6, beams: 4, attention: true };
    const found = await beamSearch(net, padded, options);
    expect(found.flat().some((row) => row.tokens.length > 1)).toBe(true);
    sources.forEach((source, n) => {
      for (const row of found[n]!) {
        const [weights, ...more] = row.attention;
        const steps = row.tokens.length + (row.stopped ? 1 : 0);
        expect(weights!.shape).toEqual([steps, 2, 4]);
        expect(more).toEqual([]);
        const seen = [...looksOf(net, source, [1, ...row.tokens].slice(0, steps))]; // [heads, steps, S]
        const S = source.length;
        for (let t = 0; t < steps; t++) {
          for (const head of [0, 1]) {
            const row = [...weights!.data.slice((t * 2 + head) * 4, (t * 2 + head + 1) * 4)];
            expectClose(row.slice(0, S), seen.slice((head * steps + t) * S, (head * steps + t + 1) * S), { atol: 1e-12 });
            expect(row.slice(S).every((weight) => weight === 0)).toBe(true);
          }
        }
      }
    });
    const [plain] = await beamSearch(net, padded, { ...options, attention: false });
    expect(plain).toEqual(found[0]!.map((row) => ({ ...row, attention: [] })));
  });

  test("without padding every token may come out", async () => {
    const plain = (): Layer => embedding({ inputDim: V, outputDim: 3 });
    const decoder = [plain(), lstm({ units: 4 }), dense({ units: V })];
    const make = (): Model => seq2seq({ encoder: [plain(), lstm({ units: 4 })], decoder, backend: "reference" });
    const net = randomWeights(make(), 1226);
    const options = { ...marks, maxLength: 3, beams: V ** 4 };
    const best = bestOfAll(net, [3, 0, 4], 3, [0, 1, 3, 4]);
    expect(best.tokens).toContain(0);
    expect((await decode(net, [[3, 0, 4]], options))[0]!.tokens).toEqual(best.tokens);
    expect((await decode(net, [[3, 0, 4]], { ...options, pad: 0 }))[0]!.tokens).toEqual(bestOfAll(net, [3, 0, 4], 3).tokens);
  });

  test("any model whose last input is what came out may answer: here one that reads a sequence and a vector", async () => {
    const [sequence, vector, soFar] = [input({ shape: [null, 2] }), input({ shape: [3] }), input({ shape: [null] })];
    const [encoded, h] = gru({ units: 4, returnSequences: true, returnState: true }).applyAll(sequence) as [
      SymbolicTensor,
      SymbolicTensor,
    ];
    const start = add().apply([h, dense({ units: 4 }).apply(vector)]);
    const read = gru({ units: 4, returnSequences: true }).apply([tokens().apply(soFar), start]);
    const alone = simpleRnn({ units: 2, returnSequences: true }).apply(read); // it begins by itself
    const found = attention({ score: "general" }).apply([alone, encoded]);
    const again = additiveAttention({ units: 2 }).apply([read, encoded]);
    const y = dense({ units: V }).apply(concatenate().apply([found, again, alone]));
    const net = randomWeights(model({ inputs: [sequence, vector, soFar], outputs: y, backend: "reference" }), 60);
    const like = { backend };
    const source = [randomTensor([2, 3, 2], { seed: 1, like }), randomTensor([2, 3], { seed: 2, like })];
    const fewer = [source[0]!, ops.slice(source[1]!, 0, 1, { axis: 0 })];
    await expect(decode(net, fewer, { ...marks, maxLength: 4 })).rejects.toThrow("2 sources with an array of shape [1, 3]");
    const rows = await beamSearch(net, source, { ...marks, maxLength: 4, beams: 4, attention: true });
    rows.forEach((hypotheses, n) => {
      const row = (x: Tensor): Tensor => ops.slice(x, n, n + 1, { axis: 0 });
      for (const { tokens: said, stopped, logProbability, attention: looks } of hypotheses) {
        const all = stopped ? [...said, 2] : said;
        const reads = tensor([1, ...all.slice(0, -1)], [1, all.length], like);
        const [scores] = net.forward([...source.map(row), reads]);
        const each = ops.logSoftmax(scores!).dataSync();
        expect(logProbability).toBeCloseTo(
          all.reduce((sum, token, t) => sum + each[t * V + token]!, 0),
          10,
        );
        expect(looks.map(({ shape }) => shape)).toEqual([
          [all.length, 3],
          [all.length, 3],
        ]);
      }
    });
  });

  test("a model that was saved and loaded gives the same, and knows from its loss what its output means", async () => {
    const net = randomWeights(attended(additiveAttention({ units: 3 })), 43);
    net.compile({ loss: { type: "sparseCategoricalCrossentropy", fromLogits: true } });
    const options = { start: 1, stop: 2, maxLength: 8, beams: 3 };
    const found = await beamSearch(net, padded, options);
    const loaded = loadModel(await saveModel(net), { backend: "reference" });
    const again = await beamSearch(loaded, padded, options);
    expect(again.map((rows) => rows.map((row) => row.tokens))).toEqual(found.map((rows) => rows.map((row) => row.tokens)));
    again.flat().forEach((row, k) => void expect(row.logProbability).toBeCloseTo(found.flat()[k]!.logProbability, 5)); // files keep float32
  });

  test("probabilities are read as such", async () => {
    const net = small(900);
    const ended = seq2seq({
      encoder: [tokens(), lstm({ units: 4 })],
      decoder: [tokens(), lstm({ units: 4 }), dense({ units: V, activation: "softmax" })],
      backend: "reference",
    });
    ended.setWeights(await net.weights());
    ended.compile({ loss: "sparseCategoricalCrossentropy" });
    const options = { start: 1, stop: 2, maxLength: 5, beams: 3 };
    const found = await beamSearch(net, padded, { ...options, fromLogits: true });
    const again = await beamSearch(ended, padded, options);
    again.flat().forEach((row, k) => void expect(row.logProbability).toBeCloseTo(found.flat()[k]!.logProbability, 10));
  });

  test("says what it cannot use", async () => {
    const net = small(100);
    const options = { ...marks, maxLength: 3 };
    const trial = (changes: object): Promise<unknown> => decode(net, padded, { ...options, ...changes });
    await expect(trial({ maxLength: 0 })).rejects.toThrow("maxLength 0");
    await expect(trial({ beams: 1.5 })).rejects.toThrow("beams 1.5");
    await expect(trial({ stop: 5 })).rejects.toThrow("Cannot decode with stop 5: it is a token that may come out, from 0 to 4");
    await expect(trial({ stop: 0 })).rejects.toThrow("stop 0");
    await expect(trial({ start: -1 })).rejects.toThrow("start -1");
    await expect(trial({ start: 9 })).rejects.toThrow("index 9");
    await expect(trial({ lengthPenalty: Number.NaN })).rejects.toThrow("lengthPenalty NaN");
    await expect(trial({ start: 0 })).rejects.toThrow("start 0: the decoder masks it as padding");
    await expect(trial({ pad: 1.5 })).rejects.toThrow("pad 1.5");
    await expect(trial({ fromLogits: false })).rejects.toThrow("Give fromLogits: true where no softmax ends the model");
    await expect(trial({ mask: [[1, 1, 1, 1]] })).rejects.toThrow("Cannot decode 3 sources with an array of shape [1, 4]");
    await expect(trial({ mask: sources.map(() => [1, 1]) })).rejects.toThrow("no input has its axes");
    await expect(decode(net, 3, options)).rejects.toThrow('its input "source" reads [?, ?]');
    expect(() => attended(attention({ causal: true }))).toThrow('layer "attention" is causal');
    await expect(trial({ fromLogits: undefined })).rejects.toThrow("Cannot tell whether model");
    await expect(decode(net, [[[1, 2]]], options)).rejects.toThrow('its input "source" reads [?, ?]');
    const single = sequential([
      embedding({ inputDim: V, outputDim: 2, inputShape: [null] }),
      lstm({ units: 2, returnSequences: true }),
    ]);
    await expect(decode(single, padded, options)).rejects.toThrow("it has one input");
    const kept = seq2seq({
      encoder: [tokens(), lstm({ units: 4, stateful: true })],
      decoder: [tokens(), lstm({ units: 4 }), dense({ units: V })],
    });
    await expect(decode(kept, padded, options)).rejects.toThrow("Cannot decode with stateful model");
    const broken = randomWeights(small(100), 1, Number.NaN);
    await expect(decode(broken, padded, options)).rejects.toThrow(/ln p of token \d is NaN/);
  });

  test("in float32 it gives the same answers", async () => {
    const net = randomWeights(attended(additiveAttention({ units: 3 })), 41);
    const fast = seq2seq({
      encoder: [tokens(), lstm({ units: 4 })],
      decoder: [tokens(), lstm({ units: 4 }), dense({ units: 6, activation: "tanh" }), dense({ units: V })],
      attention: additiveAttention({ units: 3 }),
      backend: "wasm",
    });
    fast.setWeights(await net.weights());
    const options = { ...marks, maxLength: 8, beams: 3 };
    const [exact, found] = [await beamSearch(net, padded, options), await beamSearch(fast, padded, options)];
    expect(found.map((rows) => rows.map((row) => row.tokens))).toEqual(exact.map((rows) => rows.map((row) => row.tokens)));
    found.flat().forEach((row, k) => void expect(row.logProbability).toBeCloseTo(exact.flat()[k]!.logProbability, 4));
  });
});

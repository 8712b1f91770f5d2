import { describe, expect, test } from "vitest";
import { checkGradients } from "../autograd/gradient-check.ts";
import {
  type ArrayInputs,
  type AttentionLayer,
  additiveAttention,
  attention,
  bidirectional,
  conv1d,
  decode,
  dense,
  embedding,
  flatten,
  getBackend,
  gru,
  type Layer,
  lstm,
  type Model,
  masking,
  memoryCheckpoints,
  padTokens,
  seq2seq,
  teacherForcing,
  tensor,
} from "../index.ts";
import { RandomStream } from "../random/philox.ts";

const marks = { start: 1, stop: 2 };
const loss = { type: "sparseCategoricalCrossentropy", fromLogits: true } as const;
const token = (size = 16): Layer => embedding({ inputDim: 13, outputDim: size, maskZero: true });

/** Different sequences of 1 … `longest` digits, written as tokens 3 … 12; the first 300 are held out. */
function digits(count: number, longest: number): { learnt: number[][]; heldOut: number[][] } {
  const stream = new RandomStream({ seed: 11, stream: 0, step: 0 });
  const all = new Map<string, number[]>();
  while (all.size < count) {
    const sequence = Array.from({ length: 1 + stream.below(longest) }, () => 3 + stream.below(10));
    all.set(sequence.join(), sequence);
  }
  const listed = [...all.values()];
  return { learnt: listed.slice(300), heldOut: listed.slice(0, 300) };
}

async function exactMatches(
  net: Model,
  questions: readonly number[][],
  answer: (question: number[]) => number[],
  beams: number,
): Promise<number> {
  const found = await decode(net, padTokens(questions), { ...marks, maxLength: 12, beams });
  return found.filter(({ tokens }, n) => tokens.join() === answer(questions[n]!).join()).length / questions.length;
}

describe("seq2seq", () => {
  test.each<[string, (question: number[]) => number[]]>([
    ["turn sequences around", (question) => question.toReversed()],
    ["sort sequences and drop what stands twice", (question) => [...new Set(question)].sort((a, b) => a - b)],
  ])("learns to %s: any length in, any length out", { timeout: 120_000 }, async (_, answer) => {
    const { learnt, heldOut } = digits(4300, 5);
    const net = seq2seq({
      encoder: [token(), lstm({ units: 64 })],
      decoder: [token(), lstm({ units: 64 }), dense({ units: 13 })],
      seed: 1,
    });
    net.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss });
    const { input, target } = teacherForcing(learnt.map(answer), marks);
    await net.fit([padTokens(learnt), input], target, { epochs: 6, batchSize: 64 });
    expect(await exactMatches(net, heldOut, answer, 1)).toBeGreaterThanOrEqual(0.95);
    expect(await exactMatches(net, heldOut, answer, 4)).toBeGreaterThanOrEqual(0.95);
  });

  test.each<[string, AttentionLayer | undefined]>([
    ["the state alone", undefined],
    ["attention by products", attention({ score: "general" })],
    ["additive attention", additiveAttention({ units: 3 })],
  ])("its gradients are the slopes of its outputs, through decoder and encoder, with %s", (_, look) => {
    const like = { backend: getBackend("reference") };
    const net = seq2seq({
      encoder: [token(2), bidirectional(lstm({ units: 2 })), gru({ units: 3 })],
      decoder: [token(2), lstm({ units: 4 }), gru({ units: 3 }), dense({ units: 13 })],
      ...(look && { attention: look }),
      backend: "reference",
    });
    const source = tensor([3, 7, 5, 12, 4, 0], [2, 3], like);
    const target = tensor([1, 5, 9, 3, 1, 11, 0, 0], [2, 4], like);
    const weights = net.parameters.map(({ tensor: weight }) => weight);
    expect(net.parameters.some(({ path }) => path.startsWith("encoder_bidirectional/forward"))).toBe(true);
    expect(net.parameters.some(({ path }) => /attention/i.test(path))).toBe(look !== undefined);
    checkGradients(() => net.forward([source, target])[0]!, weights);
  });

  test("attention learns where the answer stands in the source", { timeout: 120_000 }, async () => {
    const { learnt, heldOut } = digits(2300, 8);
    const turned = (question: number[]): number[] => question.toReversed();
    const net = seq2seq({
      encoder: [token(), bidirectional(lstm({ units: 16 }))],
      decoder: [token(), lstm({ units: 32 }), dense({ units: 32, activation: "tanh" }), dense({ units: 13 })],
      attention: attention({ score: "general" }),
      seed: 1,
    });
    net.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss });
    const { input, target } = teacherForcing(learnt.map(turned), marks);
    await net.fit([padTokens(learnt), input], target, { epochs: 7, batchSize: 64 });
    expect(await exactMatches(net, heldOut, turned, 1)).toBeGreaterThanOrEqual(0.95);
    const found = await decode(net, padTokens(heldOut), { ...marks, maxLength: 12, attention: true });
    const inPlace = found.flatMap(({ tokens, attention: [weights] }, n) => {
      const [S, T] = [weights!.shape[1]!, heldOut[n]!.length];
      return tokens.slice(0, T).map((_, t) => weights!.data[t * S + T - 1 - t]!);
    });
    expect(inPlace.reduce((sum, weight) => sum + weight, 0) / inPlace.length).toBeGreaterThan(0.85);
  });

  test("names its layers by their part, but for those that have a name or stand in both", () => {
    const shared = token();
    const net = seq2seq({
      encoder: [shared, lstm({ units: 2 }), lstm({ units: 3, name: "upper" })],
      decoder: [shared, lstm({ units: 2 }), lstm({ units: 3 }), dense({ units: 13 })],
    });
    expect(net.layers.map(({ name }) => name).sort()).toEqual([
      "decoder_dense",
      "decoder_lstm",
      "decoder_lstm_1",
      "encoder_embedding",
      "encoder_lstm",
      "upper",
    ]);
    expect(net.name).toBe("seq2seq");
  });

  test("padding reaches neither loss nor weights", async () => {
    const make = (): Model =>
      seq2seq({
        encoder: [token(4), lstm({ units: 4 })],
        decoder: [token(4), lstm({ units: 4 }), dense({ units: 13 })],
        backend: "reference",
      }).compile({ optimizer: "sgd", loss });
    const [questions, answers] = [
      [[3, 4, 5], [6]],
      [[5], [7, 8, 9, 10]],
    ];
    const { input, target } = teacherForcing(answers, marks);
    const [plain, padded] = [make(), make()];
    const wider = ({ shape: [N, T], data }: { shape: readonly number[]; data: ArrayLike<number> }, fill: number): number[][] =>
      Array.from({ length: N! }, (_, n) => [...Array.from(data).slice(n * T!, (n + 1) * T!), fill, fill]);
    const one = await plain.trainOnBatch([padTokens(questions), input], target);
    const other = await padded.trainOnBatch([wider(padTokens(questions), 0), wider(input, 0)], wider(target, 11));
    expect(other.loss).toBeCloseTo(one.loss!, 12);
    const [a, b] = [await plain.weights(), await padded.weights()];
    for (const [path, { data }] of a) data.forEach((w, k) => void expect(b.get(path)!.data[k]).toBeCloseTo(w, 12));
  });

  test("trains on from a checkpoint to the same bits, with validation and metrics under the mask", async () => {
    const { learnt, heldOut } = digits(400, 5);
    const data = (questions: readonly number[][]): [ArrayInputs, ArrayInputs] => {
      const { input, target } = teacherForcing(questions, marks);
      return [[padTokens(questions), input], target];
    };
    const make = (): Model =>
      seq2seq({
        encoder: [token(4), lstm({ units: 8, dropout: 0.1 })],
        decoder: [token(4), lstm({ units: 8 }), dense({ units: 13 })],
        attention: attention({ dropout: 0.1 }),
      }).compile({ optimizer: "adam", loss, metrics: ["accuracy"] });
    const store = memoryCheckpoints();
    const [x, y] = data(learnt);
    const [whole, cut] = [make(), make()];
    const options = { batchSize: 16, validationData: data(heldOut) } as const;
    const history = await whole.fit(x, y, { ...options, epochs: 3 });
    expect(history.valLoss.at(-1)).toBeLessThan(history.valLoss[0]!);
    expect(history.metrics.accuracy!.at(-1)).toBeGreaterThan(history.metrics.accuracy![0]!);
    await cut.fit(x, y, { ...options, epochs: 2, checkpoint: { store } });
    const resumed = make();
    await resumed.fit(x, y, { ...options, epochs: 3, checkpoint: { store }, resume: true });
    expect(await resumed.weights()).toEqual(await whole.weights());
  });

  test("says what does not go together", () => {
    const head = dense({ units: 13 });
    const make = (encoder: readonly Layer[], decoder: readonly Layer[]) => () => seq2seq({ encoder, decoder });
    expect(make([], [token()])).toThrow("its encoder has no layers");
    expect(make([token()], [token(), head])).toThrow("an encoder without a recurrent layer");
    expect(make([lstm({ units: 2 })], [token()])).toThrow('its encoder begins with "lstm", which does not say what it reads');
    expect(make([token(), lstm({ units: 2 })], [token(), head])).toThrow(
      "an encoder with 1 recurrent layers and a decoder with 0",
    );
    expect(make([token(), lstm({ units: 2 })], [token(), lstm({ units: 3 }), head])).toThrow(
      'layer "lstm" of the decoder starts from { hiddenState [3], cellState [3] }, and the encoder\'s at its level ends in [2], [2]',
    );
    expect(make([token(), gru({ units: 2 })], [token(), lstm({ units: 2 }), head])).toThrow(
      "ends in [2]. Give both the same kind",
    );
    expect(make([token(), lstm({ units: 2 }), dense({ units: 2 })], [token(), lstm({ units: 2 }), head])).toThrow(
      '"dense" behind the last recurrent layer of the encoder',
    );
    expect(make([token(), lstm({ units: 2 })], [token(), bidirectional(lstm({ units: 1 })), head])).toThrow(
      "it would read what is still to come",
    );
    expect(make([token(), lstm({ units: 2 })], [token(), lstm({ units: 2, goBackwards: true }), head])).toThrow(
      'layer "decoder_lstm" reads what comes out from its end',
    );
    expect(make([token(), lstm({ units: 2 })], [masking({ inputShape: [null, 3] }), lstm({ units: 2 }), head])).toThrow(
      "its last input reads [?, ?, 3]; decoding gives it tokens",
    );
    expect(make([token(), lstm({ units: 2 })], [token(), lstm({ units: 2 }), flatten()])).toThrow("its output is [?, ?]");
    expect(make([token(), lstm({ units: 2 })], [token(), lstm({ units: 2 }), conv1d({ filters: 13, kernelSize: 2 })])).toThrow(
      'layer "decoder_conv1d" (Conv1D) needs more than the newest step',
    );
  });
});

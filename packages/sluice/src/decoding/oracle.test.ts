import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../autograd/tape.ts";
import {
  type AttentionLayer,
  additiveAttention,
  attention,
  beamSearch,
  bidirectional,
  type Decoded,
  decode,
  dense,
  embedding,
  getBackend,
  gru,
  type Layer,
  lstm,
  type Model,
  type RecurrentLayer,
  seq2seq,
  type Tensor,
  tensor,
} from "../index.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { meanLoss } from "../training/objective.ts";

interface OracleCase {
  readonly name: string;
  readonly options: {
    readonly kind: "lstm" | "gru";
    readonly levels: number;
    readonly bidirectional: boolean;
    readonly attention: "dot" | "general" | "additive" | null;
    readonly units: number;
  };
  readonly start: number;
  readonly stop: number;
  readonly maxLength: number;
  readonly weights: Readonly<Record<string, OracleTensor>>;
  readonly inputs: { readonly source: OracleTensor; readonly target: OracleTensor; readonly actual: OracleTensor };
  readonly expected: {
    readonly output: OracleTensor;
    readonly loss: number;
    readonly gradients: Readonly<Record<string, OracleTensor>>;
    readonly greedy: readonly OracleAnswer[];
    readonly best: readonly OracleAnswer[];
  };
}

type OracleAnswer = Pick<Decoded, "tokens" | "logProbability" | "stopped">;

const V = 5;
const backend = getBackend("reference");

function networkFor({ options, weights }: OracleCase): Model {
  const token = (): Layer => embedding({ inputDim: V, outputDim: 2, maskZero: true });
  const recurrent = (units: number): RecurrentLayer => (options.kind === "lstm" ? lstm({ units }) : gru({ units }));
  const ways = options.bidirectional ? 2 : 1;
  const each = (make: () => Layer): Layer[] => Array.from({ length: options.levels }, make);
  const looks: Readonly<Record<string, AttentionLayer>> = {
    dot: attention(),
    general: attention({ score: "general" }),
    additive: additiveAttention({ units: 3 }),
  };
  const look = options.attention && looks[options.attention];
  const net = seq2seq({
    encoder: [
      token(),
      ...each(() => (options.bidirectional ? bidirectional(recurrent(options.units)) : recurrent(options.units))),
    ],
    decoder: [
      token(),
      ...each(() => recurrent(ways * options.units)),
      ...(look ? [dense({ units: 4, activation: "tanh" })] : []),
      dense({ units: V }),
    ],
    ...(look && { attention: look }),
    backend: "reference",
  });
  net.setWeights(
    new Map(Object.entries(weights).map(([path, { shape, data }]) => [path, { shape, data: Float64Array.from(data) }])),
  );
  net.compile({ loss: { type: "sparseCategoricalCrossentropy", fromLogits: true } });
  return net;
}

describe.each(
  oracleCases<OracleCase>("torch-seq2seq").map((each) => [each.name, each] as const),
)("PyTorch's encoder and decoder: %s", (_, given) => {
  const { inputs, expected, start, stop, maxLength } = given;
  const close = { rtol: 1e-10, atol: 1e-11 }; // twelve digits are stored
  const [source, target, actual] = [inputs.source, inputs.target, inputs.actual].map(({ shape, data }) =>
    tensor(data, shape, { backend }),
  ) as [Tensor, Tensor, Tensor];

  test("the same scores, loss and gradients under teacher forcing", async () => {
    const net = networkFor(given);
    const used = inputs.target.data.map((token) => (token > 0 ? 1 : 0));
    const [scores] = net.forward([source, target]);
    expectClose(
      scores!.dataSync().map((score, k) => score * used[Math.floor(k / V)]!),
      expected.output.data,
      close,
    );
    const price = net.compiled.losses[0]!;
    const mask = tensor(used, inputs.target.shape, { backend });
    const { value, gradients } = valueAndGradients(
      () => meanLoss(price.perExample(actual, net.forward([source, target])[0]!), mask, null),
      net.parameters.map((weight) => weight.tensor),
    );
    expectClose(value.dataSync(), [expected.loss], close);
    expect(Object.keys(expected.gradients).sort()).toEqual(net.parameters.map(({ path }) => path).sort());
    net.parameters.forEach(({ path }, k) => {
      expectClose(gradients[k]!.dataSync(), expected.gradients[path]!.data, close, path);
    });
    expect((await net.testOnBatch([source, target], actual)).loss).toBeCloseTo(expected.loss, 10);
  });

  test("the same answers: greedily, and the best of all", async () => {
    const net = networkFor(given);
    const compare = (found: readonly Decoded[], answers: readonly OracleAnswer[]): void => {
      found.forEach(({ tokens, logProbability, stopped }, n) => {
        expect({ tokens, stopped }).toEqual({ tokens: answers[n]!.tokens, stopped: answers[n]!.stopped });
        expect(logProbability).toBeCloseTo(answers[n]!.logProbability, 9);
      });
    };
    compare(await decode(net, source, { start, stop, maxLength }), expected.greedy);
    const all = await beamSearch(net, source, { start, stop, maxLength, beams: V ** (maxLength + 1) });
    compare(
      all.map(([first]) => first!),
      expected.best,
    );
  });
});

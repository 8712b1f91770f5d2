import { beforeAll, describe, expect, test } from "vitest";
import {
  contextWindow,
  dense,
  dilatedRnn,
  flatten,
  gridLstmNd,
  highway,
  init,
  type Layer,
  learnedState,
  loadModel,
  lstm,
  lstmCell,
  mdLstm,
  multiDirectional,
  reshape,
  residual,
  rnn,
  saveModel,
  sequential,
} from "../../index.ts";
import { RandomStream } from "../../random/philox.ts";
import { layerKinds } from "../layer-from-config.ts";

const [EXAMPLES, TIME, FEATURES] = [64, 6, 4];

beforeAll(async () => {
  await init();
});

/** Random features, and whether those of the first two steps have a sum above 0: the answer has to be remembered. */
function rememberFirst(): { x: Float32Array; y: Float32Array } {
  const random = new RandomStream({ seed: 4, stream: 9, step: 0 });
  const x = Float32Array.from({ length: EXAMPLES * TIME * FEATURES }, () => random.normal());
  const y = Float32Array.from({ length: EXAMPLES }, (_, b) => {
    const first = x.subarray(b * TIME * FEATURES, b * TIME * FEATURES + 2 * FEATURES);
    return first.reduce((sum, v) => sum + v, 0) > 0 ? 1 : 0;
  });
  return { x, y };
}

/** What a step's features are laid out as, for kinds that read grids, and the options of kinds that take no units. */
const others: Readonly<Record<string, readonly [readonly number[] | null, object]>> = {
  SLSTMBlock: [null, {}],
  MLSTMBlock: [null, {}],
  ConvLSTM1D: [[4, 1], { filters: 3, kernelSize: 2 }],
  ConvLSTM2D: [[2, 2, 1], { filters: 3, kernelSize: 2, peepholes: "perChannel" }],
  ConvLSTM3D: [[2, 1, 2, 1], { filters: 3, kernelSize: [2, 1, 2], padding: "same" }],
  InceptionLSTM: [[2, 2, 1], { filters: 2, version: 2 }],
  PredNet: [[2, 2, 1], { channels: [4, 4], pixelMax: 3 }],
};

const recurrent = layerKinds().filter((kind) => kind.recurrent);
const cases: [string, () => Layer[]][] = [
  ...recurrent.map((kind): [string, () => Layer[]] => {
    const [frame, options] = others[kind.type] ?? [null, { units: 4 }];
    const layer = (more: object = {}): Layer => (kind.create as (options: object) => Layer)({ ...options, ...more });
    if (!frame) return [kind.type, () => [layer({ inputShape: [TIME, FEATURES] })]];
    return [kind.type, () => [reshape({ targetShape: [TIME, ...frame], inputShape: [TIME, FEATURES] }), layer(), flatten()]];
  }),
  [
    "residual and highway",
    () => [
      residual(lstm({ units: FEATURES, returnSequences: true }), { inputShape: [TIME, FEATURES] }),
      highway(lstm({ units: FEATURES, returnSequences: true })),
      lstm({ units: 4 }),
    ],
  ],
  ["a learned initial state", () => [rnn(learnedState(lstmCell({ units: 4 })), { inputShape: [TIME, FEATURES] })]],
  ["dilated", () => [dilatedRnn([lstmCell({ units: 4 }), lstmCell({ units: 4 })], { inputShape: [TIME, FEATURES] })]],
  ["context windows", () => [contextWindow({ length: 3, inputShape: [TIME, FEATURES] }), lstm({ units: 4 })]],
  [
    "a grid over an axis and depth",
    () => [gridLstmNd({ units: 4, dimensions: 1, depth: 2, returnSequences: false, inputShape: [TIME, FEATURES] })],
  ],
  [
    "multi-dimensional, from every corner",
    () => {
      const corner = mdLstm({ units: 4, dimensions: 1, peepholes: true, returnSequences: false });
      return [multiDirectional(corner, { inputShape: [TIME, FEATURES] })];
    },
  ],
  ["multi-dimensional", () => [mdLstm({ units: 4, dimensions: 1, returnSequences: false, inputShape: [TIME, FEATURES] })]],
];

describe("learns to remember, and is saved with what it learned", () => {
  test.each(cases)("%s", async (_name, layers) => {
    const net = sequential([...layers(), dense({ units: 1, activation: "sigmoid" })], { seed: 2 });
    net.compile({ optimizer: { type: "adam", learningRate: 0.03 }, loss: "binaryCrossentropy" });
    const { x, y } = rememberFirst();
    const data = { data: x, shape: [EXAMPLES, TIME, FEATURES] };
    const { loss } = await net.fit(data, { data: y, shape: [EXAMPLES, 1] }, { epochs: 25, batchSize: 16 });
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(loss.at(-1)).toBeLessThan(0.75 * (loss[0] as number));
    const again = loadModel(await saveModel(net));
    expect(await again.predict(data)).toEqual(await net.predict(data));
  });
});

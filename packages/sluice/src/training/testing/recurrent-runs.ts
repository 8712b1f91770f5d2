import {
  bidirectional,
  type Callback,
  csvLogger,
  dense,
  earlyStopping,
  type FitOptions,
  gru,
  type Layer,
  lstm,
  type Model,
  type NumericArray,
  type OptimizerSpec,
  reduceLROnPlateau,
  sequential,
} from "../../index.ts";
import { RandomStream } from "../../random/philox.ts";

/** Kinds of training that a kill must not change. */
export interface RunCase {
  readonly layers: "lstm" | "gru" | "bidirectional" | "stacked" | "stateful";
  readonly optimizer: OptimizerSpec;
  readonly shuffle: boolean;
}

export const RUN_CASES: readonly RunCase[] = [
  { layers: "lstm", optimizer: { type: "adam", learningRate: 0.01 }, shuffle: true },
  { layers: "gru", optimizer: { type: "sgd", learningRate: 0.1, momentum: 0.9 }, shuffle: true },
  { layers: "bidirectional", optimizer: { type: "adam", learningRate: 0.01, gradientAccumulationSteps: 2 }, shuffle: false },
  {
    layers: "stacked",
    optimizer: {
      type: "sgd",
      learningRate: { type: "exponentialDecay", initialLearningRate: 0.1, decaySteps: 5, decayRate: 0.9 },
    },
    shuffle: true,
  },
  { layers: "stateful", optimizer: { type: "rmsprop", globalClipNorm: 1 }, shuffle: false },
];

const [EXAMPLES, TIME, FEATURES] = [20, 5, 2];
export const BATCH_SIZE = 4;

function layersOf(kind: RunCase["layers"]): Layer[] {
  const inputShape = [TIME, FEATURES];
  const dropouts = { dropout: 0.2, recurrentDropout: 0.1 };
  switch (kind) {
    case "lstm":
      return [lstm({ units: 4, inputShape, ...dropouts })];
    case "gru":
      return [gru({ units: 4, inputShape, dropout: 0.3 })];
    case "bidirectional":
      return [bidirectional(lstm({ units: 3, ...dropouts }), { inputShape })];
    case "stacked":
      return [lstm({ units: 4, inputShape, returnSequences: true }), gru({ units: 3, ...dropouts })];
    case "stateful":
      return [lstm({ units: 4, inputShape, stateful: true, dropout: 0.2 })];
  }
}

export interface PreparedRun {
  readonly model: Model;
  readonly x: NumericArray;
  readonly y: NumericArray;
  readonly options: FitOptions;
  /** What the CSV log holds. */
  readonly log: () => string;
}

/** Model, data and options of one case, the same each time. */
export function prepareRun({ layers, optimizer, shuffle }: RunCase, epochs: number): PreparedRun {
  const random = new RandomStream({ seed: 11, stream: 0, step: 0 });
  const filled = (...shape: number[]): NumericArray => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  });
  const x = filled(EXAMPLES, TIME, FEATURES);
  const y = filled(EXAMPLES, 1);
  const model = sequential([...layersOf(layers), dense({ units: 1 })], { seed: 21, backend: "wasm" });
  model.compile({ optimizer, loss: "mse", metrics: ["mae", "r2"] });
  let log = "";
  const write = (text: string, { append }: { append: boolean }): void => {
    log = append ? log + text : text;
  };
  const callbacks: Callback[] = [
    earlyStopping({ patience: 50, restoreBestWeights: true }),
    reduceLROnPlateau({ patience: 1, factor: 0.7 }),
    csvLogger(write),
  ];
  const options = {
    epochs,
    batchSize: BATCH_SIZE,
    shuffle,
    validationData: [filled(4, TIME, FEATURES), filled(4, 1)],
    callbacks,
  } as const;
  return { model, x, y, options, log: () => log };
}

/** Everything that must be the same to the bit: weights, optimizer, kept states, curves, log. */
export async function outcome({ model, log }: PreparedRun, history: object): Promise<unknown> {
  const arrays = async (tensors: Iterable<readonly [string, { data(): Promise<ArrayLike<number>> }]>): Promise<unknown[]> =>
    Promise.all([...tensors].map(async ([name, tensor]) => [name, [...Array.from(await tensor.data())]]));
  const { seconds, warnings, ...figures } = history as { seconds: number; warnings: readonly string[] };
  void [seconds, warnings];
  return {
    figures,
    log: log(),
    weights: [...(await model.weights())].map(([name, { data }]) => [name, [...data]]),
    slots: await arrays(model.optimizer.slots()),
    states: await arrays(model.keptStates()),
    iterations: model.optimizer.iterations,
    learningRate: model.optimizer.learningRate(),
    steps: model.trainingSteps,
  };
}

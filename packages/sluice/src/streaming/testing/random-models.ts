import * as fc from "fast-check";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  gru,
  gruCell,
  type Layer,
  layerNormalization,
  lstm,
  lstmCell,
  type Model,
  rnn,
  sequential,
  simpleRnn,
  simpleRnnCell,
  timeDistributed,
} from "../../index.ts";

const units = fc.integer({ min: 1, max: 21 });
const gate = fc.constantFrom("sigmoid" as const, "hardSigmoid" as const);
const candidate = fc.constantFrom("tanh" as const, "relu" as const, "softsign" as const, "silu" as const);
const recurrentOptions = fc.record({
  units,
  activation: candidate,
  recurrentActivation: gate,
  useBias: fc.boolean(),
  biasInitializer: fc.constant("randomNormal" as const),
  dropout: fc.constantFrom(0, 0.5),
});
type Make = (returnSequences: boolean) => Layer;
const recurrent: fc.Arbitrary<Make> = fc.oneof(
  recurrentOptions.map(
    (options): Make =>
      (returnSequences) =>
        lstm({ ...options, returnSequences }),
  ),
  fc.tuple(recurrentOptions, fc.boolean()).map(
    ([options, resetAfter]): Make =>
      (returnSequences) =>
        gru({ ...options, resetAfter, returnSequences }),
  ),
  recurrentOptions.map(
    ({ recurrentActivation: _, ...options }): Make =>
      (returnSequences) =>
        simpleRnn({ ...options, returnSequences }),
  ),
  fc.tuple(units, units, units).map(
    ([a, b, c]): Make =>
      (returnSequences) =>
        rnn([lstmCell({ units: a }), gruCell({ units: b }), simpleRnnCell({ units: c })], { returnSequences }),
  ),
);
/** Statistics and weights as after training. */
const random = {
  gammaInitializer: "randomNormal",
  betaInitializer: "randomNormal",
  movingMeanInitializer: "randomNormal",
  movingVarianceInitializer: { type: "randomUniform", min: 0.5, max: 2 },
} as const;
const between: fc.Arbitrary<() => Layer> = fc.oneof(
  units.map((n) => () => dense({ units: n, activation: "tanh" }) as Layer),
  units.map((n) => () => timeDistributed(dense({ units: n, activation: "softmax" })) as Layer),
  fc.constantFrom("gelu" as const, "softmax" as const).map((name) => () => activation({ activation: name }) as Layer),
  fc.constant(() => layerNormalization() as Layer),
  fc.constant(() => batchNormalization(random) as Layer),
  fc.constant(() => dropout({ rate: 0.4 }) as Layer),
);

export interface RandomModel {
  readonly features: number;
  readonly make: (backend: "reference" | "wasm") => Model;
}

/** Stacks of recurrent layers with other layers between them; the last recurrent one gives its sequence or its last output. */
export const randomModels: fc.Arbitrary<RandomModel> = fc
  .record({
    features: fc.integer({ min: 1, max: 9 }),
    recurrent: fc.array(recurrent, { minLength: 1, maxLength: 3 }),
    between: fc.array(between, { minLength: 3, maxLength: 3 }),
    returnSequences: fc.boolean(),
    seed: fc.nat(1000),
  })
  .map(({ features, recurrent: makers, between: others, returnSequences, seed }) => ({
    features,
    make: (backend) => {
      const layers = makers.flatMap((make, k) => {
        const last = k === makers.length - 1;
        const after = last ? [dense({ units: 2 })] : [(others[k] as () => Layer)()];
        return [make(!last || returnSequences), ...after];
      });
      const first = dense({ units: features, inputShape: [null, features] });
      return sequential([first, ...layers], { backend, seed });
    },
  }));

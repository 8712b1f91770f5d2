import { expect, test } from "vitest";
import {
  dilated,
  flatten,
  gruCell,
  type Layer,
  layerFromConfig,
  learnedState,
  lstmCell,
  type Model,
  RecurrentLayer,
  rnn,
  sequential,
  timeDistributed,
} from "../index.ts";
import type { AnyOptionFact } from "../layers/testing/facts/facts.ts";
import { kindFacts, trialConfig } from "../layers/testing/facts/index.ts";
import { expectClose } from "../testing/oracle.ts";

const T = 4;

/** The model, with initial states as if they had been learned. */
function modelOf(layer: Layer, features: readonly number[]): Model {
  const net = sequential([layer, ...(features.length > 1 ? [timeDistributed(flatten())] : [])], {
    backend: "reference",
    seed: 3,
  });
  net.build([[null, null, ...features]]);
  for (const { path, tensor } of net.parameters) {
    if (/initial/i.test(path)) tensor.backend.write(tensor.storage, new Float64Array(tensor.size).fill(0.5));
  }
  return net;
}

async function expectStreamOfPredictions(net: Model, features: readonly number[]): Promise<void> {
  const width = features.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: T * width }, (_, k) => Math.sin(1.7 * k));
  const { data: wanted } = await net.predict({ shape: [1, T, ...features], data });
  const push = (x: (step: Float32Array) => Float32Array): number[] =>
    Array.from({ length: T }, (_, t) => [...x(data.subarray(t * width, (t + 1) * width))]).flat();
  const close = { rtol: 1e-5, atol: 1e-6 }; // outputs, and the states of a pool, are kept in float32
  const stream = net.stream();
  expectClose(
    push((x) => stream.push(x)),
    wanted,
    close,
    "outputs of a stream",
  );
  stream.reset();
  expectClose(
    push((x) => stream.push(x)),
    wanted,
    close,
    "outputs after a reset",
  );
  const pooled = net.streams({ capacity: 2 }).open();
  const outputs: number[] = [];
  for (let t = 0; t < T; t++) outputs.push(...(await pooled.push(data.subarray(t * width, (t + 1) * width))));
  expectClose(outputs, wanted, close, "outputs of a pooled stream");
}

/** A kind in every form that its facts name, small. */
const forms = Object.entries(kindFacts).flatMap(([type, { trial, options }]) => {
  const given: [string, object][] = Object.entries<AnyOptionFact>(options).flatMap(([name, { values, beside }]) =>
    values.map((value, k): [string, object] => [`${name} ${k + 1}`, { ...beside, [name]: value }]),
  );
  return [["as in its trial", {}] as [string, object], ...given].flatMap(([name, more]) => {
    const { type: made, options: all } = trialConfig(type, more);
    const small = "units" in all && all.units === 64 ? { units: 4 } : {};
    const layer = layerFromConfig({ type: made, options: { ...all, ...small } });
    if (!(layer instanceof RecurrentLayer)) return [];
    const sequences = layerFromConfig({ type: made, options: { ...all, ...small, returnSequences: true } });
    return [[`${type}, ${name}`, sequences, (trial.input ?? [50, 16]).slice(1)] as const];
  });
});

test.each(forms)("streams what it predicts: %s", async (_, layer, features) => {
  await expectStreamOfPredictions(modelOf(layer, features), features);
});

test("streams what it predicts: stacks with learned and dilated cells", async () => {
  const cells = [learnedState(lstmCell({ units: 3 })), dilated(gruCell({ units: 2 }), 2), learnedState(gruCell({ units: 2 }))];
  await expectStreamOfPredictions(modelOf(rnn(cells, { returnSequences: true }), [5]), [5]);
  expect(rnn(cells).cell.type).toBe("StackedCells");
});

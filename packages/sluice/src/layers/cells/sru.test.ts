import { describe, expect, test } from "vitest";
import { randomTensor } from "../../autograd/gradient-check.ts";
import { getBackend } from "../../backend/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import type { RecurrentLayer } from "../recurrent-layer.ts";
import { copyWeights, prepared, weightOf } from "../testing/recurrent-samples.ts";
import { sLstm } from "./s-lstm.ts";
import { sru } from "./sru.ts";

const backend = getBackend("reference");
const x = randomTensor([2, 5, 4], { seed: 3, like: { backend } });
const ready = <L extends RecurrentLayer>(layer: L): L => prepared(layer, { I: 4, seed: 5 }, backend);
const values = (y: Tensor): number[] => [...y.dataSync()];
const fill = (layer: RecurrentLayer, name: string, value: number): void => {
  const weight = weightOf(layer, name);
  backend.write(weight.storage, new Float64Array(weight.size).fill(value));
};

test.each([
  [{ units: 6, projection: 2 }, 2 * (4 + 4 * 6) + 24],
  [{ units: 4, projection: 2 }, 2 * (4 + 3 * 4) + 16],
  [{ units: 6, highway: false }, 3 * 24 + 24],
  [{ units: 6, layerNorm: "before" }, 4 * 24 + 24 + 8],
  [{ units: 6, layerNorm: "after" }, 4 * 24 + 24 + 12],
] as const)("number of weights with %j", (options, count) => {
  expect(ready(sru(options)).parameterCount).toBe(count);
});

test("a projection is the product of two matrices", () => {
  const narrow = ready(sru({ units: 4, projection: 4 }));
  const wide = ready(sru({ units: 4 }));
  const identity = Float64Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 1 : 0));
  backend.write(weightOf(narrow, "projectionKernel").storage, identity);
  for (const name of ["kernel", "recurrentKernel", "bias"]) {
    backend.write(weightOf(wide, name).storage, weightOf(narrow, name).dataSync());
  }
  expectClose(wide.forward(x).output.dataSync(), narrow.forward(x).output.dataSync(), { rtol: 1e-12, atol: 1e-12 });
});

test("outputDropout scales r by one mask at all steps: 0, or 1 / (1 − rate)", () => {
  const options = { units: 4, highway: false, returnSequences: true, name: "same" };
  const [plain, thinned] = [ready(sru(options)), ready(sru({ ...options, outputDropout: 0.5 }))];
  const [whole, part] = [plain.forward(x), thinned.forward(x, { training: true })];
  expect(values(part.state.cellState)).toEqual(values(whole.state.cellState));
  const scales = values(part.output).map((h, k) => h / (values(whole.output)[k] as number));
  expectClose(
    scales,
    scales.map((_, k) => Math.round(scales[Math.floor(k / 20) * 20 + (k % 4)] as number)),
    { atol: 1e-9 },
    "the scale of the first step",
  );
  expect(new Set(scales.map(Math.round))).toEqual(new Set([0, 2]));
  expect(values(thinned.forward(x).output)).toEqual(values(whole.output));
});

describe.each<[string, (rate: number) => RecurrentLayer]>([
  ["SRU", (recurrentDropout) => sru({ units: 3, recurrentDropout, name: "same" })],
  ["sLSTM", (recurrentDropout) => sLstm({ units: 4, heads: 2, recurrentDropout, name: "same" })],
])("recurrentDropout of the %s", (_name, make) => {
  test("acts in training alone, and on what the recurrent kernel reads alone", () => {
    const [plain, thinned] = [ready(make(0)), ready(make(0.5))];
    copyWeights(plain, thinned);
    const expected = values(plain.forward(x).output);
    expect(values(thinned.forward(x).output)).toEqual(expected);
    expect(values(thinned.forward(x, { training: true }).output)).not.toEqual(expected);
    for (const layer of [plain, thinned]) fill(layer, "recurrentKernel", 0);
    const [a, b] = [thinned.forward(x, { training: true }), plain.forward(x)];
    expectClose(a.output.dataSync(), b.output.dataSync(), { rtol: 1e-12, atol: 1e-12 });
  });
});

test("options outside their rules are refused", () => {
  expect(() => sru({ units: 2, projection: 0.5 })).toThrow(/projection 0.5/);
  expect(() => sru({ units: 2, layerNorm: "inside" as "after" })).toThrow(/"before" or "after"/);
  expect(() => sru({ units: 2, outputDropout: 1 })).toThrow(/outputDropout 1/);
});

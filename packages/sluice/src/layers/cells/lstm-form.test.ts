import { describe, expect, test } from "vitest";
import { randomTensor } from "../../autograd/gradient-check.ts";
import { getBackend } from "../../backend/index.ts";
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { dense } from "../dense.ts";
import type { Layer } from "../layer.ts";
import { type LSTMOptions, lstm } from "../lstm.ts";
import { weightOf, prepared as withRandomWeights } from "../testing/recurrent-samples.ts";
import type { LSTMVariant } from "./lstm-form.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const prepared = <L extends Layer>(layer: L, I: number): L => withRandomWeights(layer, { I, seed: 0 }, backend);

describe("numbers of weights", () => {
  const count = (options: LSTMOptions, I: number): number => {
    const layer = lstm({ ...options, kernelInitializer: "zeros", recurrentInitializer: "zeros" });
    layer.build([[null, null, I]], { backend });
    return layer.parameterCount;
  };

  test.each<[LSTMVariant, number]>([
    ["vanilla", 4 * 5 * (3 + 5 + 1) + 15],
    ["NIG", 3 * 5 * (3 + 5 + 1) + 10],
    ["NFG", 3 * 5 * (3 + 5 + 1) + 10],
    ["NOG", 3 * 5 * (3 + 5 + 1) + 10],
    ["NIAF", 4 * 5 * (3 + 5 + 1) + 15],
    ["NOAF", 4 * 5 * (3 + 5 + 1) + 15],
    ["CIFG", 3 * 5 * (3 + 5 + 1) + 10],
    ["NP", 4 * 5 * (3 + 5 + 1)],
    ["FGR", 4 * 5 * (3 + 5 + 1) + 15 + 9 * 25], // nine matrices more
  ])("of variant %s", (variant, expected) => {
    expect(count({ units: 5, variant }, 3)).toBe(expected);
  });
  test("of full peepholes: ds (4 dx + 7 ds + 4) [Sherstinsky 2020]", () => {
    expect(count({ units: 5, peepholes: "full" }, 3)).toBe(5 * (4 * 3 + 7 * 5 + 4));
  });
  test("of the peephole network of 2002: 17, with its output unit", () => {
    const output = dense({ units: 1 });
    output.build([[null, 1]], { backend });
    expect(count({ units: 1, peepholes: "diagonal" }, 1) + output.parameterCount).toBe(17);
  });
  test("of Graves's CTC networks, two directions and a softmax over all: 114 662, 100 881, 117 681", () => {
    const network = (I: number, outputs: number) => 2 * count({ units: 100, peepholes: "diagonal" }, I) + outputs * 201;
    expect(network(26, 62)).toBe(114_662);
    expect(network(4, 81)).toBe(100_881);
    expect(network(25, 81)).toBe(117_681);
  });
  test("of Sak et al.'s LSTMP, two layers of 800 with 512 and 14 247 outputs: 13.16 million, no biases", () => {
    const options = { units: 800, projection: 512, peepholes: "diagonal", useBias: false } as const;
    const lower = count(options, 40);
    expect(lower).toBe(800 * 512 * 4 + 40 * 800 * 4 + 800 * 512 + 800 * 3);
    expect((lower + count(options, 512) + 512 * 14_247) / 1e6).toBeCloseTo(13.16, 2);
  });
});

describe("reductions", () => {
  const x = random([2, 5, 3], 2);
  const plain = prepared(lstm({ units: 4, returnSequences: true }), 3);
  /** A layer of another form with the plain layer's weights, and `extra` for those that only it has. */
  function reduced(options: Partial<LSTMOptions>, extra: (name: string, of: Tensor) => number[] = () => []) {
    const layer = prepared(lstm({ units: 4, returnSequences: true, ...options }), 3);
    for (const { path, tensor: own } of layer.parameters) {
      const name = path.split("/").at(-1) as string;
      const shared = plain.parameters.find((each) => each.path.endsWith(`/${name}`));
      const values = shared?.tensor.dataSync() ?? extra(name, own);
      backend.write(own.storage, values);
    }
    return layer;
  }
  const expectSame = (layer: Layer, other: Layer = plain) =>
    expectClose(layer.forward(x).output.dataSync(), other.forward(x).output.dataSync(), { atol: 1e-14 });
  const zeros = (_: string, { size }: Tensor): number[] => new Array<number>(size).fill(0);
  const eye = (_: string, { shape: [rows = 0, columns = 0] }: Tensor): number[] =>
    Array.from({ length: rows * columns }, (_, k) => (Math.floor(k / columns) === k % columns ? 1 : 0));

  test("NP is the plain LSTM", () => expectSame(reduced({ variant: "NP", gateRecurrence: false })));
  test("limits that nothing reaches change nothing", () => expectSame(reduced({ cellClip: 50, gateClip: 50 })));
  test("a projection by the unit matrix is none", () => expectSame(reduced({ projection: 4 }, eye)));
  test("peepholes of zeros are none", () => expectSame(reduced({ peepholes: "diagonal" }, zeros)));
  test("gate recurrence of zeros is none", () => expectSame(reduced({ variant: "FGR" }, zeros)));
  test("scaledTanh with 1 and 1 is tanh", () => expectSame(reduced({ cellActivation: { type: "scaledTanh" } })));
  test("diagonal matrices are diagonal peepholes", () => {
    const diagonal = prepared(lstm({ units: 4, returnSequences: true, peepholes: "diagonal" }), 3);
    const full = prepared(lstm({ units: 4, returnSequences: true, peepholes: "full" }), 3);
    for (const { path, tensor: own } of full.parameters) {
      const values = weightOf(diagonal, path.split("/").at(-1) as string).dataSync();
      if (!path.endsWith("Peephole")) backend.write(own.storage, values);
      else
        backend.write(
          own.storage,
          eye("", own).map((one, k) => one * (values[k % 4] as number)),
        );
    }
    expectSame(full, diagonal);
  });
  test("coupled gates are f = 1 − i of an LSTM whose forget weights are minus its input weights", () => {
    const coupled = prepared(lstm({ units: 4, returnSequences: true, coupledGates: true }), 3);
    const mirrored = prepared(lstm({ units: 4, returnSequences: true }), 3);
    for (const name of ["kernel", "recurrentKernel", "bias"]) {
      const from = weightOf(coupled, name).dataSync();
      const rows = from.length / 12;
      const values = Array.from({ length: rows }, (_, row) => {
        const [i, g, o] = [0, 4, 8].map((at) => Array.from(from.slice(row * 12 + at, row * 12 + at + 4))) as [
          number[],
          number[],
          number[],
        ];
        return [...i, ...i.map((v) => -v), ...g, ...o]; // σ(−z) = 1 − σ(z)
      });
      backend.write(weightOf(mirrored, name).storage, values.flat());
    }
    expectSame(coupled, mirrored);
  });
  test("a switched-off gate is one that is open: σ(40) is 1 to 17 digits", () => {
    const open = prepared(lstm({ units: 2, returnSequences: true }), 3);
    const without = prepared(lstm({ units: 2, returnSequences: true, forgetGate: false }), 3);
    for (const name of ["kernel", "recurrentKernel", "bias"]) {
      const from = Array.from(weightOf(open, name).dataSync());
      const there = from.flatMap((v, k) => (Math.floor((k % 8) / 2) === 1 ? [] : [v]));
      const opened = from.map((v, k) => (Math.floor((k % 8) / 2) === 1 ? (name === "bias" ? 40 : 0) : v));
      backend.write(weightOf(without, name).storage, there);
      backend.write(weightOf(open, name).storage, opened);
    }
    expectSame(without, open);
  });
});

describe("biases of the gates", () => {
  const bias = (options: Partial<LSTMOptions>): number[] => {
    const layer = lstm({ units: 3, ...options });
    layer.build([[null, null, 2]], { backend });
    return [...weightOf(layer, "bias").dataSync()];
  };

  test("start where they are told, the others as before", () => {
    expect(bias({ gateBias: { output: -2 } })).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, -2, -2, -2]);
    expect(bias({ gateBias: { forget: 5 }, unitForgetBias: false })).toEqual([0, 0, 0, 5, 5, 5, 0, 0, 0, 0, 0, 0]);
    expect(bias({ gateBias: { candidate: 0.5 }, coupledGates: true })).toEqual([0, 0, 0, 0.5, 0.5, 0.5, 0, 0, 0]);
    expect(bias({ gateBias: { input: { start: -1, step: -2 }, output: { start: -2, step: -2 } } })).toEqual(
      [-1, -3, -5, 1, 1, 1, 0, 0, 0, -2, -4, -6], // experiment 3 of 1997
    );
  });
  test("by chrono: b_f = log u with u in [1, longest − 1], b_i = −b_f", () => {
    const b = bias({ units: 500, recurrentInitializer: "zeros", gateBias: { chrono: { longest: 50 } } });
    const forget = b.slice(500, 1000);
    expect(b.slice(0, 500).map((v) => 0 - v)).toEqual(forget);
    const u = forget.map(Math.exp);
    expect(Math.min(...u)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...u)).toBeLessThanOrEqual(49);
    expect(Math.abs(u.reduce((all, v) => all + v, 0) / 500 - 25)).toBeLessThan(3.1); // uniform: 25 ± 13.9/√500, five times
    expect(
      bias({ units: 2, coupledGates: true, gateBias: { chrono: { longest: 50 } } })
        .slice(0, 2)
        .every((v) => v < 0),
    ).toBe(true);
  });
});

test.each<[Partial<LSTMOptions>, RegExp]>([
  [{ coupledGates: true, forgetGate: false }, /coupledGates and forgetGate false: coupled gates are f = 1 − i/],
  [{ coupledGates: true, inputGate: false }, /coupledGates and inputGate false/],
  [{ peepholes: "diagonal", inputGate: false, forgetGate: false, outputGate: false }, /peepholes "diagonal" and no gate/],
  [{ gateRecurrence: true, inputGate: false, forgetGate: false, outputGate: false }, /gateRecurrence and no gate/],
  [{ outputPeephole: "previous" }, /it needs peepholes and an output gate/],
  [{ variant: "NOG", outputPeephole: "previous" }, /it needs peepholes and an output gate/],
  [{ gateBias: { forget: 2 }, forgetGate: false }, /gateBias for "forget": the biased blocks are input, candidate, output/],
  [{ gateBias: { forget: 2 }, useBias: false }, /gateBias and useBias false/],
  [{ gateBias: { chrono: { longest: 1 } } }, /chrono.longest 1: it is a number of steps from 2 up/],
  [{ gateBias: { chrono: { longest: 9 } }, inputGate: false, forgetGate: false }, /neither an input nor a forget gate/],
  [{ gateBias: { input: Number.NaN } }, /gateBias input: null: it is a number/],
  [{ variant: "LSTM" as never }, /variant "LSTM": the variants are vanilla, NIG/],
  [{ peepholes: "all" as never }, /peepholes "all": they are/],
  [{ peepholes: "full", outputPeephole: "old" as never }, /outputPeephole "old": it is/],
  [{ cellClip: 0 }, /cellClip 0: it is a limit above 0/],
  [{ gateClip: -1 }, /gateClip -1/],
  [{ projection: 0 }, /projection 0: it is a whole number/],
  [{ projection: { recurrent: 2, nonRecurrent: -1 } }, /projection.nonRecurrent -1/],
  [{ zoneout: { cell: 1 } }, /zoneout.cell 1/],
  [{ weightDrop: 2 }, /weightDrop 2/],
  [{ candidateDropout: -0.1 }, /candidateDropout -0.1/],
  [{ cellActivation: "wave" as never }, /cellActivation "wave": the activations are/],
  [{ recurrentActivation: { type: "tanh", alpha: 2 } }, /recurrentActivation "tanh" and alpha 2: "tanh" takes no numbers/],
  [{ outputActivation: { type: "elu", beta: 2 } }, /outputActivation "elu" and beta 2: "elu" takes alpha, finite numbers/],
])("%o is refused", (options, message) => {
  expect(() => lstm({ units: 2, ...options })).toThrow(message);
  expect(() => lstm({ units: 2, ...options })).toThrow(ValueError);
});

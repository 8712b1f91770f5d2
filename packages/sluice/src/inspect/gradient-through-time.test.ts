import { describe, expect, test } from "vitest";
import { getBackend } from "../backend/index.ts";
import { dense, gru, lstm, type RecurrentLayer, type State, simpleRnn } from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { gradientThroughTime } from "./gradient-through-time.ts";
import { leaky, random } from "./testing/samples.ts";

const float64 = getBackend("reference");
const I = 3;

describe("gradientThroughTime", () => {
  test("of a linear unit with a loss on its last output is the loss's slope times w^k", () => {
    const w = 0.8;
    const model = sequential([leaky(w)], { backend: "reference" });
    const x = random([1, 6, 1], 4);
    const h = model.forward(x)[0]!.dataSync()[0]!;
    const { norms, loss } = gradientThroughTime(model, x, tensor([[0]], [1, 1], { backend: float64 }), { loss: "mse" });
    expect(loss).toBeCloseTo(h * h, 12);
    expectClose(
      norms.hiddenState!,
      [5, 4, 3, 2, 1, 0].map((k) => Math.abs(2 * h) * w ** k),
      { rtol: 1e-12 },
    );
  });

  test("is the slope under central differences of the state, for LSTM parts apart", () => {
    const layer = lstm({ units: 2, seed: 3, inputShape: [null, I], backend: "reference" });
    const model = sequential([layer, dense({ units: 1 })], { backend: "reference", seed: 2 });
    const x = random([1, 3, I], 5);
    const y = tensor([[0.3]], [1, 1], { backend: float64 });
    model.compile({ loss: "mse", optimizer: "sgd" });
    const { norms } = gradientThroughTime(model, x, y);
    // The state after step 0, changed by hand: the rest of the sequence from there, then the dense layer.
    const [steps, rest] = [x.dataSync().slice(0, I), x.dataSync().slice(I)];
    const { state } = layer.forward(tensor(steps, [1, 1, I], { backend: float64 }));
    const readout = model.layers.find(({ type }) => type === "Dense")!;
    const lossFrom = (part: string, unit: number, by: number): number => {
      const numbers = (state as State)[part]!.dataSync();
      numbers[unit]! += by;
      const changed = { ...state, [part]: tensor(numbers, [1, 2], { backend: float64 }) };
      const { output } = layer.forward(tensor(rest, [1, 2, I], { backend: float64 }), { state: changed as never });
      return (readout.forward(output).output.dataSync()[0]! - 0.3) ** 2;
    };
    for (const part of ["hiddenState", "cellState"]) {
      const slopes = [0, 1].map((unit) => (lossFrom(part, unit, 1e-5) - lossFrom(part, unit, -1e-5)) / 2e-5);
      expect(norms[part]![0]).toBeCloseTo(Math.hypot(...slopes), 8);
    }
    expect(Object.keys(norms)).toEqual(["hiddenState", "cellState"]);
  });

  test("an LSTM or GRU whose gates keep the state carries the error; a plain RNN of the same size loses it", () => {
    const steps = 40;
    const x = random([4, steps, 2], 9);
    const y = random([4, 1], 10);
    const early = (layer: RecurrentLayer, part: string): number => {
      const model = sequential([layer, dense({ units: 1 })], { backend: "reference", seed: 1 });
      const norms = gradientThroughTime(model, x, y, { loss: "mse" }).norms[part]!;
      return norms[0]! / norms[steps - 1]!;
    };
    const shrinking = simpleRnn({ units: 8, recurrentInitializer: { type: "identity", gain: 0.5 } });
    const open = lstm({ units: 8, unitForgetBias: false, gateBias: { forget: 6 } });
    expect(early(shrinking, "hiddenState")).toBeLessThan(1e-6);
    expect(early(open, "cellState")).toBeGreaterThan(0.01);
    const keeping = gru({ units: 8, biasInitializer: { type: "constant", value: 3 } }); // z = σ(6 + …): both biases count
    expect(early(keeping, "hiddenState")).toBeGreaterThan(0.01);
  });

  test("needs a loss, and gives 0 where a step is masked", () => {
    const model = sequential([leaky(0.5)], { backend: "reference" });
    const x = random([1, 4, 1], 4);
    const y = tensor([[0]], [1, 1], { backend: float64 });
    expect(() => gradientThroughTime(model, x, y)).toThrow(/before compile/);
    const mask = tensor([[1, 1, 0, 1]], [1, 4], { backend: float64 });
    const [a, b, c, d] = gradientThroughTime(model, x, y, { loss: "mse", mask }).norms.hiddenState!;
    expect(c).toBe(0);
    expectClose([a! / b!, b! / d!], [0.5, 0.5], { rtol: 1e-12 });
  });
});

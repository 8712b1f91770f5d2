import { describe, expect, test } from "vitest";
import { getBackend, init } from "../backend/index.ts";
import { dense, embedding, gru, lstm, timeDistributed } from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { connectivity, memoryHorizon } from "./connectivity.ts";
import { at, leaky, random } from "./testing/samples.ts";

await init({ backend: "wasm" });
const float64 = getBackend("reference");
const [B, T, I, H] = [2, 5, 3, 4];

describe("memoryHorizon", () => {
  test.each([
    [0.9, 7, 22],
    [0.5, 2, 4],
    [-0.5, 2, 4],
  ])("of h = %d h + x is |w|^lag", (w, halfLife, horizon) => {
    const found = memoryHorizon(leaky(w), random([3, 30, 1], 1), { share: 0.1 });
    expectClose(
      found.norms,
      Array.from({ length: 30 }, (_, lag) => Math.abs(w) ** lag),
      { rtol: 1e-10 },
    );
    expect([found.halfLife, found.horizon]).toEqual([halfLife, horizon]);
  });

  test("is null where the sequence is too short, and counts used steps alone", () => {
    expect(memoryHorizon(leaky(1), random([1, 10, 1], 1))).toMatchObject({ horizon: null, halfLife: null });
    const mask = tensor([[1, 0, 1, 1, 0, 0]], [1, 6], { backend: float64 });
    expectClose(memoryHorizon(leaky(0.5), random([1, 6, 1], 1), { mask }).norms, [1, 0.5, 0.25], { rtol: 1e-12 });
    const backwards = memoryHorizon(leaky(0.5, { goBackwards: true }), random([1, 3, 1], 1));
    expectClose(backwards.norms, [1, 0.5, 0.25], { rtol: 1e-12 });
    const deaf = leaky(0.5);
    deaf.load({ kernel: { shape: [1, 1], data: [0] }, recurrentKernel: { shape: [1, 1], data: [0.5] } });
    expect(memoryHorizon(deaf, random([1, 3, 1], 1)).halfLife).toBe(0);
  });

  test("reads the layer's own input, so that it works behind an embedding", () => {
    const model = sequential([embedding({ inputDim: 5, outputDim: 2, inputShape: [null] }), gru({ units: 3 })], {
      backend: "reference",
    });
    const ids = tensor([[1, 4, 2, 0]], [1, 4], { backend: float64 });
    expect(memoryHorizon(model, ids).norms).toHaveLength(4);
  });
});

describe("connectivity", () => {
  test.each(["reference", "wasm"] as const)("is the norm of the Jacobian by differences (%s)", (name) => {
    const backend = getBackend(name);
    const model = sequential([lstm({ units: H, returnSequences: true }), timeDistributed(dense({ units: 2 }))], {
      backend: name,
    });
    const x = random([B, T, I], 7, name);
    model.forward(x);
    const { outputs, norms } = connectivity(model, x, { output: [1, 4] });
    expect([outputs, norms.shape]).toEqual([
      [1, 4],
      [B, 2, T],
    ]);
    const step = name === "wasm" ? 1e-2 : 1e-5;
    const output = (k: number, by: number): ArrayLike<number> => {
      const numbers = Float64Array.from(x.dataSync());
      numbers[k]! += by;
      return model.forward(tensor(numbers, [B, T, I], { backend }))[0]!.dataSync();
    };
    for (const [place, t] of outputs.entries()) {
      for (let b = 0; b < B; b++) {
        for (let s = 0; s < T; s++) {
          const slopes: number[] = [];
          for (let i = 0; i < I; i++) {
            const [above, below] = [output((b * T + s) * I + i, step), output((b * T + s) * I + i, -step)];
            for (let f = 0; f < 2; f++) slopes.push((above[(b * T + t) * 2 + f]! - below[(b * T + t) * 2 + f]!) / (2 * step));
          }
          // float32 differences carry about 1e-7 / step of rounding
          expect(at(norms, b, place, s)).toBeCloseTo(Math.hypot(...slopes), name === "wasm" ? 3 : 8);
        }
      }
    }
    expect(at(norms, 0, 0, 3)).toBe(0); // the future does not act on the past
  });

  test("of an output without steps is one row; unknown steps are refused", () => {
    const x = random([1, 4, 1], 1);
    const last = connectivity(leaky(0.5), x);
    expect([last.outputs, last.norms]).toEqual([[], { shape: [1, 1, 4], data: [0.125, 0.25, 0.5, 1] }]);
    expect(connectivity(leaky(0.5, { returnSequences: true }), x, { output: 1 }).norms.data).toEqual([0.5, 1, 0, 0]);
    expect(() => connectivity(leaky(0.5, { returnSequences: true }), x, { output: 4 })).toThrow(/4 steps: choose from 0 to 3/);
    expect(() => connectivity(leaky(0.5), x, { output: 1 })).toThrow(/Leave `output` out/);
    expect(() => connectivity(leaky(0.5), x, { input: 1 })).toThrow(/Cannot vary input 1/);
  });
});

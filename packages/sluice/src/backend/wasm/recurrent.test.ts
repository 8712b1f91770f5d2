import { describe, expect, test } from "vitest";
import type { Storage } from "../backend.ts";
import { createReferenceBackend } from "../reference/index.ts";
import { compute, expectClose, maxAbs } from "../testing/compute.ts";
import { CELLS, makeArrays, PLAIN, type RecurrentCase, runBoth } from "../testing/recurrent-laws.ts";
import { loadWide } from "./module.ts";
import { allowRelaxedSimd } from "./testing/relaxed-simd.ts";
import { createWasmBackend, type WasmBackend } from "./wasm-backend.ts";

await allowRelaxedSimd();
await loadWide();

const VARIANTS = ["simd", "relaxed", "wide"] as const;
const OUTPUTS = [
  "gates",
  "hidden",
  "cells",
  "dx",
  "dKernel",
  "dRecurrentKernel",
  "dBias",
  "dRecurrentBias",
  "dInitialHidden",
  "dInitialCell",
] as const;

describe.each(CELLS)("fused run of %s", (cell) => {
  // More than one block of everything: depth 256, rows 192, columns 512, chunks of steps; edges on all sides.
  const one: RecurrentCase = { ...PLAIN, cell, T: 10, B: 27, I: 20, H: 270, masked: "holes" };
  const arrays = makeArrays(one);
  const expected = compute(createReferenceBackend(), arrays, runBoth(one));

  test.each(VARIANTS)("agrees with the reference beyond every block size: %s", async (variant) => {
    const actual = await compute(createWasmBackend({ variant }), arrays, runBoth(one));
    for (const name of OUTPUTS) {
      if (!arrays[name]) continue;
      // Weight gradients are sums of T·B = 270 float32 products; the rest feeds on sums of at most 4H terms.
      const e = (await expected)[name];
      expectClose(actual[name], e, { rtol: 1e-4, atol: 2e-6 * Math.max(1, maxAbs(e)) }, name);
    }
  });
});

describe.each(VARIANTS)("fused runs of the %s build", (variant) => {
  const backend = createWasmBackend({ variant });

  test.each(CELLS)("%s of a part of the batch has the same bits as in the whole", async (cell) => {
    const one: RecurrentCase = { ...PLAIN, cell, T: 4, B: 7, I: 9, H: 21 };
    const whole = makeArrays(one);
    const rows = await compute(backend, whole, runBoth(one));
    for (const [first, last] of [
      [0, 1],
      [1, 3],
      [3, 7],
    ] as const) {
      const cut = (values: Float32Array | null, width: number): Float32Array | null =>
        values &&
        Float32Array.from({ length: (values.length / one.B) * (last - first) }, (_, k) => {
          const row = Math.floor(k / width);
          return values[
            (Math.floor(row / (last - first)) * one.B + first + (row % (last - first))) * width + (k % width)
          ] as number;
        });
      const part = {
        ...whole,
        x: cut(whole.x, one.I)!,
        hidden: cut(whole.hidden, one.H)!,
        cells: cut(whole.cells, one.H)!,
        gates: cut(whole.gates, whole.gates.length / one.T / one.B)!,
        resetProduct: cut(whole.resetProduct, one.H)!,
        dHidden: cut(whole.dHidden, one.H),
        dLastHidden: cut(whole.dLastHidden, one.H),
        dLastCell: cut(whole.dLastCell, one.H),
        dx: cut(whole.dx, one.I),
        dInitialHidden: cut(whole.dInitialHidden, one.H)!,
        dInitialCell: cut(whole.dInitialCell, one.H)!,
      };
      const got = await compute(backend, part, runBoth({ ...one, B: last - first }));
      expect(Array.from(got.hidden)).toEqual(Array.from(cut(rows.hidden as Float32Array, one.H)!));
      expect(Array.from(got.dx!)).toEqual(Array.from(cut(rows.dx as Float32Array, one.I)!));
      expect(Array.from(got.dInitialHidden)).toEqual(Array.from(cut(rows.dInitialHidden as Float32Array, one.H)!));
    }
  });
});

describe("packed weights that predictions keep", () => {
  const one: RecurrentCase = { ...PLAIN, T: 3, B: 4, I: 5, H: 21 };
  const { x, kernel, recurrentKernel, bias, hidden, cells } = makeArrays(one);
  const { T, B, I, H, activation, recurrentActivation } = one;

  test.each(CELLS)("%s reads them again while its weights stay, and makes them anew when one is written to", async (cell) => {
    const G = { lstm: 4, "gru, reset after": 3, "gru, reset before": 3, rnn: 1 }[cell];
    const predictor = (backend: WasmBackend) => {
      const weights = [I, H].map((rows) => backend.allocatePersistent(rows * G * H)) as [Storage, Storage];
      const predict = (): number[] =>
        backend.step(() => {
          const state = backend.upload(hidden);
          const run = {
            ...{ T, B, I, H, activation, recurrentActivation, gates: null, mask: null },
            ...{ kernel: weights[0], recurrentKernel: weights[1], x: backend.upload(x), hidden: state },
            ...{ bias: backend.upload((bias as Float32Array).slice(0, G * H)), cells: backend.upload(cells.slice(0, B * H)) },
            ...{ recurrentBias: null, resetProduct: backend.upload(new Float32Array(B * H)) },
          } as const;
          if (cell === "lstm") backend.kernels.lstmForward(run);
          else if (cell === "rnn") backend.kernels.rnnForward(run);
          else backend.kernels.gruForward({ ...run, resetAfter: cell === "gru, reset after" });
          return [...backend.readSync(state)];
        });
      const load = (scale: number): void =>
        [kernel, recurrentKernel].forEach((from, k) => {
          const weight = weights[k] as Storage;
          backend.write(
            weight,
            from.slice(0, weight.length).map((value) => value * scale),
          );
        });
      return { weights, predict, load };
    };
    const fresh = (scale: number): number[] => {
      const { predict, load } = predictor(createWasmBackend({ variant: "simd" }));
      load(scale);
      return predict();
    };
    const backend = createWasmBackend({ variant: "simd" });
    const { weights, predict, load } = predictor(backend);
    load(1);
    const before = backend.memory().persistentBytes;
    for (let k = 0; k < 3; k++) expect(predict()).toEqual(fresh(1));
    const after = backend.memory().persistentBytes;
    expect(after).toBeGreaterThan(before);
    load(0.5);
    for (let k = 0; k < 3; k++) expect(predict()).toEqual(fresh(0.5));
    for (const weight of weights) backend.kernels.fill(weight, 0.25); // a kernel writes
    const filled = predict();
    expect([predict(), predict()]).toEqual([filled, filled]);
    expect(filled).not.toEqual(fresh(0.5));
    expect(backend.memory().persistentBytes).toBe(after);
  });
});

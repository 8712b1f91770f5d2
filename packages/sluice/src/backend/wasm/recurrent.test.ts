import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../reference/index.ts";
import { compute, expectClose, maxAbs } from "../testing/compute.ts";
import { CELLS, makeArrays, PLAIN, type RecurrentCase, runBoth } from "../testing/recurrent-laws.ts";
import { loadWide } from "./module.ts";
import { allowRelaxedSimd } from "./testing/relaxed-simd.ts";
import { createWasmBackend } from "./wasm-backend.ts";

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

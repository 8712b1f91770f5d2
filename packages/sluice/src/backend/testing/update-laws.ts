import fc from "fast-check";
import { test } from "vitest";
import type { Backend } from "../backend.ts";
import type { UpdateRule } from "../kernels.ts";
import { always, expectAgreement, numbers, seeds, size } from "./compute.ts";

/** Hyper-parameters in the order of `UpdateRule`; several sets where a flag changes the equation; a large epsilon shows where it stands. */
const RULES: readonly (readonly [UpdateRule, readonly number[]])[] = [
  ["sgd", [0.1]],
  ["momentum", [0.1, 0.9, 0]],
  ["momentum", [0.1, 0.9, 1]],
  ["rmsprop", [0.01, 0.9, 1e-7, 0, 0]],
  ["rmsprop", [0.01, 0.9, 0.05, 0.9, 0]],
  ["rmsprop", [0.01, 0.9, 1e-3, 0, 1]],
  ["rmsprop", [0.01, 0.9, 1e-3, 0.9, 1]],
  ["adam", [0.01, 0.9, 0.999, 1e-7, 0]],
  ["adam", [0.01, 0.9, 0.999, 0.05, 0.004]],
  ["nadam", [0.01, 0.9, 0.999, 1e-7, 0.92, 0.11, 1000]],
  ["nadam", [0.01, 0.9, 0.999, 0.05, 0.92, 0.11, 2]],
  ["adagrad", [0.01, 1e-7]],
  ["adagrad", [0.01, 0.05]],
  ["adadelta", [1, 0.95, 1e-7]],
  ["adadelta", [1, 0.95, 0.05]],
];

export function updateLaws(backend: Backend): void {
  test.each(RULES)("%s %j: three steps agree with the reference, slots included", async (rule, hyper) => {
    await always(
      fc.record({ n: size(), seed: seeds }),
      async ({ n, seed }) => {
        const make = numbers(seed);
        const arrays = {
          p: make.uniform(n),
          slot0: new Float32Array(n),
          slot1: new Float32Array(n),
          slot2: new Float32Array(n),
          g0: make.uniform(n),
          g1: make.uniform(n),
          g2: make.uniform(n),
        };
        await expectAgreement(
          backend,
          arrays,
          (k, { p, slot0, slot1, slot2, g0, g1, g2 }) => {
            const slots = [slot0, slot1, slot2].slice(0, SLOTS[rule]);
            for (const g of [g0, g1, g2]) k.update(rule, p, g, slots, hyper);
          },
          { rtol: 1e-5, atol: 2e-6 }, // three steps of about ten roundings each on numbers near 1
        );
      },
      25,
    );
  });
}

const SLOTS: Readonly<Record<UpdateRule, number>> = {
  sgd: 0,
  momentum: 1,
  rmsprop: 3,
  adam: 2,
  nadam: 2,
  adagrad: 1,
  adadelta: 2,
};

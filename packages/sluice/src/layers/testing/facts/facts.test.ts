import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { randomTensor } from "../../../autograd/gradient-check.ts";
import { getBackend, init } from "../../../backend/index.ts";
import type { Layer } from "../../layer.ts";
import { layerFromConfig, layerKinds } from "../../layer-from-config.ts";
import { evaluated } from "./formula.ts";
import { commonFacts, kindFacts, trialConfig } from "./index.ts";
import { otherFacts } from "./other.ts";

await init({ backend: "wasm" });
const backend = getBackend("wasm");

/** The layer of a trial, run on a short batch. */
function tried(type: string, options: object = {}): { readonly layer: Layer; readonly output: readonly number[] } {
  const { input = [50, 16] } = kindFacts[type]?.trial ?? {};
  const layer = layerFromConfig(trialConfig(type, options));
  const [time = 1, ...rest] = input;
  const { output } = layer.forward(randomTensor([2, Math.min(time, 7), ...rest], { seed: 3, like: { backend } }));
  return { layer, output: Array.from(output.dataSync()) };
}

/** What a formula says, up to the ";" behind which words stand. */
const said = (text: string): string => text.split(";")[0] as string;

describe("facts about the kinds", () => {
  test("every recurrent kind has some, and all are of kinds that exist", () => {
    const kinds = layerKinds();
    const recurrent = kinds.filter((kind) => kind.recurrent).map(({ type }) => type);
    expect(recurrent.filter((type) => !kindFacts[type])).toEqual([]);
    const known = new Set(kinds.map(({ type }) => type));
    expect(Object.keys({ ...kindFacts, ...otherFacts }).filter((type) => !known.has(type))).toEqual([]);
  });

  test("every cell is that of a kind with facts", () => {
    const cells = layerKinds().filter(({ type }) => type.endsWith("Cell"));
    expect(cells.map(({ type }) => type).filter((type) => !kindFacts[type] && !kindFacts[type.replace(/Cell$/, "")])).toEqual([]);
  });

  test("the oracles they name are there", () => {
    const texts = Object.values(kindFacts).flatMap(({ oracle, options }) => [
      oracle,
      ...Object.values<{ readonly oracle?: string }>(options).map((option) => option.oracle ?? ""),
    ]);
    const scripts = new Set(texts.flatMap((text) => text.match(/\w+\.py/g) ?? []));
    expect(scripts.size).toBeGreaterThan(5);
    for (const script of scripts) {
      expect(existsSync(new URL(`../../../../../../oracles/${script}`, import.meta.url)), script).toBe(true);
    }
  });
});

describe.each(Object.entries(kindFacts))("facts about %s", (type, { parameters, trial, options }) => {
  const plain = tried(type);

  // PredNet's is a sum over levels, which no formula here says; cells/grids.test.ts counts its weights against the published ones.
  test.skipIf(trial.sizes === null)("the formula counts the weights", () => {
    expect(evaluated(said(parameters), trial.sizes ?? {})).toBe(plain.layer.parameterCount);
  });

  const rows = Object.entries({ ...options, ...(type === "LSTM" && commonFacts) });
  test.each(
    rows.flatMap(([name, fact]) => fact.values.map((value, k) => ({ name, fact, value, isFirst: k === 0 }))),
  )("$name: $value runs, with as many weights as it says", ({ name, fact, value, isFirst }) => {
    const { layer, output } = tried(type, { ...fact.beside, [name]: value });
    expect(output.every(Number.isFinite)).toBe(true);
    if (!isFirst || fact.parameters?.startsWith("as ")) return;
    const without = fact.beside ? tried(type, fact.beside).layer : plain.layer;
    const difference = layer.parameterCount - without.parameterCount;
    const [, sign = "", formula = ""] = /^(\+|−|in all) (.*)$/.exec(said(fact.parameters ?? "")) ?? [];
    const amount = formula && evaluated(formula, { ...trial.sizes, ...fact.sizes });
    if (sign === "in all") expect(layer.parameterCount).toBe(amount);
    else if (typeof amount === "number") expect(difference).toBe(sign === "+" ? amount : -amount);
    else expect(Math.sign(difference)).toBe({ "+": 1, "−": -1 }[sign] ?? 0);
  });
});

describe("evaluated", () => {
  test("multiplies what stands side by side and keeps the order of operations", () => {
    expect(evaluated("4(IH + H²) − H/heads · 2 + ⌈4I/3⌉", { I: 2, H: 6, heads: 3 })).toBe(4 * (12 + 36) - 4 + 3);
  });

  test("leaves words alone, and refuses what is no formula", () => {
    expect(evaluated("(larger K)", { K: 1 })).toBeNull();
    expect(() => evaluated("4(I + ", { I: 1 })).toThrow('"its end"');
  });
});

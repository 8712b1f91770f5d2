import { describe } from "vitest";
import type { Backend } from "../backend.ts";
import { elementwiseLaws } from "./elementwise-laws.ts";
import { matrixLaws } from "./matrix-laws.ts";
import { memoryLaws } from "./memory-laws.ts";
import { recurrentLaws } from "./recurrent-laws.ts";
import { updateLaws } from "./update-laws.ts";

/**
 * The laws of a backend, as a vitest suite: each kernel against the float64 reference on random sizes and numbers, and the
 * life of memory. The reference is held to brute force and central differences in its own tests.
 * @param name heads the suite, for example "wasm (simd)".
 * @param makeBackend called once for each group of laws.
 * @example kernelLaws("reference", createReferenceBackend);
 */
export function kernelLaws(name: string, makeBackend: () => Backend): void {
  describe(`kernel laws: ${name}`, () => {
    describe("elementwise", () => elementwiseLaws(makeBackend()));
    describe("matrices, reductions, rows", () => matrixLaws(makeBackend()));
    describe("recurrent runs", () => recurrentLaws(makeBackend()));
    describe("optimizer rules", () => updateLaws(makeBackend()));
    describe("memory", () => memoryLaws(makeBackend));
  });
}

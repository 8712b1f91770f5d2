import type { Kernels } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";

/** The dropout kernel. */
export interface DropoutExports {
  dropoutMask(
    out: number,
    n: number,
    threshold: number,
    keep: number,
    seedLow: number,
    seedHigh: number,
    stream: number,
    step: number,
  ): void;
}

/** Masks from the Philox stream of their key. */
export function dropoutKernels(memory: WasmMemory, wasm: DropoutExports): Pick<Kernels, "dropoutMask"> {
  return {
    dropoutMask(out, rate, { seed, stream, step }) {
      const threshold = Math.floor(rate * 2 ** 32);
      const high = Math.floor(seed / 2 ** 32);
      wasm.dropoutMask(memory.output(out, out.length), out.length, threshold, 1 / (1 - rate), seed, high, stream, step);
    },
  };
}

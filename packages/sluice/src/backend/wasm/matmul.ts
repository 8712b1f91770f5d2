import type { Kernels } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";

export interface MatmulExports {
  productScratch(): number;
  matmul(
    a: number,
    b: number,
    out: number,
    M: number,
    N: number,
    K: number,
    transposeA: boolean,
    transposeB: boolean,
    batch: number,
    accumulate: boolean,
    scratch: number,
  ): void;
}

/** Matrix products; see kernels/matmul.ts for the order of their sums. */
export function matmulKernels(memory: WasmMemory, wasm: MatmulExports): Pick<Kernels, "matmul"> {
  const scratchBytes = wasm.productScratch();
  return {
    matmul(a, b, out, { M, N, K, transposeA, transposeB, batch, accumulate }) {
      const aAt = memory.input(a, batch * M * K);
      const bAt = memory.input(b, batch * K * N);
      const outAt = memory.output(out, batch * M * N);
      wasm.matmul(aAt, bAt, outAt, M, N, K, transposeA, transposeB, batch, accumulate, memory.scratch(scratchBytes));
    },
  };
}

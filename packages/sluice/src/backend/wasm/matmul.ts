import type { Kernels } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";
import { type Call, cut, type Team } from "./threads/team.ts";

/** The matrix products. */
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
  multiply(...numbers: number[]): void;
}

/** Matrix products; see kernels/matmul.ts for the order of their sums. A large one is cut by rows, many by their number. */
export function matmulKernels(memory: WasmMemory, wasm: MatmulExports, team: Team): Pick<Kernels, "matmul"> {
  const scratchBytes = Math.ceil(wasm.productScratch() / 64) * 64;
  return {
    matmul(a, b, out, { M, N, K, transposeA, transposeB, batch, accumulate }) {
      const aAt = memory.input(a, batch * M * K);
      const bAt = memory.input(b, batch * K * N);
      const outAt = memory.output(out, batch * M * N);
      const parts = team.partsFor(batch * M * N * K);
      const scratch = memory.scratch(scratchBytes * (parts > 1 ? team.most : 1));
      if (parts === 1) {
        wasm.matmul(aAt, bAt, outAt, M, N, K, transposeA, transposeB, batch, accumulate, scratch);
        return;
      }
      const flags = [Number(transposeA), Number(transposeB)] as const;
      const calls: Call[] = [];
      if (batch >= parts) {
        for (const [from, to] of cut(batch, parts)) {
          const at = [aAt + from * M * K * 4, bAt + from * K * N * 4, outAt + from * M * N * 4] as const;
          calls.push(["matmul", ...at, M, N, K, ...flags, to - from, Number(accumulate), scratch]);
        }
      } else {
        const [aRow, aStep] = transposeA ? [4, M * 4] : [K * 4, 4];
        const [bRow, bColumn] = transposeB ? [4, K * 4] : [N * 4, 4];
        for (let k = 0; k < batch; k++) {
          const [aBlock, bBlock, outBlock] = [aAt + k * M * K * 4, bAt + k * K * N * 4, outAt + k * M * N * 4];
          for (const [from, to] of cut(M, parts)) {
            const at = [aBlock + from * aRow, aRow, aStep, bBlock, bRow, bColumn, outBlock + from * N * 4, N * 4] as const;
            calls.push(["multiply", ...at, to - from, N, K, Number(accumulate), scratch]);
          }
        }
      }
      team.run(calls, scratchBytes);
    },
  };
}

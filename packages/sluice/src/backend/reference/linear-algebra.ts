import type { HostArray } from "../backend.ts";
import type { MatmulSpec } from "../kernels.ts";

/** out [M, N] = op(a) [M, K] · op(b) [K, N], for each product of the batch. Loop order i → k → j: b and out are read in order. */
export function matmul(a: HostArray, b: HostArray, out: HostArray, spec: MatmulSpec): void {
  const { M, N, K, batch, transposeA, transposeB, accumulate } = spec;
  const [aRow, aColumn] = transposeA ? [1, M] : [K, 1];
  const [bRow, bColumn] = transposeB ? [1, K] : [N, 1];
  if (!accumulate) out.fill(0, 0, batch * M * N);
  for (let p = 0; p < batch; p++) {
    for (let i = 0; i < M; i++) {
      const row = (p * M + i) * N;
      for (let k = 0; k < K; k++) {
        const aik = a[p * M * K + i * aRow + k * aColumn]!;
        for (let j = 0; j < N; j++) out[row + j]! += aik * b[p * K * N + k * bRow + j * bColumn]!;
      }
    }
  }
}

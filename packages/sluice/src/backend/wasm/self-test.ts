import type { Backend, HostArray } from "../backend.ts";
import { createReferenceBackend } from "../reference/index.ts";

/** What each kernel family gives for fixed numbers; two backends agree when these do. */
const PROBES: Readonly<Record<string, (backend: Backend) => HostArray>> = {
  "elementwise functions"(backend) {
    const { kernels } = backend;
    const x = backend.upload(wave(37));
    const y = backend.upload(new Float64Array(37));
    kernels.unary("tanh", x, y);
    kernels.unary("sigmoid", y, y);
    kernels.unary("exponential", y, y);
    kernels.binary("multiply", x, [1], y, [1], y, [37]);
    return backend.readSync(y);
  },
  "matrix product"(backend) {
    const out = backend.upload(new Float64Array(7 * 19));
    const spec = { M: 7, N: 19, K: 13, transposeA: false, transposeB: false, batch: 1, accumulate: false };
    backend.kernels.matmul(backend.upload(wave(7 * 13)), backend.upload(wave(13 * 19)), out, spec);
    return backend.readSync(out);
  },
  sums(backend) {
    const out = backend.upload(new Float64Array(11));
    backend.kernels.reduce("sum", backend.upload(wave(50 * 11)), out, 1, 50, 11);
    return backend.readSync(out);
  },
  "LSTM run"(backend) {
    const [T, B, I, H] = [3, 2, 3, 5];
    const hidden = backend.upload(new Float64Array((T + 1) * B * H));
    backend.kernels.lstmForward({
      ...{ T, B, I, H, mask: null, activation: "tanh", recurrentActivation: "sigmoid" },
      x: backend.upload(wave(T * B * I)),
      kernel: backend.upload(wave(I * 4 * H)),
      recurrentKernel: backend.upload(wave(H * 4 * H)),
      bias: backend.upload(wave(4 * H)),
      gates: backend.upload(new Float64Array(T * B * 4 * H)),
      hidden,
      cells: backend.upload(new Float64Array((T + 1) * B * H)),
    });
    return backend.readSync(hidden);
  },
};

/** Numbers of both signs that repeat nowhere, exact in float32. */
function wave(n: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + 0.3));
}

/**
 * Runs a few kernels beside the reference; they take well under a millisecond. 1e-5 is some ten roundings of float32 for
 * sums of 50 terms below 1, and far below what a wrong instruction or lane would show.
 * @returns null when all agree, else the first that does not, with its numbers.
 */
export function selfTest(backend: Backend): string | null {
  const reference = createReferenceBackend();
  for (const [name, probe] of Object.entries(PROBES)) {
    const [got, want] = [probe(backend), probe(reference)];
    const wrong = want.findIndex((value, i) => !(Math.abs((got[i] as number) - value) <= 1e-5));
    if (wrong >= 0) return `its self-test of ${name} gives ${got[wrong]} where the reference gives ${want[wrong]}`;
  }
  return null;
}

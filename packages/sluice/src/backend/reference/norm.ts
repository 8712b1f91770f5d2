import type { HostArray } from "../backend.ts";

/**
 * Over each row: n = (x − mean) / √(variance + ε), y = n ⊙ scale + shift; the variance is Σ (x − mean)² / n
 * [Ba et al. 2016, arXiv:1607.06450].   x, y, normalized [rows, n]; scale, shift [n]; inverseStd [rows].
 */
export function layerNormForward(
  x: HostArray,
  scale: HostArray | null,
  shift: HostArray | null,
  epsilon: number,
  y: HostArray,
  normalized: HostArray,
  inverseStd: HostArray,
  rows: number,
  n: number,
): void {
  for (let r = 0; r < rows; r++) {
    const row = r * n;
    let mean = 0;
    for (let k = 0; k < n; k++) mean += x[row + k]! / n;
    let variance = 0;
    for (let k = 0; k < n; k++) variance += (x[row + k]! - mean) ** 2 / n;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    inverseStd[r] = inverse;
    for (let k = 0; k < n; k++) {
      normalized[row + k] = (x[row + k]! - mean) * inverse;
      y[row + k] = normalized[row + k]! * (scale?.[k] ?? 1) + (shift?.[k] ?? 0);
    }
  }
}

/** With g = dy ⊙ scale:  dx = (g − mean(g) − normalized ⊙ mean(g ⊙ normalized)) / std. */
export function layerNormBackward(
  normalized: HostArray,
  inverseStd: HostArray,
  scale: HostArray | null,
  dy: HostArray,
  dx: HostArray,
  dScale: HostArray | null,
  dShift: HostArray | null,
  rows: number,
  n: number,
): void {
  dScale?.fill(0);
  dShift?.fill(0);
  for (let r = 0; r < rows; r++) {
    const row = r * n;
    let mean = 0; //      of g
    let projection = 0; // mean of g ⊙ normalized
    for (let k = 0; k < n; k++) {
      const g = dy[row + k]! * (scale?.[k] ?? 1);
      mean += g / n;
      projection += (g * normalized[row + k]!) / n;
    }
    for (let k = 0; k < n; k++) {
      const g = dy[row + k]! * (scale?.[k] ?? 1);
      dx[row + k] = (g - mean - normalized[row + k]! * projection) * inverseStd[r]!;
      if (dScale) dScale[k]! += dy[row + k]! * normalized[row + k]!; // Σ_rows dy ⊙ normalized  [n]
      if (dShift) dShift[k]! += dy[row + k]!; //                        Σ_rows dy               [n]
    }
  }
}

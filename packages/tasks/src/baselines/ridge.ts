import { cholesky, choleskySolve } from "./cholesky.ts";
import { ownCount, type RidgeSeries, readOwn, readShared, ridgeSeries, sharedCount } from "./ridge-features.ts";
import type { BaselineSeries, Forecaster, RidgeCoefficients, RidgeLayout, SeriesScale } from "./types.ts";
import type { Origin } from "./windows.ts";

/** The grid from which λ is chosen; features have about unit variance and the loss is a mean over windows. */
export const PENALTIES: readonly number[] = [1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100];

/**
 * Sums over windows from which every penalty is solved, each divided by the number of windows:
 * A = Σ x xᵀ [P, P] · M = Σ x [z, y]ᵀ [P, H (Q + 1)] · N_h = Σ [z, y] [z, y]ᵀ of each step [H, Q + 1, Q + 1].
 */
export interface NormalEquations {
  A: Float64Array;
  M: Float64Array;
  N: Float64Array;
  windows: number;
}

/** Reads each window once; a window with a missing value in its lags or targets is passed over. */
export function accumulate(series: readonly RidgeSeries[], origins: readonly Origin[], layout: RidgeLayout): NormalEquations {
  const P = sharedCount(layout);
  const R = ownCount(layout) + 1; // z and the target y
  const H = layout.horizon;
  const A = new Float64Array(P * P);
  const M = new Float64Array(P * H * R);
  const N = new Float64Array(H * R * R);
  const x = new Float64Array(P);
  const r = new Float64Array(H * R);
  let windows = 0;
  for (const { series: which, row: origin } of origins) {
    const one = series[which] as RidgeSeries;
    const y = one.past;
    const v = readShared(y, origin, layout, x);
    for (let h = 0; h < H; h++) {
      readOwn(one, y, origin, h, v, layout, r, h * R);
      r[h * R + R - 1] = (y[origin + h] as number) - v;
    }
    if (x.some(Number.isNaN) || r.some(Number.isNaN)) continue;
    windows++;
    for (let i = 0; i < P; i++) {
      const xi = x[i] as number;
      for (let j = 0, at = i * P; j <= i; j++, at++) A[at] = (A[at] as number) + xi * (x[j] as number);
      for (let c = 0, at = i * H * R; c < H * R; c++, at++) M[at] = (M[at] as number) + xi * (r[c] as number);
    }
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < R; i++) {
        const ri = r[h * R + i] as number;
        for (let j = 0, at = (h * R + i) * R; j < R; j++, at++) N[at] = (N[at] as number) + ri * (r[h * R + j] as number);
      }
    }
  }
  for (const sums of [A, M, N]) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) / Math.max(1, windows);
  for (let i = 0; i < P; i++) for (let j = i + 1; j < P; j++) A[i * P + j] = A[j * P + i] as number;
  return { A, M, N, windows };
}

/**
 * Ridge regression of every step of the horizon:   min mean (y − w·x − u·z)² + λ (|w|² + |u|²), the constant unpenalised
 * [Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634].
 *
 * x is the same for all steps, so A + λI is factorised once; each step then needs only the small Schur complement of its own
 * features z:   S = Z + λI − Cᵀ (A + λI)⁻¹ C,   u = S⁻¹ (e − Cᵀ (A + λI)⁻¹ b),   w = (A + λI)⁻¹ (b − C u).
 */
export function solveRidge(
  { A, M, N }: NormalEquations,
  layout: RidgeLayout,
  lambda: number,
): { shared: Float64Array; own: Float64Array } {
  const P = sharedCount(layout);
  const Q = ownCount(layout);
  const R = Q + 1;
  const H = layout.horizon;
  const penalised = Float64Array.from(A);
  for (let i = 1; i < P; i++) penalised[i * P + i] = (penalised[i * P + i] as number) + lambda;
  const solved = Float64Array.from(M); // becomes (A + λI)⁻¹ [C_0, b_0, C_1, b_1, …]
  choleskySolve(cholesky(penalised, P), P, solved, H * R);
  const shared = new Float64Array(H * P);
  const own = new Float64Array(H * Q);
  for (let h = 0; h < H; h++) {
    const S = new Float64Array(Q * Q);
    const u = new Float64Array(Q);
    for (let i = 0; i < Q; i++) {
      for (let j = 0; j < R; j++) {
        let value = N[(h * R + i) * R + j] as number;
        for (let k = 0; k < P; k++) value -= (M[(k * H + h) * R + i] as number) * (solved[(k * H + h) * R + j] as number);
        if (j === Q) u[i] = value;
        else S[i * Q + j] = i === j ? value + lambda : value;
      }
    }
    choleskySolve(cholesky(S, Q), Q, u, 1);
    own.set(u, h * Q);
    for (let k = 0; k < P; k++) {
      let w = solved[(k * H + h) * R + Q] as number;
      for (let j = 0; j < Q; j++) w -= (solved[(k * H + h) * R + j] as number) * (u[j] as number);
      shared[h * P + k] = w;
    }
  }
  return { shared, own };
}

/** Forecasts with fitted coefficients. A gap in the lags reads as the value before it. */
export function ridgeForecaster(fitted: RidgeCoefficients, series: BaselineSeries, scale: SeriesScale): Forecaster {
  const forecast = standardisedForecaster(fitted, ridgeSeries(series, scale, fitted.layout));
  return (origin) => forecast(origin).map((z) => scale.mean + scale.std * z);
}

/** The same in standardised units. */
export function standardisedForecaster(
  { layout, shared, own }: { layout: RidgeLayout; shared: ArrayLike<number>; own: ArrayLike<number> },
  series: RidgeSeries,
): Forecaster {
  const P = sharedCount(layout);
  const Q = ownCount(layout);
  const x = new Float64Array(P);
  const z = new Float64Array(Q);
  return (origin) => {
    const v = readShared(series.filled, origin, layout, x);
    return Float64Array.from({ length: layout.horizon }, (_, h) => {
      readOwn(series, series.filled, origin, h, v, layout, z, 0);
      let y = v;
      for (let k = 0; k < P; k++) y += (shared[h * P + k] as number) * (x[k] as number);
      for (let j = 0; j < Q; j++) y += (own[h * Q + j] as number) * (z[j] as number);
      return y;
    });
  };
}

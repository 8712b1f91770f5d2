import type { GruBackward, GruForward } from "../kernels.ts";
import { UNARY } from "./functions.ts";
import { addOuter, addProduct, addProductTransposed, addTo, type OnArrays, rowOf } from "./recurrent.ts";

/**
 * Gated recurrent unit, a whole sequence [Cho et al. 2014, arXiv:1406.1078], blocks z r h; u = W x_t + b:
 *
 *     z = σ(u_z + R_z h_{t−1})      r = σ(u_r + R_r h_{t−1})      h_t = z ⊙ h_{t−1} + (1 − z) ⊙ ĥ
 *     reset after:   ĥ = act(u_h + r ⊙ p),   p = R_h h_{t−1} + recurrentBias_h
 *     reset before:  ĥ = act(u_h + R_h p),   p = r ⊙ h_{t−1}
 */
export function gruForward(run: OnArrays<GruForward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, bias, recurrentBias, resetAfter, mask, gates, resetProduct, hidden } = run;
  const σ = UNARY[run.recurrentActivation].value;
  const act = UNARY[run.activation].value;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const row = gates ? rowOf(gates, step, 3 * H).fill(0) : new Float64Array(3 * H);
      const [zr, ĥ] = [row.subarray(0, 2 * H), row.subarray(2 * H)];
      const p = rowOf(resetProduct, gates ? step : b, H).fill(0);
      const hPrev = rowOf(hidden, step, H);
      const h = rowOf(hidden, step + B, H);
      if (mask?.[step] === 0) {
        h.set(hPrev);
        continue;
      }
      addProduct(row, rowOf(x, step, I), kernel, 3 * H, 0);
      addProduct(zr, hPrev, recurrentKernel, 3 * H, 0);
      if (bias) addTo(row, bias);
      if (recurrentBias) addTo(zr, recurrentBias);
      for (let j = 0; j < 2 * H; j++) zr[j] = σ(zr[j]!);

      if (resetAfter) {
        addProduct(p, hPrev, recurrentKernel, 3 * H, 2 * H);
        if (recurrentBias) addTo(p, recurrentBias.subarray(2 * H));
        for (let j = 0; j < H; j++) ĥ[j]! += zr[H + j]! * p[j]!;
      } else {
        for (let j = 0; j < H; j++) p[j] = zr[H + j]! * hPrev[j]!;
        addProduct(ĥ, p, recurrentKernel, 3 * H, 2 * H);
      }
      for (let j = 0; j < H; j++) {
        const z = zr[j]!;
        ĥ[j] = act(ĥ[j]!);
        h[j] = z * hPrev[j]! + (1 - z) * ĥ[j]!;
      }
    }
  }
}

/**
 * The gradients of `gruForward`, walking back through time. The gradients before the activations replace the gates;
 * dp replaces `resetProduct`.
 */
export function gruBackward(run: OnArrays<GruBackward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, resetAfter, mask, gates, resetProduct, hidden, dHidden, dLastHidden, dx } = run;
  const { dKernel, dRecurrentKernel, dBias, dRecurrentBias, dInitialHidden } = run;
  const { slope: dσ } = UNARY[run.recurrentActivation];
  const { slope: dact } = UNARY[run.activation];
  for (const sum of [dx, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dInitialHidden]) sum?.fill(0);
  if (dLastHidden) dInitialHidden.set(dLastHidden); // dInitialHidden carries dh from t to t − 1

  for (let t = T - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const row = rowOf(gates, step, 3 * H);
      const [zr, ĥ] = [row.subarray(0, 2 * H), row.subarray(2 * H)];
      const p = rowOf(resetProduct, step, H);
      const hPrev = rowOf(hidden, step, H);
      const dh = rowOf(dInitialHidden, b, H);
      if (dHidden) addTo(dh, rowOf(dHidden, step, H));
      if (mask?.[step] === 0) {
        row.fill(0);
        p.fill(0);
        continue;
      }
      for (let j = 0; j < H; j++) {
        const z = zr[j]!;
        zr[j] = dh[j]! * (hPrev[j]! - ĥ[j]!) * dσ(z);
        ĥ[j] = dh[j]! * (1 - z) * dact(ĥ[j]!);
        dh[j]! *= z; // h_{t−1} passes through z
      }
      if (resetAfter) {
        for (let j = 0; j < H; j++) {
          const r = zr[H + j]!;
          zr[H + j] = ĥ[j]! * p[j]! * dσ(r);
          p[j] = ĥ[j]! * r; //                                                  dp  = dĥ ⊙ r       [H]
        }
        addOuter(dRecurrentKernel, hPrev, p, 3 * H, 2 * H); //                  dR_h = Σ_t hᵀ dp   [H, H]
        addProductTransposed(dh, p, recurrentKernel, 3 * H, 2 * H); //          dh′ += dp R_hᵀ     [H]
        if (dRecurrentBias) {
          addTo(dRecurrentBias.subarray(0, 2 * H), zr);
          addTo(dRecurrentBias.subarray(2 * H), p);
        }
      } else {
        addOuter(dRecurrentKernel, p, ĥ, 3 * H, 2 * H); //                      dR_h = Σ_t pᵀ dĥ   [H, H]
        addProductTransposed(p.fill(0), ĥ, recurrentKernel, 3 * H, 2 * H); //   dp  = dĥ R_hᵀ      [H]
        for (let j = 0; j < H; j++) {
          const r = zr[H + j]!;
          zr[H + j] = p[j]! * hPrev[j]! * dσ(r);
          dh[j]! += p[j]! * r;
        }
      }
      addOuter(dKernel, rowOf(x, step, I), row, 3 * H, 0); //                     dW  = Σ_t xᵀ du    [I, 3H]
      addOuter(dRecurrentKernel, hPrev, zr, 3 * H, 0); //                         dR_zr = Σ_t hᵀ du  [H, 2H]
      if (dBias) addTo(dBias, row); //                                            db  = Σ_t du       [3H]
      if (dx) addProductTransposed(rowOf(dx, step, I), row, kernel, 3 * H, 0); // dx  = du Wᵀ        [I]
      addProductTransposed(dh, zr, recurrentKernel, 3 * H, 0); //                 dh′ += du_zr R_zrᵀ [H]
    }
  }
}

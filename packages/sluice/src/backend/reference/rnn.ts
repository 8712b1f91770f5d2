import type { RecurrentBackward, RecurrentForward } from "../kernels.ts";
import { UNARY } from "./functions.ts";
import { addOuter, addProduct, addProductTransposed, addTo, type OnArrays, rowOf } from "./recurrent.ts";

/** h_t = act(W x_t + R h_{t−1} + b) [Elman 1990, doi:10.1207/s15516709cog1402_1]. */
export function rnnForward(run: OnArrays<RecurrentForward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, bias, mask, gates, hidden } = run;
  const act = UNARY[run.activation].value;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const z = gates ? rowOf(gates, step, H).fill(0) : new Float64Array(H);
      const hPrev = rowOf(hidden, step, H);
      const h = rowOf(hidden, step + B, H);
      if (mask?.[step] === 0) {
        h.set(hPrev);
        continue;
      }
      addProduct(z, rowOf(x, step, I), kernel, H, 0);
      addProduct(z, hPrev, recurrentKernel, H, 0);
      if (bias) addTo(z, bias);
      for (let j = 0; j < H; j++) h[j] = z[j] = act(z[j]!);
    }
  }
}

/** The gradients of `rnnForward`, walking back through time: dz = dh ⊙ act′(h). */
export function rnnBackward(run: OnArrays<RecurrentBackward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, mask, gates, hidden, dHidden, dLastHidden, dx } = run;
  const { dKernel, dRecurrentKernel, dBias, dInitialHidden } = run;
  const { slope } = UNARY[run.activation];
  for (const sum of [dx, dKernel, dRecurrentKernel, dBias, dInitialHidden]) sum?.fill(0);
  if (dLastHidden) dInitialHidden.set(dLastHidden); // dInitialHidden carries dh from t to t − 1

  for (let t = T - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const z = rowOf(gates, step, H);
      const dh = rowOf(dInitialHidden, b, H);
      if (dHidden) addTo(dh, rowOf(dHidden, step, H));
      if (mask?.[step] === 0) {
        z.fill(0);
        continue;
      }
      for (let j = 0; j < H; j++) z[j] = dh[j]! * slope(z[j]!);
      addOuter(dKernel, rowOf(x, step, I), z, H, 0); //                     dW  = Σ_t xᵀ dz   [I, H]
      addOuter(dRecurrentKernel, rowOf(hidden, step, H), z, H, 0); //       dR  = Σ_t hᵀ dz   [H, H]
      if (dBias) addTo(dBias, z); //                                        db  = Σ_t dz      [H]
      if (dx) addProductTransposed(rowOf(dx, step, I), z, kernel, H, 0); // dx  = dz Wᵀ       [I]
      addProductTransposed(dh.fill(0), z, recurrentKernel, H, 0); //        dh′ = dz Rᵀ       [H]
    }
  }
}

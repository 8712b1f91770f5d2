import type { LstmBackward, LstmForward } from "../kernels.ts";
import { UNARY } from "./functions.ts";
import { addOuter, addProduct, addProductTransposed, addTo, type OnArrays, rowOf } from "./recurrent.ts";

/**
 * Long short-term memory, a whole sequence [Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Gers et al. 2000,
 * doi:10.1162/089976600300015015]. z = W x_t + R h_{t−1} + b in blocks i f g o;
 *
 *     i = σ(z_i)   f = σ(z_f)   g = act(z_g)   o = σ(z_o)      c_t = f ⊙ c_{t−1} + i ⊙ g      h_t = o ⊙ act(c_t)
 */
export function lstmForward(run: OnArrays<LstmForward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, bias, mask, gates, hidden, cells } = run;
  const σ = UNARY[run.recurrentActivation].value;
  const act = UNARY[run.activation].value;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const z = gates ? rowOf(gates, step, 4 * H).fill(0) : new Float64Array(4 * H);
      const hPrev = rowOf(hidden, step, H);
      const cPrev = rowOf(cells, gates ? step : b, H);
      const h = rowOf(hidden, step + B, H);
      const c = rowOf(cells, gates ? step + B : b, H);
      if (mask?.[step] === 0) {
        h.set(hPrev);
        c.set(cPrev);
        continue;
      }
      addProduct(z, rowOf(x, step, I), kernel, 4 * H, 0);
      addProduct(z, hPrev, recurrentKernel, 4 * H, 0);
      if (bias) addTo(z, bias);
      for (let j = 0; j < H; j++) {
        const i = σ(z[j]!);
        const f = σ(z[H + j]!);
        const g = act(z[2 * H + j]!);
        const o = σ(z[3 * H + j]!);
        [z[j], z[H + j], z[2 * H + j], z[3 * H + j]] = [i, f, g, o]; // as backward wants them
        c[j] = f * cPrev[j]! + i * g;
        h[j] = o * act(c[j]!);
      }
    }
  }
}

/** The gradients of `lstmForward`, walking back through time. dz, the gradient before the activations, replaces the gates. */
export function lstmBackward(run: OnArrays<LstmBackward>): void {
  const { T, B, I, H, x, kernel, recurrentKernel, mask, gates, hidden, cells, dHidden, dLastHidden, dLastCell, dx } = run;
  const { dKernel, dRecurrentKernel, dBias, dInitialHidden, dInitialCell } = run;
  const { slope: dσ } = UNARY[run.recurrentActivation];
  const { value: act, slope: dact } = UNARY[run.activation];
  for (const sum of [dx, dKernel, dRecurrentKernel, dBias, dInitialHidden, dInitialCell]) sum?.fill(0);
  if (dLastHidden) dInitialHidden.set(dLastHidden); // dInitialHidden and dInitialCell carry dh and dc from t to t − 1
  if (dLastCell) dInitialCell.set(dLastCell);

  for (let t = T - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) {
      const step = t * B + b;
      const z = rowOf(gates, step, 4 * H);
      const cPrev = rowOf(cells, step, H);
      const c = rowOf(cells, step + B, H);
      const dh = rowOf(dInitialHidden, b, H);
      const dc = rowOf(dInitialCell, b, H);
      if (dHidden) addTo(dh, rowOf(dHidden, step, H));
      if (mask?.[step] === 0) {
        z.fill(0);
        continue;
      }
      for (let j = 0; j < H; j++) {
        const [i, f, g, o] = [z[j]!, z[H + j]!, z[2 * H + j]!, z[3 * H + j]!];
        const a = act(c[j]!);
        dc[j]! += dh[j]! * o * dact(a); //         c_t reaches the loss through h_t too
        z[j] = dc[j]! * g * dσ(i);
        z[H + j] = dc[j]! * cPrev[j]! * dσ(f);
        z[2 * H + j] = dc[j]! * i * dact(g);
        z[3 * H + j] = dh[j]! * a * dσ(o);
        dc[j]! *= f; //                            dc′ = dc ⊙ f
      }
      addOuter(dKernel, rowOf(x, step, I), z, 4 * H, 0); //                     dW  = Σ_t xᵀ dz   [I, 4H]
      addOuter(dRecurrentKernel, rowOf(hidden, step, H), z, 4 * H, 0); //       dR  = Σ_t hᵀ dz   [H, 4H]
      if (dBias) addTo(dBias, z); //                                            db  = Σ_t dz      [4H]
      if (dx) addProductTransposed(rowOf(dx, step, I), z, kernel, 4 * H, 0); // dx  = dz Wᵀ       [I]
      addProductTransposed(dh.fill(0), z, recurrentKernel, 4 * H, 0); //        dh′ = dz Rᵀ       [H]
    }
  }
}

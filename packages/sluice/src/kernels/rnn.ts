import { multiplyPacked } from "./matmul";
import { addProduct, addRow, chunkSteps, isUsed, rowOf, startState, startSteps, stepBytes, storePair } from "./recurrent";
import { Candidate, CellTanh, chooseFunctions } from "./recurrent-functions";
import { storeUpTo } from "./simd";

// The plain recurrent network over a sequence: h_t = act(W x_t + R h_{t−1} + b). Shapes: `RecurrentForward`,
// `RecurrentBackward` in backend/kernels.ts. `packed…`: the weights by `pack`, or 0. Batch rows first … last−1.

const SIGMOID: i32 = 1;

/** Without `keep`, gates are those of one chunk of steps (`chunkSteps`). */
export function rnnForward(
  x: usize, kernel: usize, recurrentKernel: usize, packedKernel: usize, packedRecurrent: usize, bias: usize, mask: usize,
  gates: usize, hidden: usize, T: i32, B: i32, I: i32, H: i32, first: i32, last: i32, activation: i32, keep: bool,
  scratch: usize,
): void {
  const rows = last - first;
  const usual = chooseFunctions(activation, SIGMOID, scratch);
  const chunk = chunkSteps(rows, H);
  for (let t = 0; t < T; t++) {
    if (t % chunk == 0) {
      if (!keep && t > 0) gates -= stepBytes(chunk, B, H);
      startSteps(x, I, packedKernel, kernel, bias, gates, H, t, min(chunk, T - t), B, first, last, scratch);
    }
    const row = t * B + first;
    addProduct(rowOf(hidden, row, H), H, packedRecurrent, recurrentKernel, H, rowOf(gates, row, H), H, rows, H, scratch);
    if (usual) stepRows<CellTanh>(gates, hidden, mask, row, rows, B, H);
    else stepRows<Candidate>(gates, hidden, mask, row, rows, B, H);
  }
}

function stepRows<A>(gates: usize, hidden: usize, mask: usize, row: i32, rows: i32, B: i32, H: i32): void {
  const act = changetype<A>(0);
  const bytes = <usize>H << 2;
  const next = <usize>B * bytes;
  for (const end = row + rows; row < end; row++) {
    const u = rowOf(gates, row, H);
    const h = rowOf(hidden, row, H);
    if (!isUsed(mask, row)) {
      memory.fill(u, 0, bytes);
      memory.copy(h + next, h, bytes);
      continue;
    }
    for (let at: usize = 0; at < bytes; at += 32) {
      const count = min<i32>(8, H - <i32>(at >> 2));
      const y0 = act.value(v128.load(u + at));
      const y1 = act.value(v128.load(u + at, 16));
      storePair(u + at, y0, y1, count);
      storePair(h + next + at, y0, y1, count);
    }
  }
}

/**
 * The way back through time: gates become the gradients of the pre-activations; dHidden0 [B, H] starts as dLastHidden
 * and ends as the gradient of h_0. packedRecurrent: recurrentKernelᵀ.
 */
export function rnnBackward(
  packedRecurrent: usize, mask: usize, gates: usize, dHidden: usize, dLastHidden: usize, dHidden0: usize,
  T: i32, B: i32, H: i32, first: i32, last: i32, activation: i32, scratch: usize,
): void {
  const bytes = <usize>H << 2;
  const rows = last - first;
  const usual = chooseFunctions(activation, SIGMOID, scratch);
  const dh = startState(dHidden0, dLastHidden, first, rows, H);
  for (let t = T - 1; t >= 0; t--) {
    const row = t * B + first;
    if (usual) backRows<CellTanh>(gates, mask, dHidden, dh, row, rows, H);
    else backRows<Candidate>(gates, mask, dHidden, dh, row, rows, H);
    multiplyPacked(rowOf(gates, row, H), bytes, packedRecurrent, dh, bytes, rows, H, H, dh, bytes, scratch);
  }
}

function backRows<A>(gates: usize, mask: usize, dHidden: usize, dh: usize, row: i32, rows: i32, H: i32): void {
  const act = changetype<A>(0);
  const bytes = <usize>H << 2;
  for (const end = row + rows; row < end; row++, dh += bytes) {
    const u = rowOf(gates, row, H);
    if (dHidden) addRow(rowOf(dHidden, row, H), dh, H);
    if (!isUsed(mask, row)) {
      memory.fill(u, 0, bytes);
      continue;
    }
    for (let j = 0; j < H; j += 4) {
      const at = <usize>j << 2;
      const y = v128.load(u + at);
      storeUpTo(u + at, f32x4.mul(v128.load(dh + at), act.slope(y)), H - j);
      storeUpTo(dh + at, f32x4.splat(0), H - j);
    }
  }
}

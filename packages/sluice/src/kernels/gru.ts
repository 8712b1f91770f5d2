import { Sigmoid, Tanh } from "./functions";
import { multiplyPacked, productScratch, weightGradients } from "./matmul";
import { addProduct, addRow, chunkSteps, isUsed, rowOf, startRows, startState, startSteps } from "./recurrent";
import { Candidate, chooseFunctions, Gate } from "./recurrent-functions";
import { storeUpTo } from "./simd";

// Gated recurrent unit over a sequence. Equations and shapes: `GruForward`, `GruBackward` in backend/kernels.ts.
// The recurrent kernel falls in two: blocks z r, and block h; `packed…` is each by `pack`, or 0 to read it where it lies.
// Batch rows first … last−1.

/** scratch: `productScratch` bytes and 3H numbers. */
export function gruForward(
  x: usize, kernel: usize, recurrentKernel: usize, packedKernel: usize, packedGates: usize, packedCandidate: usize,
  bias: usize, recurrentBias: usize, mask: usize, gates: usize, hidden: usize, resetProduct: usize,
  T: i32, B: i32, I: i32, H: i32, first: i32, last: i32,
  activation: i32, recurrentActivation: i32, resetAfter: bool, scratch: usize,
): void {
  const N = 3 * H;
  const rows = last - first;
  const block = <usize>H << 2;
  const usual = chooseFunctions(activation, recurrentActivation);
  const start = joinBiases(bias, recurrentBias, scratch + <usize>productScratch(), H);
  const chunk = chunkSteps(B, rows, N);
  for (let t = 0; t < T; t++) {
    if (t % chunk == 0) {
      startSteps(x, I, packedKernel, kernel, start, gates, N, t, min(chunk, T - t), B, first, last, scratch);
    }
    const row = t * B + first;
    const h = rowOf(hidden, row, H);
    const z = rowOf(gates, row, N);
    const p = rowOf(resetProduct, row, H);
    addProduct(h, H, packedGates, recurrentKernel, N, z, N, rows, 2 * H, scratch);
    if (resetAfter) {
      startRows(p, recurrentBias == 0 ? 0 : recurrentBias + block * 2, rows, H);
      addProduct(h, H, packedCandidate, recurrentKernel + block * 2, N, p, H, rows, H, scratch);
    } else {
      if (usual) resetRows<Sigmoid>(gates, hidden, resetProduct, mask, row, rows, H);
      else resetRows<Gate>(gates, hidden, resetProduct, mask, row, rows, H);
      addProduct(p, H, packedCandidate, recurrentKernel + block * 2, N, z + block * 2, N, rows, H, scratch);
    }
    if (usual) stepRows<Tanh, Sigmoid>(gates, hidden, resetProduct, mask, row, rows, B, H, resetAfter);
    else stepRows<Candidate, Gate>(gates, hidden, resetProduct, mask, row, rows, B, H, resetAfter);
  }
}

/** What the gates start from: bias, and recurrentBias for z and r; 0 when there is neither. */
function joinBiases(bias: usize, recurrentBias: usize, out: usize, H: i32): usize {
  if (recurrentBias == 0) return bias;
  if (bias == 0) memory.fill(out, 0, <usize>H * 12);
  else memory.copy(out, bias, <usize>H * 12);
  addRow(recurrentBias, out, 2 * H);
  return out;
}

/** Reset before: z and r after their activations, and p = r ⊙ h. */
function resetRows<R>(gates: usize, hidden: usize, resetProduct: usize, mask: usize, row: i32, rows: i32, H: i32): void {
  const gate = changetype<R>(0);
  const block = <usize>H << 2;
  for (const end = row + rows; row < end; row++) {
    const p = rowOf(resetProduct, row, H);
    if (!isUsed(mask, row)) {
      memory.fill(p, 0, block);
      continue;
    }
    const h = rowOf(hidden, row, H);
    for (let j = 0, z = rowOf(gates, row, 3 * H); j < H; j += 4, z += 16) {
      const at = <usize>j << 2;
      const update = gate.value(v128.load(z));
      const reset = gate.value(v128.load(z + block));
      storeUpTo(z, update, H - j);
      storeUpTo(z + block, reset, H - j);
      storeUpTo(p + at, f32x4.mul(reset, v128.load(h + at)), H - j);
    }
  }
}

/** The rest of the step; a masked row holds its state. */
function stepRows<A, R>(
  gates: usize, hidden: usize, resetProduct: usize, mask: usize, row: i32, rows: i32, B: i32, H: i32, resetAfter: bool,
): void {
  const block = <usize>H << 2;
  const next = <usize>B * block;
  for (const end = row + rows; row < end; row++) {
    const z = rowOf(gates, row, 3 * H);
    const h = rowOf(hidden, row, H);
    const p = rowOf(resetProduct, row, H);
    if (!isUsed(mask, row)) {
      memory.fill(z, 0, block * 3);
      memory.fill(p, 0, block);
      memory.copy(h + next, h, block);
    } else if (resetAfter) {
      stepRowAfter<A, R>(z, h, p, h + next, H);
    } else {
      stepRowBefore<A>(z, h, h + next, H);
    }
  }
}

function stepRowAfter<A, R>(gates: usize, hiddenPrev: usize, resetProduct: usize, hidden: usize, H: i32): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const block = <usize>H << 2;
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const u = gates + at;
    const z = gate.value(v128.load(u));
    const r = gate.value(v128.load(u + block));
    const candidate = act.value(f32x4.add(v128.load(u + block * 2), f32x4.mul(r, v128.load(resetProduct + at))));
    storeUpTo(u, z, left);
    storeUpTo(u + block, r, left);
    storeUpTo(u + block * 2, candidate, left);
    storeUpTo(hidden + at, mix(z, v128.load(hiddenPrev + at), candidate), left);
  }
}

function stepRowBefore<A>(gates: usize, hiddenPrev: usize, hidden: usize, H: i32): void {
  const act = changetype<A>(0);
  const block = <usize>H << 2;
  for (let j = 0; j < H; j += 4) {
    const at = <usize>j << 2;
    const u = gates + at;
    const candidate = act.value(v128.load(u + block * 2));
    storeUpTo(u + block * 2, candidate, H - j);
    storeUpTo(hidden + at, mix(v128.load(u), v128.load(hiddenPrev + at), candidate), H - j);
  }
}

/** z ⊙ a + (1 − z) ⊙ b. */
@inline
function mix(z: v128, a: v128, b: v128): v128 {
  return f32x4.add(f32x4.mul(z, a), f32x4.mul(f32x4.sub(f32x4.splat(1), z), b));
}

/**
 * The way back through time: gates become the gradients of the pre-activations, with reset after resetProduct that of
 * itself; dHidden0 [B, H] starts as dLastHidden and ends as the gradient of h_0. packedGates [2H, H] and
 * packedCandidate [H, H]: the two parts of recurrentKernel, transposed. scratch: `productScratch` bytes and B·H numbers.
 */
export function gruBackward(
  packedGates: usize, packedCandidate: usize, mask: usize, gates: usize, hidden: usize, resetProduct: usize,
  dHidden: usize, dLastHidden: usize, dHidden0: usize, T: i32, B: i32, H: i32, first: i32, last: i32,
  activation: i32, recurrentActivation: i32, resetAfter: bool, scratch: usize,
): void {
  const rows = last - first;
  const block = <usize>H << 2;
  const usual = chooseFunctions(activation, recurrentActivation);
  const dh = startState(dHidden0, dLastHidden, first, rows, H);
  const dp = scratch + <usize>productScratch();
  for (let t = T - 1; t >= 0; t--) {
    const row = t * B + first;
    const z = rowOf(gates, row, 3 * H);
    if (usual) backRows<Tanh, Sigmoid>(gates, hidden, resetProduct, mask, dHidden, dh, row, rows, H, resetAfter);
    else backRows<Candidate, Gate>(gates, hidden, resetProduct, mask, dHidden, dh, row, rows, H, resetAfter);
    if (resetAfter) {
      multiplyPacked(rowOf(resetProduct, row, H), block, packedCandidate, dh, block, rows, H, H, true, scratch);
    } else {
      memory.fill(dp, 0, <usize>rows * block);
      multiplyPacked(z + block * 2, block * 3, packedCandidate, dp, block, rows, H, H, true, scratch);
      if (usual) backReset<Sigmoid>(gates, hidden, mask, dp, dh, row, rows, H);
      else backReset<Gate>(gates, hidden, mask, dp, dh, row, rows, H);
    }
    multiplyPacked(z, block * 3, packedGates, dh, block, rows, H, 2 * H, true, scratch);
  }
}

/** dz, dĥ and what of dh goes straight to h_{t−1}; with reset after also dr and dp. */
function backRows<A, R>(
  gates: usize, hidden: usize, resetProduct: usize, mask: usize, dHidden: usize, dh: usize, row: i32, rows: i32, H: i32, resetAfter: bool,
): void {
  const block = <usize>H << 2;
  for (const end = row + rows; row < end; row++, dh += block) {
    const u = rowOf(gates, row, 3 * H);
    const p = rowOf(resetProduct, row, H);
    if (dHidden) addRow(rowOf(dHidden, row, H), dh, H);
    if (isUsed(mask, row)) {
      backRow<A, R>(u, rowOf(hidden, row, H), p, dh, H, resetAfter);
    } else {
      memory.fill(u, 0, block * 3);
      memory.fill(p, 0, block);
    }
  }
}

function backRow<A, R>(gates: usize, hiddenPrev: usize, resetProduct: usize, dHidden: usize, H: i32, resetAfter: bool): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const block = <usize>H << 2;
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const u = gates + at;
    const z = v128.load(u);
    const r = v128.load(u + block);
    const candidate = v128.load(u + block * 2);
    const p = v128.load(resetProduct + at);
    const dh = v128.load(dHidden + at);
    const difference = f32x4.sub(v128.load(hiddenPrev + at), candidate);
    const dz = f32x4.mul(f32x4.mul(dh, difference), gate.slope(z, z));
    const dc = f32x4.mul(f32x4.mul(dh, f32x4.sub(f32x4.splat(1), z)), act.slope(candidate, candidate));
    storeUpTo(u, dz, left);
    storeUpTo(u + block * 2, dc, left);
    storeUpTo(dHidden + at, f32x4.mul(dh, z), left);
    if (resetAfter) {
      storeUpTo(u + block, f32x4.mul(f32x4.mul(dc, p), gate.slope(r, r)), left);
      storeUpTo(resetProduct + at, f32x4.mul(dc, r), left);
    }
  }
}

/** Reset before, dp [rows, H] known: dr = dp ⊙ h_prev, and dh += dp ⊙ r. */
function backReset<R>(gates: usize, hidden: usize, mask: usize, dp: usize, dh: usize, row: i32, rows: i32, H: i32): void {
  const gate = changetype<R>(0);
  const block = <usize>H << 2;
  for (const end = row + rows; row < end; row++, dp += block, dh += block) {
    if (!isUsed(mask, row)) continue;
    const h = rowOf(hidden, row, H);
    for (let j = 0, u = rowOf(gates, row, 3 * H) + block; j < H; j += 4, u += 16) {
      const at = <usize>j << 2;
      const d = v128.load(dp + at);
      const r = v128.load(u);
      storeUpTo(u, f32x4.mul(f32x4.mul(d, v128.load(h + at)), gate.slope(r, r)), H - j);
      storeUpTo(dh + at, f32x4.add(v128.load(dh + at), f32x4.mul(d, r)), H - j);
    }
  }
}

/** Weight gradients from what `gruBackward` left; dBias and dRecurrentBias may be 0. rows = T·B. */
export function gruWeightGradients(
  x: usize, hidden: usize, mask: usize, gates: usize, resetProduct: usize, dKernel: usize, dRecurrentKernel: usize,
  dBias: usize, dRecurrentBias: usize, rows: i32, I: i32, H: i32, resetAfter: bool, scratch: usize,
): void {
  const block = <usize>H << 2;
  const step = block * 3;
  const third = block * 2;
  const dGateBias = dBias ? dBias : dRecurrentBias;
  weightGradients(x, hidden, mask, gates, step, dKernel, dRecurrentKernel, step, dGateBias, rows, I, H, 2 * H, scratch);
  if (dRecurrentBias && dRecurrentBias != dGateBias) memory.copy(dRecurrentBias, dGateBias, third);
  const dCandidateBias = dBias ? dBias + third : 0;
  const dRecurrent = dRecurrentKernel + third;
  if (resetAfter) {
    const dProductBias = dRecurrentBias ? dRecurrentBias + third : 0;
    weightGradients(x, 0, mask, gates + third, step, dKernel + third, 0, step, dCandidateBias, rows, I, H, H, scratch);
    weightGradients(0, hidden, mask, resetProduct, block, 0, dRecurrent, step, dProductBias, rows, I, H, H, scratch);
  } else {
    weightGradients(x, resetProduct, mask, gates + third, step, dKernel + third, dRecurrent, step, dCandidateBias, rows, I, H, H, scratch);
  }
}

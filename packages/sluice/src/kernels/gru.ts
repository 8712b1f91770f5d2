import { multiplyPacked, productScratch } from "./matmul";
import { addProduct, addRow, chunkSteps, isUsed, rowOf, startRows, startState, startSteps, stepBytes, storePair } from "./recurrent";
import { Candidate, CellSigmoid, CellTanh, chooseFunctions, Gate } from "./recurrent-functions";
import { storeUpTo } from "./simd";

// Gated recurrent unit over a sequence. Equations and shapes: `GruForward`, `GruBackward` in backend/kernels.ts.
// The recurrent kernel falls in two: blocks z r, and block h; `packed…` is each by `pack`, or 0 to read it where it lies.
// Batch rows first … last−1.

/**
 * Without `keep`, gates are those of one chunk of steps (`chunkSteps`) and resetProduct [B, H]. scratch: `productScratch` bytes
 * and 3H numbers.
 */
export function gruForward(
  x: usize, kernel: usize, recurrentKernel: usize, packedKernel: usize, packedGates: usize, packedCandidate: usize,
  bias: usize, recurrentBias: usize, mask: usize, gates: usize, hidden: usize, resetProduct: usize,
  T: i32, B: i32, I: i32, H: i32, first: i32, last: i32,
  activation: i32, recurrentActivation: i32, resetAfter: bool, keep: bool, scratch: usize,
): void {
  const N = 3 * H;
  const rows = last - first;
  const block = <usize>H << 2;
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  const start = joinBiases(bias, recurrentBias, scratch + <usize>productScratch(), H);
  const chunk = chunkSteps(rows, N);
  for (let t = 0; t < T; t++) {
    if (t % chunk == 0) {
      if (!keep && t > 0) gates -= stepBytes(chunk, B, N);
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
      if (usual) resetRows<CellSigmoid>(gates, hidden, resetProduct, mask, row, rows, H);
      else resetRows<Gate>(gates, hidden, resetProduct, mask, row, rows, H);
      addProduct(p, H, packedCandidate, recurrentKernel + block * 2, N, z + block * 2, N, rows, H, scratch);
    }
    if (usual) stepRows<CellTanh, CellSigmoid>(gates, hidden, resetProduct, mask, row, rows, B, H, resetAfter);
    else stepRows<Candidate, Gate>(gates, hidden, resetProduct, mask, row, rows, B, H, resetAfter);
    if (!keep) resetProduct -= stepBytes(1, B, H);
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
    const u = rowOf(gates, row, 3 * H);
    for (let at: usize = 0; at < block; at += 32) {
      const count = min<i32>(8, H - <i32>(at >> 2));
      const z0 = gate.value(v128.load(u + at));
      const z1 = gate.value(v128.load(u + at, 16));
      const r0 = gate.value(v128.load(u + block + at));
      const r1 = gate.value(v128.load(u + block + at, 16));
      const p0 = f32x4.mul(r0, v128.load(h + at));
      const p1 = f32x4.mul(r1, v128.load(h + at, 16));
      storePair(u + at, z0, z1, count);
      storePair(u + block + at, r0, r1, count);
      storePair(p + at, p0, p1, count);
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
  const block = <usize>H << 2;
  for (let at: usize = 0; at < block; at += 32) {
    stepUnitsAfter<A, R>(gates + at, block, hiddenPrev + at, resetProduct + at, hidden + at, min<i32>(8, H - <i32>(at >> 2)));
  }
}

/** Eight units, of which `count` are stored; see `stepUnits` of lstm.ts. */
@inline
function stepUnitsAfter<A, R>(u: usize, block: usize, hiddenPrev: usize, resetProduct: usize, hidden: usize, count: i32): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const z0 = gate.value(v128.load(u));
  const z1 = gate.value(v128.load(u, 16));
  const r0 = gate.value(v128.load(u + block));
  const r1 = gate.value(v128.load(u + block, 16));
  const c0 = act.value(f32x4.add(v128.load(u + block * 2), f32x4.mul(r0, v128.load(resetProduct))));
  const c1 = act.value(f32x4.add(v128.load(u + block * 2, 16), f32x4.mul(r1, v128.load(resetProduct, 16))));
  const h0 = mix(z0, v128.load(hiddenPrev), c0);
  const h1 = mix(z1, v128.load(hiddenPrev, 16), c1);
  storePair(u, z0, z1, count);
  storePair(u + block, r0, r1, count);
  storePair(u + block * 2, c0, c1, count);
  storePair(hidden, h0, h1, count);
}

function stepRowBefore<A>(gates: usize, hiddenPrev: usize, hidden: usize, H: i32): void {
  const act = changetype<A>(0);
  const block = <usize>H << 2;
  for (let at: usize = 0; at < block; at += 32) {
    const count = min<i32>(8, H - <i32>(at >> 2));
    const u = gates + at;
    const h = hiddenPrev + at;
    const c0 = act.value(v128.load(u + block * 2));
    const c1 = act.value(v128.load(u + block * 2, 16));
    const h0 = mix(v128.load(u), v128.load(h), c0);
    const h1 = mix(v128.load(u, 16), v128.load(h, 16), c1);
    storePair(u + block * 2, c0, c1, count);
    storePair(hidden + at, h0, h1, count);
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
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  const dh = startState(dHidden0, dLastHidden, first, rows, H);
  const dp = scratch + <usize>productScratch();
  for (let t = T - 1; t >= 0; t--) {
    const row = t * B + first;
    const z = rowOf(gates, row, 3 * H);
    if (usual) backRows<CellTanh, CellSigmoid>(gates, hidden, resetProduct, mask, dHidden, dh, row, rows, H, resetAfter);
    else backRows<Candidate, Gate>(gates, hidden, resetProduct, mask, dHidden, dh, row, rows, H, resetAfter);
    if (resetAfter) {
      multiplyPacked(rowOf(resetProduct, row, H), block, packedCandidate, dh, block, rows, H, H, dh, block, scratch);
    } else {
      multiplyPacked(z + block * 2, block * 3, packedCandidate, dp, block, rows, H, H, 0, 0, scratch);
      if (usual) backReset<CellSigmoid>(gates, hidden, mask, dp, dh, row, rows, H);
      else backReset<Gate>(gates, hidden, mask, dp, dh, row, rows, H);
    }
    multiplyPacked(z, block * 3, packedGates, dh, block, rows, H, 2 * H, dh, block, scratch);
  }
}

/** dz, dĥ and what of dh goes straight to h_{t−1}; with reset after also dr and dp. */
function backRows<A, R>(
  gates: usize, hidden: usize, resetProduct: usize, mask: usize, dHidden: usize, dh: usize,
  row: i32, rows: i32, H: i32, resetAfter: bool,
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
    const dz = f32x4.mul(f32x4.mul(dh, difference), gate.slope(z));
    const dc = f32x4.mul(f32x4.mul(dh, f32x4.sub(f32x4.splat(1), z)), act.slope(candidate));
    storeUpTo(u, dz, left);
    storeUpTo(u + block * 2, dc, left);
    storeUpTo(dHidden + at, f32x4.mul(dh, z), left);
    if (resetAfter) {
      storeUpTo(u + block, f32x4.mul(f32x4.mul(dc, p), gate.slope(r)), left);
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
      storeUpTo(u, f32x4.mul(f32x4.mul(d, v128.load(h + at)), gate.slope(r)), H - j);
      storeUpTo(dh + at, f32x4.add(v128.load(dh + at), f32x4.mul(d, r)), H - j);
    }
  }
}

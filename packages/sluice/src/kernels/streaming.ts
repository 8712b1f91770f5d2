import { multiplyPacked } from "./matmul";
import { BFloat16, Float16, Float32, multiplyPanel, PANEL, panelCount } from "./panels";
import { multiplyQuantized, quantizedBytes, quantizeRows } from "./quantized";
import { storePair } from "./recurrent";
import { storeUpTo } from "./simd";
import { Candidate, CellSigmoid, CellTanh, chooseFunctions, Gate } from "./recurrent-functions";

// One time step of a layer with its weights in panels. States are dense [rows, H] and replaced in place; z is working memory,
// [rows, panels · PANEL]; biases are padded to whole panels. Equations: backend/kernels.ts. `type`: 0 float32, 1 float16,
// 2 bfloat16, 3 int8, 4 float32 by `pack` of pack.ts, for many rows; 0 and 4 give the same bits.

const INT8: i32 = 3;
const PACKED: i32 = 4;

/** Whole numbers of a [rows, K] in scratch, when the weights are int8. Gives the end of what it wrote. */
function prepare(type: i32, a: usize, K: i32, rows: i32, scratch: usize): usize {
  if (type != INT8) return scratch;
  quantizeRows(a, <usize>K << 2, K, rows, scratch);
  return scratch + <usize>quantizedBytes(rows, K);
}

/** One panel of z = from + a [rows, K] · weights; a prepared in `scratch`; `scales`: of int8 weights. */
function product(
  type: i32, a: usize, K: i32, weights: usize, scales: usize, from: usize, fromRow: usize, z: usize, zRow: usize,
  rows: i32, panel: i32, scratch: usize,
): void {
  const aRow = <usize>K << 2;
  switch (type) {
    case 0: return multiplyPanel<Float32>(a, aRow, K, weights, from, fromRow, z, zRow, rows, panel);
    case 1: return multiplyPanel<Float16>(a, aRow, K, weights, from, fromRow, z, zRow, rows, panel);
    case 2: return multiplyPanel<BFloat16>(a, aRow, K, weights, from, fromRow, z, zRow, rows, panel);
    default: return multiplyQuantized(scratch, K, weights, scales, from, fromRow, z, zRow, rows, panel);
  }
}

/** z [rows, N] = bias + a [rows, K] · weights. */
function allPanels(
  type: i32, a: usize, K: i32, weights: usize, scales: usize, bias: usize, z: usize, rows: i32, N: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(N);
  if (type == PACKED) {
    multiplyPacked(a, <usize>K << 2, weights, z, zRow, rows, N, K, bias, 0, scratch);
    return;
  }
  prepare(type, a, K, rows, scratch);
  const panels = panelCount(N);
  for (let p = 0; p < panels; p++) {
    product(type, a, K, weights, scales, bias, 0, z, zRow, rows, backwards ? panels - 1 - p : p, scratch);
  }
}

/**
 * z [rows, N] = bias + x [rows, I] · kernel, and in its first columns + hidden [rows, H] · recurrent. Panel by panel, first to
 * last or `backwards`: done in turns, what the caches kept of the last step is what this one reads first.
 */
function bothProducts(
  type: i32, x: usize, I: i32, kernel: usize, kernelScales: usize, hidden: usize, H: i32, recurrent: usize, recurrentScales: usize,
  bias: usize, z: usize, rows: i32, N: i32, recurrentColumns: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(N);
  if (type == PACKED) {
    multiplyPacked(x, <usize>I << 2, kernel, z, zRow, rows, N, I, bias, 0, scratch);
    multiplyPacked(hidden, <usize>H << 2, recurrent, z, zRow, rows, recurrentColumns, H, z, zRow, scratch);
    return;
  }
  const second = prepare(type, x, I, rows, scratch);
  prepare(type, hidden, H, rows, second);
  const panels = panelCount(N);
  const recurrentPanels = panelCount(recurrentColumns);
  for (let p = 0; p < panels; p++) {
    const panel = backwards ? panels - 1 - p : p;
    product(type, x, I, kernel, kernelScales, bias, 0, z, zRow, rows, panel, scratch);
    if (panel < recurrentPanels) product(type, hidden, H, recurrent, recurrentScales, z, zRow, z, zRow, rows, panel, second);
  }
}

/** Bytes from row to row of z for N columns. */
@inline
function paddedRow(N: i32): usize {
  return <usize>(panelCount(N) * PANEL) << 2;
}

/** out [rows, N] = bias + x [rows, K] · weights. */
export function linearStep(
  type: i32, x: usize, K: i32, weights: usize, scales: usize, bias: usize, z: usize, out: usize, N: i32,
  rows: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(N);
  allPanels(type, x, K, weights, scales, bias, z, rows, N, backwards, scratch);
  const bytes = <usize>N << 2;
  for (let row = 0; row < rows; row++) memory.copy(out + <usize>row * bytes, z + <usize>row * zRow, bytes);
}

export function lstmStep(
  type: i32, x: usize, I: i32, kernel: usize, kernelScales: usize, recurrent: usize, recurrentScales: usize, bias: usize,
  z: usize, hidden: usize, cell: usize, H: i32, activation: i32, recurrentActivation: i32, rows: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(4 * H);
  bothProducts(type, x, I, kernel, kernelScales, hidden, H, recurrent, recurrentScales, bias, z, rows, 4 * H, 4 * H, backwards, scratch);
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  for (let row = 0; row < rows; row++, z += zRow, hidden += <usize>H << 2, cell += <usize>H << 2) {
    if (usual) lstmRow<CellTanh, CellSigmoid>(z, cell, hidden, H);
    else lstmRow<Candidate, Gate>(z, cell, hidden, H);
  }
}

/** c ← f ⊙ c + i ⊙ g, h = o ⊙ act(c), eight units at a time. */
function lstmRow<A, R>(z: usize, cell: usize, hidden: usize, H: i32): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const block = <usize>H << 2;
  for (let at: usize = 0; at < block; at += 32) {
    const from = z + at;
    const i0 = gate.value(v128.load(from));
    const i1 = gate.value(v128.load(from, 16));
    const f0 = gate.value(v128.load(from + block));
    const f1 = gate.value(v128.load(from + block, 16));
    const g0 = act.value(v128.load(from + block * 2));
    const g1 = act.value(v128.load(from + block * 2, 16));
    const o0 = gate.value(v128.load(from + block * 3));
    const o1 = gate.value(v128.load(from + block * 3, 16));
    const c0 = f32x4.add(f32x4.mul(f0, v128.load(cell + at)), f32x4.mul(i0, g0));
    const c1 = f32x4.add(f32x4.mul(f1, v128.load(cell + at, 16)), f32x4.mul(i1, g1));
    const h0 = f32x4.mul(o0, act.value(c0));
    const h1 = f32x4.mul(o1, act.value(c1));
    const count = min<i32>(8, H - <i32>(at >> 2));
    storePair(cell + at, c0, c1, count);
    storePair(hidden + at, h0, h1, count);
  }
}

/** recurrent: blocks z r, candidate: block h. `candidateBias` is part of p = R_h h when `resetAfter`. p: [rows, panels of H]. */
export function gruStep(
  type: i32, x: usize, I: i32, kernel: usize, kernelScales: usize, recurrent: usize, recurrentScales: usize,
  candidate: usize, candidateScales: usize, bias: usize, candidateBias: usize, resetAfter: bool,
  z: usize, p: usize, hidden: usize, reset: usize, H: i32, activation: i32, recurrentActivation: i32,
  rows: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(3 * H);
  const pRow = paddedRow(H);
  const bytes = <usize>H << 2;
  // The last panel for z r reaches into the block behind them: zeros times h, which changes nothing.
  bothProducts(type, x, I, kernel, kernelScales, hidden, H, recurrent, recurrentScales, bias, z, rows, 3 * H, 2 * H, backwards, scratch);
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  if (resetAfter) {
    allPanels(type, hidden, H, candidate, candidateScales, candidateBias, p, rows, H, backwards, scratch);
  } else {
    for (let row = 0; row < rows; row++) {
      const r = z + <usize>row * zRow + bytes;
      const from = hidden + <usize>row * bytes;
      const to = reset + <usize>row * bytes;
      if (usual) resetRow<CellSigmoid>(r, from, to, H);
      else resetRow<Gate>(r, from, to, H);
    }
    allPanels(type, reset, H, candidate, candidateScales, candidateBias, p, rows, H, backwards, scratch);
  }
  for (let row = 0; row < rows; row++, z += zRow, p += pRow, hidden += bytes) {
    if (usual) gruRow<CellTanh, CellSigmoid>(z, p, hidden, H, resetAfter);
    else gruRow<Candidate, Gate>(z, p, hidden, H, resetAfter);
  }
}

/** to = σ(r) ⊙ h. */
function resetRow<R>(r: usize, hidden: usize, to: usize, H: i32): void {
  const gate = changetype<R>(0);
  for (let at: usize = 0; at < <usize>H << 2; at += 32) {
    const p0 = f32x4.mul(gate.value(v128.load(r + at)), v128.load(hidden + at));
    const p1 = f32x4.mul(gate.value(v128.load(r + at, 16)), v128.load(hidden + at, 16));
    storePair(to + at, p0, p1, min<i32>(8, H - <i32>(at >> 2)));
  }
}

/** h ← z ⊙ h + (1 − z) ⊙ act(…): p is scaled by r when it was made before the reset. */
function gruRow<A, R>(z: usize, p: usize, hidden: usize, H: i32, resetAfter: bool): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const one = f32x4.splat(1);
  const block = <usize>H << 2;
  for (let at: usize = 0; at < block; at += 32) {
    const from = z + at;
    const z0 = gate.value(v128.load(from));
    const z1 = gate.value(v128.load(from, 16));
    let p0 = v128.load(p + at);
    let p1 = v128.load(p + at, 16);
    if (resetAfter) {
      p0 = f32x4.mul(gate.value(v128.load(from + block)), p0);
      p1 = f32x4.mul(gate.value(v128.load(from + block, 16)), p1);
    }
    const c0 = act.value(f32x4.add(v128.load(from + block * 2), p0));
    const c1 = act.value(f32x4.add(v128.load(from + block * 2, 16), p1));
    const h0 = f32x4.add(f32x4.mul(z0, v128.load(hidden + at)), f32x4.mul(f32x4.sub(one, z0), c0));
    const h1 = f32x4.add(f32x4.mul(z1, v128.load(hidden + at, 16)), f32x4.mul(f32x4.sub(one, z1), c1));
    storePair(hidden + at, h0, h1, min<i32>(8, H - <i32>(at >> 2)));
  }
}

export function rnnStep(
  type: i32, x: usize, I: i32, kernel: usize, kernelScales: usize, recurrent: usize, recurrentScales: usize, bias: usize,
  z: usize, hidden: usize, H: i32, activation: i32, rows: i32, backwards: bool, scratch: usize,
): void {
  const zRow = paddedRow(H);
  bothProducts(type, x, I, kernel, kernelScales, hidden, H, recurrent, recurrentScales, bias, z, rows, H, H, backwards, scratch);
  const usual = chooseFunctions(activation, 1, scratch);
  for (let row = 0; row < rows; row++, z += zRow, hidden += <usize>H << 2) {
    if (usual) activateRow<CellTanh>(z, hidden, H);
    else activateRow<Candidate>(z, hidden, H);
  }
}

function activateRow<A>(z: usize, out: usize, H: i32): void {
  const act = changetype<A>(0);
  for (let at: usize = 0; at < <usize>H << 2; at += 32) {
    storePair(out + at, act.value(v128.load(z + at)), act.value(v128.load(z + at, 16)), min<i32>(8, H - <i32>(at >> 2)));
  }
}

/** out [n] = a + b. */
export function addStep(a: usize, b: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4, a += 16, b += 16, out += 16) {
    storeUpTo(out, f32x4.add(v128.load(a), v128.load(b)), n - i);
  }
}

/** Each row of x [rows, width] to its place in a row of out [rows, outWidth]. */
export function placeStep(x: usize, width: i32, out: usize, outWidth: i32, rows: i32): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++, x += bytes, out += <usize>outWidth << 2) memory.copy(out, x, bytes);
}

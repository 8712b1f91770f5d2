import { multiplyPacked } from "./matmul";
import { addProduct, addRow, chunkSteps, isUsed, rowOf, startState, startSteps, stepBytes, storePair } from "./recurrent";
import { Candidate, CellSigmoid, CellTanh, chooseFunctions, Gate } from "./recurrent-functions";

// Long short-term memory over a sequence. Equations and shapes: `LstmForward`, `LstmBackward` in backend/kernels.ts.
// `packed…`: the weights by `pack`, or 0 to read them where they lie. Batch rows first … last−1.

/** Without `keep`, gates are those of one chunk of steps (`chunkSteps`), the next in the place of the last, and cells [B, H]. */
export function lstmForward(
  x: usize, kernel: usize, recurrentKernel: usize, packedKernel: usize, packedRecurrent: usize, bias: usize, mask: usize,
  gates: usize, hidden: usize, cells: usize, T: i32, B: i32, I: i32, H: i32, first: i32, last: i32,
  activation: i32, recurrentActivation: i32, keep: bool, scratch: usize,
): void {
  const N = 4 * H;
  const rows = last - first;
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  const chunk = chunkSteps(rows, N);
  for (let t = 0; t < T; t++) {
    if (t % chunk == 0) {
      if (!keep && t > 0) gates -= stepBytes(chunk, B, N);
      startSteps(x, I, packedKernel, kernel, bias, gates, N, t, min(chunk, T - t), B, first, last, scratch);
    }
    const row = t * B + first;
    addProduct(rowOf(hidden, row, H), H, packedRecurrent, recurrentKernel, N, rowOf(gates, row, N), N, rows, N, scratch);
    if (usual) stepRows<CellTanh, CellSigmoid>(gates, hidden, cells, mask, row, rows, B, H, 0, H, keep);
    else stepRows<Candidate, Gate>(gates, hidden, cells, mask, row, rows, B, H, 0, H, keep);
    if (!keep) cells -= stepBytes(1, B, H);
  }
}

/**
 * The gates of rows `row` … of [T·B], units `from` … to−1, once their products are summed; a masked row holds its state.
 * Without `keep` new cells take the place of the old.
 */
function stepRows<A, R>(
  gates: usize, hidden: usize, cells: usize, mask: usize, row: i32, rows: i32, B: i32, H: i32, from: i32, to: i32, keep: bool,
): void {
  const block = <usize>H << 2;
  const next = <usize>B * block;
  const nextCell: usize = keep ? next : 0;
  const offset = <usize>from << 2;
  const bytes = <usize>(to - from) << 2;
  for (const end = row + rows; row < end; row++) {
    const z = rowOf(gates, row, 4 * H) + offset;
    const h = rowOf(hidden, row, H) + offset;
    const c = rowOf(cells, row, H) + offset;
    if (isUsed(mask, row)) {
      // Two loops, so that the second tanh does not wait for the first functions of its unit: the next units' run meanwhile.
      for (let at: usize = 0; at < bytes; at += 32) {
        stepCells<A, R>(z + at, block, c + at, c + nextCell + at, min<i32>(8, <i32>((bytes - at) >> 2)));
      }
      for (let at: usize = 0; at < bytes; at += 32) {
        stepHidden<A>(z + block * 3 + at, c + nextCell + at, h + next + at, min<i32>(8, <i32>((bytes - at) >> 2)));
      }
    } else {
      clearGates(z, block, bytes);
      memory.copy(h + next, h, bytes);
      if (keep) memory.copy(c + next, c, bytes);
    }
  }
}

/** `bytes` of each of the four blocks = 0. */
function clearGates(z: usize, block: usize, bytes: usize): void {
  for (let k = 0; k < 4; k++, z += block) memory.fill(z, 0, bytes);
}

/**
 * One step of a forward run for units `from` … to−1 of the whole batch, whose gates hold bias + x · kernel: large weights are so
 * cut among threads, one step after the other. mask, gates, hidden, cells: where the step's block begins; hidden's next lies
 * behind it, cells' too with `keep`. packedBlocks: the four blocks of recurrentKernel [H, H], each by `pack`, blockBytes apart;
 * `from` is a multiple of TILE_COLUMNS.
 */
export function lstmForwardUnits(
  packedBlocks: usize, blockBytes: usize, mask: usize, gates: usize, hidden: usize, cells: usize,
  B: i32, H: i32, from: i32, to: i32, activation: i32, recurrentActivation: i32, keep: bool, scratch: usize,
): void {
  const N = 4 * H;
  const panels = packedBlocks + <usize>(from * H) * 4;
  for (let k = 0; k < 4; k++) {
    const z = gates + (<usize>(k * H + from) << 2);
    multiplyPacked(
      hidden, <usize>H << 2, panels + <usize>k * blockBytes, z, <usize>N << 2, B, to - from, H, z, <usize>N << 2, scratch,
    );
  }
  if (chooseFunctions(activation, recurrentActivation, scratch)) {
    stepRows<CellTanh, CellSigmoid>(gates, hidden, cells, mask, 0, B, B, H, from, to, keep);
  } else {
    stepRows<Candidate, Gate>(gates, hidden, cells, mask, 0, B, B, H, from, to, keep);
  }
}

/**
 * The gates and cells of eight units, of which `count` are stored. The functions come in neighbouring pairs, and all loads
 * before all stores.
 */
@inline
function stepCells<A, R>(z: usize, block: usize, cellPrev: usize, cell: usize, count: i32): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const i0 = gate.value(v128.load(z));
  const i1 = gate.value(v128.load(z, 16));
  const f0 = gate.value(v128.load(z + block));
  const f1 = gate.value(v128.load(z + block, 16));
  const g0 = act.value(v128.load(z + block * 2));
  const g1 = act.value(v128.load(z + block * 2, 16));
  const o0 = gate.value(v128.load(z + block * 3));
  const o1 = gate.value(v128.load(z + block * 3, 16));
  const c0 = f32x4.add(f32x4.mul(f0, v128.load(cellPrev)), f32x4.mul(i0, g0));
  const c1 = f32x4.add(f32x4.mul(f1, v128.load(cellPrev, 16)), f32x4.mul(i1, g1));
  storePair(z, i0, i1, count);
  storePair(z + block, f0, f1, count);
  storePair(z + block * 2, g0, g1, count);
  storePair(z + block * 3, o0, o1, count);
  storePair(cell, c0, c1, count);
}

/** h = o ⊙ act(c) of eight units. */
@inline
function stepHidden<A>(output: usize, cell: usize, hidden: usize, count: i32): void {
  const act = changetype<A>(0);
  const s0 = act.value(v128.load(cell));
  const s1 = act.value(v128.load(cell, 16));
  const h0 = f32x4.mul(v128.load(output), s0);
  const h1 = f32x4.mul(v128.load(output, 16), s1);
  storePair(hidden, h0, h1, count);
}

/**
 * The way back through time: gates become the gradients of the pre-activations; dHidden0 and dCell0 [B, H] start as
 * dLastHidden and dLastCell and end as the gradients of h_0 and c_0. packedRecurrent: recurrentKernelᵀ.
 */
export function lstmBackward(
  packedRecurrent: usize, mask: usize, gates: usize, cells: usize, dHidden: usize, dLastHidden: usize, dLastCell: usize,
  dHidden0: usize, dCell0: usize,
  T: i32, B: i32, H: i32, first: i32, last: i32, activation: i32, recurrentActivation: i32, scratch: usize,
): void {
  const N = 4 * H;
  const rows = last - first;
  const usual = chooseFunctions(activation, recurrentActivation, scratch);
  const hRow = <usize>H << 2;
  const dh = startState(dHidden0, dLastHidden, first, rows, H);
  const dc = startState(dCell0, dLastCell, first, rows, H);
  for (let t = T - 1; t >= 0; t--) {
    const row = t * B + first;
    if (usual) backRows<CellTanh, CellSigmoid>(gates, cells, mask, dHidden, dh, dc, row, rows, B, H, 0, H);
    else backRows<Candidate, Gate>(gates, cells, mask, dHidden, dh, dc, row, rows, B, H, 0, H);
    // A used row has left 0 in dh, a masked one its gradient, to which its zero gates add nothing.
    multiplyPacked(rowOf(gates, row, N), <usize>N << 2, packedRecurrent, dh, hRow, rows, H, N, dh, hRow, scratch);
  }
}

function backRows<A, R>(
  gates: usize, cells: usize, mask: usize, dHidden: usize, dh: usize, dc: usize,
  row: i32, rows: i32, B: i32, H: i32, from: i32, to: i32,
): void {
  const block = <usize>H << 2;
  const next = <usize>B * block;
  const offset = <usize>from << 2;
  const bytes = <usize>(to - from) << 2;
  dh += offset;
  dc += offset;
  for (const end = row + rows; row < end; row++, dh += block, dc += block) {
    const z = rowOf(gates, row, 4 * H) + offset;
    const c = rowOf(cells, row, H) + offset;
    if (dHidden) addRow(rowOf(dHidden, row, H) + offset, dh, to - from);
    if (isUsed(mask, row)) {
      for (let at: usize = 0; at < bytes; at += 32) {
        const count = min<i32>(8, <i32>((bytes - at) >> 2));
        backUnits<A, R>(z + at, block, c + at, c + next + at, dh + at, dc + at, count);
      }
    } else {
      clearGates(z, block, bytes);
    }
  }
}

/**
 * Units `from` … to−1 of the way back, whole batch: the product of step t + 1, if there is one, then the gates of step t, if
 * t ≥ 0. dHidden0 and dCell0 hold the gradients so far; packedRecurrent: recurrentKernelᵀ whole, `from` a multiple of TILE_COLUMNS.
 */
export function lstmBackwardUnits(
  packedRecurrent: usize, mask: usize, gates: usize, cells: usize, dHidden: usize, dHidden0: usize, dCell0: usize,
  t: i32, T: i32, B: i32, H: i32, from: i32, to: i32, activation: i32, recurrentActivation: i32, scratch: usize,
): void {
  const N = 4 * H;
  if (t + 1 < T) {
    const panels = packedRecurrent + <usize>(from * N) * 4;
    const dh = dHidden0 + (<usize>from << 2);
    const hRow = <usize>H << 2;
    multiplyPacked(rowOf(gates, (t + 1) * B, N), <usize>N << 2, panels, dh, hRow, B, to - from, N, dh, hRow, scratch);
  }
  if (t < 0) return;
  if (chooseFunctions(activation, recurrentActivation, scratch)) {
    backRows<CellTanh, CellSigmoid>(gates, cells, mask, dHidden, dHidden0, dCell0, t * B, B, B, H, from, to);
  } else {
    backRows<Candidate, Gate>(gates, cells, mask, dHidden, dHidden0, dCell0, t * B, B, B, H, from, to);
  }
}

@inline
function backUnits<A, R>(
  z: usize, block: usize, cellPrev: usize, cell: usize, dHidden: usize, dCell: usize, count: i32,
): void {
  const act = changetype<A>(0);
  const gate = changetype<R>(0);
  const i0 = v128.load(z);
  const i1 = v128.load(z, 16);
  const f0 = v128.load(z + block);
  const f1 = v128.load(z + block, 16);
  const g0 = v128.load(z + block * 2);
  const g1 = v128.load(z + block * 2, 16);
  const o0 = v128.load(z + block * 3);
  const o1 = v128.load(z + block * 3, 16);
  const dh0 = v128.load(dHidden);
  const dh1 = v128.load(dHidden, 16);
  const s0 = act.value(v128.load(cell));
  const s1 = act.value(v128.load(cell, 16));
  // dc = dc' + dh ⊙ o ⊙ act′(c)
  const dc0 = f32x4.add(v128.load(dCell), f32x4.mul(f32x4.mul(dh0, o0), act.slope(s0)));
  const dc1 = f32x4.add(v128.load(dCell, 16), f32x4.mul(f32x4.mul(dh1, o1), act.slope(s1)));
  // di = dc ⊙ g, df = dc ⊙ c_prev, dg = dc ⊙ i, do = dh ⊙ act(c), each times the slope of its function
  const di0 = f32x4.mul(f32x4.mul(dc0, g0), gate.slope(i0));
  const di1 = f32x4.mul(f32x4.mul(dc1, g1), gate.slope(i1));
  const df0 = f32x4.mul(f32x4.mul(dc0, v128.load(cellPrev)), gate.slope(f0));
  const df1 = f32x4.mul(f32x4.mul(dc1, v128.load(cellPrev, 16)), gate.slope(f1));
  const dg0 = f32x4.mul(f32x4.mul(dc0, i0), act.slope(g0));
  const dg1 = f32x4.mul(f32x4.mul(dc1, i1), act.slope(g1));
  const do0 = f32x4.mul(f32x4.mul(dh0, s0), gate.slope(o0));
  const do1 = f32x4.mul(f32x4.mul(dh1, s1), gate.slope(o1));
  storePair(z, di0, di1, count);
  storePair(z + block, df0, df1, count);
  storePair(z + block * 2, dg0, dg1, count);
  storePair(z + block * 3, do0, do1, count);
  storePair(dCell, f32x4.mul(dc0, f0), f32x4.mul(dc1, f1), count);
  storePair(dHidden, f32x4.splat(0), f32x4.splat(0), count);
}

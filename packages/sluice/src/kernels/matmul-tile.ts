import { PAIRS } from "./variant";
import { fma } from "./simd";

// The innermost loop of every matrix product: a block of `out` that stays in registers while k runs. Its size follows what
// the registers hold without spilling: 4 rows × 8 columns, or 6 × 16 where two 128-bit operations run as one of 256 bits.
// Each element is one chain Σ_k in the order of k, whatever the size of its block, so a product split by rows has the same bits.

/** Most terms of one chain; longer sums are sums of chains. */
export const DEPTH_BLOCK: i32 = 256;

/** Most rows of a tile. */
export const TILE_ROWS: i32 = PAIRS ? 6 : 4;
/** Columns of a tile, and of a packed panel. */
export const TILE_COLUMNS: i32 = PAIRS ? 16 : 8;
/** Bytes of one row of a packed panel. */
export const PANEL_ROW: usize = PAIRS ? 64 : 32;

@inline
function store(out: usize, c0: v128, c1: v128, c2: v128, c3: v128, add: bool, base: usize): void {
  if (add) {
    // All loads stand before the stores: an engine joins two neighbours only when no store lies between them.
    const o0 = v128.load(base);
    const o1 = v128.load(base, 16);
    const o2 = PAIRS ? v128.load(base, 32) : c2;
    const o3 = PAIRS ? v128.load(base, 48) : c3;
    c0 = f32x4.add(o0, c0);
    c1 = f32x4.add(o1, c1);
    c2 = f32x4.add(o2, c2);
    c3 = f32x4.add(o3, c3);
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  if (PAIRS) {
    v128.store(out, c2, 32);
    v128.store(out, c3, 48);
  }
}

/**
 * `count` tiles, one below the other: out [count · rows, TILE_COLUMNS] = a [count · rows, depth] · panel [depth, TILE_COLUMNS], with
 * `add` plus base. a: row i of a tile starts at i·aRow, each k is aStep further, the next tile aTile on; all in bytes. `rows` is
 * a literal, so each call is its own kernel.
 */
@inline
function tiles(
  rows: i32, count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  add: bool, base: usize, baseRow: usize,
): void {
  const zero = f32x4.splat(0);
  const row2 = aRow * 2;
  const row3 = aRow * 3;
  const row4 = aRow * 4;
  const row5 = aRow * 5;
  const panelEnd = panel + <usize>depth * PANEL_ROW;
  for (; count > 0; count--) {
    let c00 = zero, c01 = zero, c02 = zero, c03 = zero;
    let c10 = zero, c11 = zero, c12 = zero, c13 = zero;
    let c20 = zero, c21 = zero, c22 = zero, c23 = zero;
    let c30 = zero, c31 = zero, c32 = zero, c33 = zero;
    let c40 = zero, c41 = zero, c42 = zero, c43 = zero;
    let c50 = zero, c51 = zero, c52 = zero, c53 = zero;
    let left = a;
    for (let right = panel; right != panelEnd; right += PANEL_ROW) {
      const b0 = v128.load(right);
      const b1 = v128.load(right, 16);
      const b2 = PAIRS ? v128.load(right, 32) : zero;
      const b3 = PAIRS ? v128.load(right, 48) : zero;
      const a0 = v128.load32_splat(left);
      c00 = fma(a0, b0, c00);
      c01 = fma(a0, b1, c01);
      if (PAIRS) {
        c02 = fma(a0, b2, c02);
        c03 = fma(a0, b3, c03);
      }
      if (rows > 1) {
        const a1 = v128.load32_splat(left + aRow);
        c10 = fma(a1, b0, c10);
        c11 = fma(a1, b1, c11);
        if (PAIRS) {
          c12 = fma(a1, b2, c12);
          c13 = fma(a1, b3, c13);
        }
      }
      if (rows > 2) {
        const a2 = v128.load32_splat(left + row2);
        c20 = fma(a2, b0, c20);
        c21 = fma(a2, b1, c21);
        if (PAIRS) {
          c22 = fma(a2, b2, c22);
          c23 = fma(a2, b3, c23);
        }
      }
      if (rows > 3) {
        const a3 = v128.load32_splat(left + row3);
        c30 = fma(a3, b0, c30);
        c31 = fma(a3, b1, c31);
        if (PAIRS) {
          c32 = fma(a3, b2, c32);
          c33 = fma(a3, b3, c33);
        }
      }
      if (rows > 4) {
        const a4 = v128.load32_splat(left + row4);
        c40 = fma(a4, b0, c40);
        c41 = fma(a4, b1, c41);
        if (PAIRS) {
          c42 = fma(a4, b2, c42);
          c43 = fma(a4, b3, c43);
        }
      }
      if (rows > 5) {
        const a5 = v128.load32_splat(left + row5);
        c50 = fma(a5, b0, c50);
        c51 = fma(a5, b1, c51);
        if (PAIRS) {
          c52 = fma(a5, b2, c52);
          c53 = fma(a5, b3, c53);
        }
      }
      left += aStep;
    }
    a += aTile;
    store(out, c00, c01, c02, c03, add, base);
    if (rows > 1) store((out += outRow), c10, c11, c12, c13, add, (base += baseRow));
    if (rows > 2) store((out += outRow), c20, c21, c22, c23, add, (base += baseRow));
    if (rows > 3) store((out += outRow), c30, c31, c32, c33, add, (base += baseRow));
    if (rows > 4) store((out += outRow), c40, c41, c42, c43, add, (base += baseRow));
    if (rows > 5) store((out += outRow), c50, c51, c52, c53, add, (base += baseRow));
    out += outRow;
    base += baseRow;
  }
}

function set1(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(1, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add1(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(1, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

function set2(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(2, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add2(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(2, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

function set3(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(3, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add3(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(3, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

function set4(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(4, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add4(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(4, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

function set5(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(5, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add5(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(5, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

function set6(count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize): void {
  tiles(6, count, a, aRow, aStep, aTile, panel, depth, out, outRow, false, 0, 0);
}

function add6(
  count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  tiles(6, count, a, aRow, aStep, aTile, panel, depth, out, outRow, true, base, baseRow);
}

/**
 * Runs `count` tiles of `rows` rows, 1 … TILE_ROWS, that lie one below the other. base: what the product is added to, `out` itself
 * or another matrix; or 0.
 */
export function runTiles(
  rows: i32, count: i32, a: usize, aRow: usize, aStep: usize, aTile: usize, panel: usize, depth: i32, out: usize, outRow: usize,
  base: usize, baseRow: usize,
): void {
  if (base) {
    if (PAIRS && rows == 6) add6(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
    else if (PAIRS && rows == 5) add5(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
    else if (rows == 4) add4(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
    else if (rows == 3) add3(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
    else if (rows == 2) add2(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
    else add1(count, a, aRow, aStep, aTile, panel, depth, out, outRow, base, baseRow);
  } else {
    if (PAIRS && rows == 6) set6(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
    else if (PAIRS && rows == 5) set5(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
    else if (rows == 4) set4(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
    else if (rows == 3) set3(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
    else if (rows == 2) set2(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
    else set1(count, a, aRow, aStep, aTile, panel, depth, out, outRow);
  }
}

import { DEPTH_BLOCK, PANEL_ROW, runTiles, TILE_COLUMNS, TILE_ROWS } from "./matmul-tile";
import { columnProduct, rowProduct } from "./matmul-vector";
import { pack, packLeft } from "./pack";
import { storeUpTo } from "./simd";

// out [M, N] (+)= a [M, K] · b [K, N] after Goto [2008, doi:10.1145/1356052.1356053]: a packed block of b waits in the
// second-level cache while blocks of rows of a pass by it, panel by panel. Every element is the sum of chains over
// DEPTH_BLOCK terms, added in order and then to `out`; how many rows there are, and which path they take, changes no bit,
// so a product may be split by rows anywhere and by columns at multiples of TILE_COLUMNS. Strides count bytes. Where a function
// has a `base` [M, N], out = base + the product: `out` itself to accumulate, a bias with baseRow 0, or 0 for nothing.

/** Rows of a that pass by a packed block before the next panel is taken. */
const ROW_BLOCK: i32 = TILE_ROWS * 32;
/** Columns of b packed at a time when it is used once. */
const COLUMN_BLOCK: i32 = 512;
/** Numbers of one operand that stay in the second-level cache while the other passes by. */
const NEAR: i32 = 65536;
/** Most rows for which b is read where it lies. */
const DIRECT_ROWS: i32 = 2;

const EDGE_BYTES: usize = 4 * TILE_ROWS * TILE_COLUMNS;
const LEFT_BYTES: usize = 4 * ROW_BLOCK * DEPTH_BLOCK;
const PANELS_BYTES: usize = 4 * DEPTH_BLOCK * COLUMN_BLOCK;

/** Bytes of scratch memory that a product needs: a tile, a block of a, a block of b. */
export function productScratch(): i32 {
  return <i32>(EDGE_BYTES + LEFT_BYTES + PANELS_BYTES);
}

/** Columns, whole panels, of a packed matrix of `depth` rows that stay in the second-level cache. */
export function nearColumns(depth: i32): i32 {
  return max(TILE_COLUMNS, (NEAR / max(depth, 1)) & -TILE_COLUMNS);
}

/** out = base + tile, its first `columns` columns. */
function mergeTile(tile: usize, rows: i32, columns: i32, out: usize, outRow: usize, base: usize, baseRow: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 2;
      const value = load<f32>(tile + at);
      store<f32>(out + at, base ? load<f32>(base + <usize>i * baseRow + at) + value : value);
    }
    tile += PANEL_ROW;
    out += outRow;
  }
}

/**
 * One block: rows × depth × columns. a as it lies or packed by `packLeft`; `panels`: the block's place in the first panel of b,
 * each further panel `panelBytes` on.
 */
function multiplyBlock(
  a: usize, aRow: usize, aStep: usize, aPacked: bool, panels: usize, panelBytes: usize, out: usize, outRow: usize,
  rows: i32, columns: i32, depth: i32, base: usize, baseRow: usize, edge: usize,
): void {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const size = rows / tiles;
  const larger = rows % tiles;
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    let left = a;
    let to = out + (<usize>j << 2);
    let start: usize = base ? base + (<usize>j << 2) : 0;
    // The larger tiles stand above the others.
    for (let part = 0; part < 2; part++) {
      const count = part == 0 ? larger : tiles - larger;
      const height = part == 0 ? size + 1 : size;
      const step = aPacked ? <usize>height << 2 : aStep;
      const tileBytes = <usize>height * (aPacked ? <usize>depth << 2 : aRow);
      if (columns - j >= TILE_COLUMNS) {
        runTiles(height, count, left, aRow, step, tileBytes, panels, depth, to, outRow, start, baseRow);
      } else {
        for (let t = 0; t < count; t++) {
          const offset = <usize>(t * height);
          runTiles(height, 1, left + <usize>t * tileBytes, aRow, step, 0, panels, depth, edge, PANEL_ROW, 0, 0);
          mergeTile(edge, height, columns - j, to + offset * outRow, outRow, start ? start + offset * baseRow : 0, baseRow);
        }
      }
      const above = <usize>(count * height);
      left += <usize>count * tileBytes;
      to += above * outRow;
      if (start) start += above * baseRow;
    }
    panels += panelBytes;
  }
}

/** One block with a [depth, rows] stored transposed, copied to scratch on its way; `mask`: see `packLeft`. */
function multiplyBlockTransposed(
  a: usize, aStep: usize, mask: usize, panels: usize, out: usize, outRow: usize,
  M: i32, columns: i32, depth: i32, accumulate: bool, scratch: usize,
): void {
  const left = scratch + EDGE_BYTES;
  for (let i = 0; i < M; i += ROW_BLOCK) {
    const rows = min(ROW_BLOCK, M - i);
    packLeft(a + (<usize>i << 2), aStep, depth, rows, mask, left);
    const to = out + <usize>i * outRow;
    const base: usize = accumulate ? to : 0;
    multiplyBlock(left, 4, 0, true, panels, <usize>depth * PANEL_ROW, to, outRow, rows, columns, depth, base, outRow, scratch);
  }
}

/** One block with a's rows contiguous. */
function multiplyBlockRows(
  a: usize, aRow: usize, panels: usize, panelBytes: usize, out: usize, outRow: usize,
  M: i32, columns: i32, depth: i32, base: usize, baseRow: usize, scratch: usize,
): void {
  for (let i = 0; i < M; i += ROW_BLOCK) {
    const left = a + <usize>i * aRow;
    const to = out + <usize>i * outRow;
    const start: usize = base ? base + <usize>i * baseRow : 0;
    multiplyBlock(
      left, aRow, 4, false, panels, panelBytes, to, outRow, min(ROW_BLOCK, M - i), columns, depth, start, baseRow, scratch,
    );
  }
}

/**
 * out = base + a · b with b packed whole by `pack`; a has contiguous rows. While all of a stays in the second-level cache, each
 * panel passes once and its block of out stays near; otherwise each block of b serves many rows before the next.
 */
export function multiplyPacked(
  a: usize, aRow: usize, packed: usize, out: usize, outRow: usize, M: i32, N: i32, K: i32, base: usize, baseRow: usize,
  scratch: usize,
): void {
  const width = M * K <= NEAR ? TILE_COLUMNS : max(N, 1);
  const panelBytes = <usize>K * PANEL_ROW;
  for (let j = 0; j < N; j += width) {
    const columns = min(width, N - j);
    const panels = packed + (<usize>j / TILE_COLUMNS) * panelBytes;
    const to = out + (<usize>j << 2);
    let start: usize = base ? base + (<usize>j << 2) : 0;
    let startRow = baseRow;
    for (let k = 0; k < K; k += DEPTH_BLOCK) {
      const block = panels + <usize>k * PANEL_ROW;
      const depth = min(DEPTH_BLOCK, K - k);
      multiplyBlockRows(a + (<usize>k << 2), aRow, block, panelBytes, to, outRow, M, columns, depth, start, startRow, scratch);
      start = to;
      startRow = outRow;
    }
  }
}

/** out (+)= a · b. Of each operand's two strides one is 4; scratch: `productScratch` bytes. */
export function multiply(
  a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bColumn: usize, out: usize, outRow: usize,
  M: i32, N: i32, K: i32, accumulate: bool, scratch: usize,
): void {
  if (K == 0) {
    if (!accumulate) clear(out, outRow, M, N);
  } else if (N == 1 && bRow == 4 && aStep == 4) {
    columnProduct(a, aRow, b, out, outRow, M, K, accumulate);
  } else if (N == 1 && outRow == 4) {
    rowProduct(b, bRow, a, aStep, out, M, K, accumulate, scratch);
  } else if (M <= DIRECT_ROWS && bColumn == 4) {
    for (let i = 0; i < M; i++) {
      rowProduct(a + <usize>i * aRow, aStep, b, bRow, out + <usize>i * outRow, N, K, accumulate, scratch);
    }
  } else {
    multiplyBlocks(a, aRow, aStep, b, bRow, bColumn, out, outRow, M, N, K, accumulate, scratch);
  }
}

function clear(out: usize, outRow: usize, M: i32, N: i32): void {
  if (out == 0) return;
  for (let i = 0; i < M; i++) memory.fill(out + <usize>i * outRow, 0, <usize>N << 2);
}

function multiplyBlocks(
  a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bColumn: usize, out: usize, outRow: usize,
  M: i32, N: i32, K: i32, accumulate: bool, scratch: usize,
): void {
  const panels = scratch + EDGE_BYTES + LEFT_BYTES;
  for (let j = 0; j < N; j += COLUMN_BLOCK) {
    const columns = min(COLUMN_BLOCK, N - j);
    const to = out + (<usize>j << 2);
    for (let k = 0; k < K; k += DEPTH_BLOCK) {
      const depth = min(DEPTH_BLOCK, K - k);
      const from = a + <usize>k * aStep;
      const add = accumulate || k > 0;
      pack(b + <usize>k * bRow + <usize>j * bColumn, bRow, bColumn, depth, columns, panels);
      const panelBytes = <usize>depth * PANEL_ROW;
      if (aStep == 4) multiplyBlockRows(from, aRow, panels, panelBytes, to, outRow, M, columns, depth, add ? to : 0, outRow, scratch);
      else multiplyBlockTransposed(from, aStep, 0, panels, to, outRow, M, columns, depth, add, scratch);
    }
  }
}

/**
 * The weight gradients of one run over `rows` rows: dKernel [I, N] = xᵀ · dGates, dRecurrent [H, N] = hᵀ · dGates,
 * dBias [N] = Σ dGates; each unless its pointer is 0. x [rows, I], h [rows, H], dGates [rows, …] with gatesRow bytes from row
 * to row, outputs with outRow. Rows whose `mask` is 0 count as zeros, whatever x holds there. Packs dGates once for all three.
 */
export function weightGradients(
  x: usize, h: usize, mask: usize, dGates: usize, gatesRow: usize, dKernel: usize, dRecurrent: usize, outRow: usize, dBias: usize,
  rows: i32, I: i32, H: i32, N: i32, scratch: usize,
): void {
  const panels = scratch + EDGE_BYTES + LEFT_BYTES;
  if (rows == 0) {
    clear(dKernel, outRow, I, N);
    clear(dRecurrent, outRow, H, N);
    clear(dBias, outRow, 1, N);
  }
  const xStep = <usize>I << 2;
  const hStep = <usize>H << 2;
  for (let j = 0; j < N; j += COLUMN_BLOCK) {
    const columns = min(COLUMN_BLOCK, N - j);
    const offset = <usize>j << 2;
    for (let k = 0; k < rows; k += DEPTH_BLOCK) {
      const depth = min(DEPTH_BLOCK, rows - k);
      const used: usize = mask == 0 ? 0 : mask + (<usize>k << 2);
      pack(dGates + <usize>k * gatesRow + offset, gatesRow, 4, depth, columns, panels);
      if (dKernel) {
        multiplyBlockTransposed(
          x + <usize>k * xStep, xStep, used, panels, dKernel + offset, outRow, I, columns, depth, k > 0, scratch,
        );
      }
      if (dRecurrent) {
        multiplyBlockTransposed(
          h + <usize>k * hStep, hStep, used, panels, dRecurrent + offset, outRow, H, columns, depth, k > 0, scratch,
        );
      }
      if (dBias) sumBlock(panels, depth, columns, dBias + offset, k > 0);
    }
  }
}

/** out [columns] (+)= the sums over the rows of a packed block. */
function sumBlock(panels: usize, depth: i32, columns: i32, out: usize, accumulate: bool): void {
  for (let j = 0; j < columns; j += 4) {
    let row = panels + <usize>(j / TILE_COLUMNS) * <usize>depth * PANEL_ROW + (<usize>(j % TILE_COLUMNS) << 2);
    let sum = accumulate ? v128.load(out) : f32x4.splat(0);
    let block = f32x4.splat(0);
    for (let k = 0; k < depth; k++, row += PANEL_ROW) block = f32x4.add(block, v128.load(row));
    sum = f32x4.add(sum, block);
    storeUpTo(out, sum, columns - j);
    out += 16;
  }
}

/**
 * `batch` products of dense matrices laid one behind the other: out [M, N] (+)= op(a) [M, K] · op(b) [K, N];
 * a transposed operand is stored [K, M] or [N, K]. scratch: `productScratch` bytes.
 */
export function matmul(
  a: usize, b: usize, out: usize, M: i32, N: i32, K: i32,
  transposeA: bool, transposeB: bool, batch: i32, accumulate: bool, scratch: usize,
): void {
  const aRow: usize = transposeA ? 4 : <usize>K << 2;
  const aStep: usize = transposeA ? <usize>M << 2 : 4;
  const bRow: usize = transposeB ? 4 : <usize>N << 2;
  const bColumn: usize = transposeB ? <usize>K << 2 : 4;
  for (let i = 0; i < batch; i++) {
    multiply(a, aRow, aStep, b, bRow, bColumn, out, <usize>N << 2, M, N, K, accumulate, scratch);
    a += <usize>(M * K) << 2;
    b += <usize>(K * N) << 2;
    out += <usize>(M * N) << 2;
  }
}

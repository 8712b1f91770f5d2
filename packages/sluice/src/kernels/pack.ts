import { PANEL_ROW, TILE_COLUMNS, TILE_ROWS } from "./matmul-tile";

// The right-hand matrix of a product, laid out as the tiles read it: panels of TILE_COLUMNS columns, one behind the other,
// the rows of a panel side by side, the last panel filled up with zeros.

/** Columns rounded up to whole panels. */
@inline
export function paddedColumns(columns: i32): i32 {
  return (columns + TILE_COLUMNS - 1) & -TILE_COLUMNS;
}

/** Bytes of a packed [depth, columns] matrix. */
export function packedBytes(depth: i32, columns: i32): i32 {
  return depth * paddedColumns(columns) * 4;
}

/** Packs b [depth, columns], element (k, j) at k·bRow + j·bColumn bytes; one of the two strides is 4. */
export function pack(b: usize, bRow: usize, bColumn: usize, depth: i32, columns: i32, out: usize): void {
  const whole = columns & -TILE_COLUMNS;
  if (bColumn == 4) packRows(b, bRow, depth, whole, out);
  else packColumns(b, bColumn, depth, whole, out);
  if (whole < columns) {
    packEdge(b + <usize>whole * bColumn, bRow, bColumn, depth, columns - whole, out + <usize>(depth * whole) * 4);
  }
}

/** Panels of a matrix whose rows are contiguous: reads run along the rows, four at a time. */
function packRows(b: usize, bRow: usize, depth: i32, columns: i32, out: usize): void {
  const panelBytes = <usize>depth * PANEL_ROW;
  for (let k = 0; k < depth; k += 4) {
    const last = min(k + 4, depth);
    for (let j = 0, to = out; j < columns; j += TILE_COLUMNS, to += panelBytes) {
      for (let row = k; row < last; row++) {
        const from = b + <usize>row * bRow + (<usize>j << 2);
        const target = to + <usize>row * PANEL_ROW;
        for (let offset: usize = 0; offset < PANEL_ROW; offset += 32) {
          v128.store(target + offset, v128.load(from + offset));
          v128.store(target + offset, v128.load(from + offset, 16), 16);
        }
      }
    }
  }
}

/** Panels of a matrix whose columns are contiguous: squares of 4 × 4 turned over in registers. */
function packColumns(b: usize, bColumn: usize, depth: i32, columns: i32, out: usize): void {
  const panelBytes = <usize>depth * PANEL_ROW;
  const squares = depth & -4;
  for (let j = 0; j < columns; j += 4) {
    const from = b + <usize>j * bColumn;
    const to = out + <usize>(j / TILE_COLUMNS) * panelBytes + (<usize>(j % TILE_COLUMNS) << 2);
    for (let k = 0; k < squares; k += 4) packSquare(from + (<usize>k << 2), bColumn, to + <usize>k * PANEL_ROW);
    for (let k = squares; k < depth; k++) {
      const source = from + (<usize>k << 2);
      const target = to + <usize>k * PANEL_ROW;
      store<f32>(target, load<f32>(source));
      store<f32>(target, load<f32>(source + bColumn), 4);
      store<f32>(target, load<f32>(source + bColumn * 2), 8);
      store<f32>(target, load<f32>(source + bColumn * 3), 12);
    }
  }
}

@inline
function packSquare(from: usize, bColumn: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + bColumn);
  const r2 = v128.load(from + bColumn * 2);
  const r3 = v128.load(from + bColumn * 3);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + PANEL_ROW, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + PANEL_ROW * 2, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + PANEL_ROW * 3, v128.shuffle<i64>(high01, high23, 1, 3));
}

/** The last panel, narrower than TILE_COLUMNS, filled up with zeros. */
function packEdge(b: usize, bRow: usize, bColumn: usize, depth: i32, columns: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    const from = b + <usize>k * bRow;
    const to = out + <usize>k * PANEL_ROW;
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + <usize>j * bColumn));
    for (let j = columns; j < TILE_COLUMNS; j++) store<f32>(to + (<usize>j << 2), 0);
  }
}

/**
 * A block of a transposed left-hand matrix, stored [depth, rows] with aStep bytes from k to k, as the tiles read it: the rows
 * of a tile side by side for each k, tile behind tile. Steps whose `mask` is 0 count as zeros, whatever they hold; with
 * mask = 0 there is no mask.
 */
export function packLeft(a: usize, aStep: usize, depth: i32, rows: i32, mask: usize, out: usize): void {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const size = rows / tiles;
  const larger = rows % tiles;
  for (let k = 0; k < depth; k++) {
    const used = mask == 0 || load<f32>(mask + (<usize>k << 2)) != 0;
    let from = a + <usize>k * aStep;
    let tile = out;
    for (let t = 0; t < tiles; t++) {
      const count = t < larger ? size + 1 : size;
      const to = tile + (<usize>(k * count) << 2);
      if (!used) memory.fill(to, 0, <usize>count << 2);
      else copyRow(from, to, count);
      from += <usize>count << 2;
      tile += <usize>(depth * count) << 2;
    }
  }
}

/** to [count] = from, from four on as two vectors that may overlap. */
@inline
function copyRow(from: usize, to: usize, count: i32): void {
  if (count >= 4) {
    const rest = <usize>(count - 4) << 2;
    const first = v128.load(from);
    const last = v128.load(from + rest);
    v128.store(to, first);
    v128.store(to + rest, last);
  } else {
    for (let i = 0; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
  }
}

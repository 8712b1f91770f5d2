import type { RoundedWeights } from "../weight-types.ts";

/**
 * Lays a matrix [K, N] out as kernels/panels.ts and kernels/quantized.ts read it: panels of `width` columns one behind the
 * other, zeros where the last one reaches past N; `group` columns of 16-bit numbers share their words.
 */
export function panelsOf(
  { codes }: RoundedWeights,
  K: number,
  N: number,
  { width, group }: { readonly width: number; readonly group: number },
): Float32Array | Uint16Array | Int8Array {
  const panels = Math.ceil(N / width);
  if (codes instanceof Float32Array) return filled(new Float32Array(panels * K * width), codes, K, N, width, plainPlace);
  if (codes instanceof Uint16Array) return filled(new Uint16Array(panels * K * width), codes, K, N, width, halvesPlace(group));
  const pairs = (K + 1) >> 1;
  return filled(new Int8Array(panels * pairs * 2 * width), codes, K, N, width, pairsPlace);
}

/** Where column `column` of row k of panel `panel` lies, in elements. */
type Place = (panel: number, k: number, column: number, K: number, width: number) => number;

const plainPlace: Place = (panel, k, column, K, width) => (panel * K + k) * width + column;

/** The first half of a group in the low halves of its 32-bit words, the second in the high ones. */
function halvesPlace(group: number): Place {
  const half = group / 2;
  return (panel, k, column, K, width) => {
    const within = column % group;
    return (panel * K + k) * width + column - within + (within % half) * 2 + Math.floor(within / half);
  };
}

/** Rows k and k + 1 side by side. */
const pairsPlace: Place = (panel, k, column, K, width) => ((panel * ((K + 1) >> 1) + (k >> 1)) * width + column) * 2 + (k & 1);

function filled<A extends Float32Array | Uint16Array | Int8Array>(
  out: A,
  codes: A,
  K: number,
  N: number,
  width: number,
  place: Place,
): A {
  for (let k = 0; k < K; k++) {
    for (let j = 0; j < N; j++) out[place(Math.floor(j / width), k, j % width, K, width)] = codes[k * N + j] as number;
  }
  return out;
}

import { ShapeError, ValueError } from "../errors.ts";

/** A matrix as rows of equal length. */
export type Rows = readonly (readonly number[])[];

/** The additive delay differential equation ds/dt = A s(t) + B r(t − τ) + C x(t) + φ with r = G(s); A, B [H, H], C [H, I], φ [H]. */
export interface DelayEquation {
  readonly A: Rows;
  readonly B: Rows;
  readonly C: Rows;
  readonly phi: readonly number[];
}

interface Weight {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Weights as `canonicalRnn(…).load` takes them. */
export type CanonicalWeights = Readonly<Record<"kernel" | "recurrentKernel" | "stateKernel" | "bias", Weight>>;

/**
 * The canonical network of a delay equation, by backward Euler with steps of `dT` = τ [Sherstinsky 2020, Eq. 19–31]:
 * W_s = (I − dT A)⁻¹, W_r = dT W_s B, W_x = dT W_s C, θ = dT W_s φ, each transposed into our layout (rows times weights).
 * @throws {ShapeError} when the sizes do not fit; {ValueError} when dT is not above 0 or I − dT A has no inverse.
 * @example
 * const layer = canonicalRnn({ units: 1, inputShape: [null, 1] });
 * layer.build([[null, null, 1]]);
 * layer.load(canonicalWeights({ A: [[-1]], B: [[0.5]], C: [[1]], phi: [0] }, 0.1));
 */
export function canonicalWeights({ A, B, C, phi }: DelayEquation, dT: number): CanonicalWeights {
  const H = A.length;
  const fits = (rows: Rows, width: number | undefined): boolean => rows.length === H && rows.every((row) => row.length === width);
  if (H === 0 || !fits(A, H) || !fits(B, H) || !fits(C, C[0]?.length) || phi.length !== H) {
    throw new ShapeError(
      `Cannot discretize a delay equation with A of ${H}, B of ${B.length}, C of ${C.length} rows and φ of ${phi.length} numbers: ` +
        "A and B are [H, H], C is [H, I] and φ [H].",
    );
  }
  if (!(dT > 0)) throw new ValueError(`Cannot discretize a delay equation with dT ${dT}: it is a time above 0.`);
  const Ws = inverse(A.map((row, i) => row.map((a, j) => (i === j ? 1 : 0) - dT * a)));
  const scaled = (rows: Rows): Rows => product(Ws, rows).map((row) => row.map((v) => dT * v));
  return {
    kernel: transposed(scaled(C)),
    recurrentKernel: transposed(scaled(B)),
    stateKernel: transposed(Ws),
    bias: { shape: [H], data: scaled(phi.map((v) => [v])).map((row) => row[0] as number) },
  };
}

/**
 * The largest |eigenvalue| of a square matrix, by squaring it again and again: ‖Mᵏ‖^(1/k) for k = 2⁴⁰.
 * @throws {ShapeError} when the matrix is not square.
 */
export function spectralRadius(matrix: Rows): number {
  if (!matrix.every((row) => row.length === matrix.length)) {
    throw new ShapeError(
      `Cannot take eigenvalues of ${matrix.length} rows of ${matrix[0]?.length ?? 0}: the matrix must be square.`,
    );
  }
  let power = matrix;
  let logSize = 0; // log of what was divided out, per factor of M
  for (let round = 0; round < 40; round++) {
    const size = Math.hypot(...power.flat());
    if (size === 0) return 0;
    logSize += Math.log(size) / 2 ** round;
    power = power.map((row) => row.map((v) => v / size));
    power = product(power, power);
  }
  return Math.exp(logSize);
}

/**
 * Whether the network forgets small signals, so that gradients through it stay bounded: every eigenvalue of W_s + W_r lies inside
 * the unit circle. For an activation with slope 1 at 0, such as tanh.
 * @example isStable(canonicalWeights(equation, 0.1))
 */
export function isStable({ stateKernel, recurrentKernel }: Pick<CanonicalWeights, "stateKernel" | "recurrentKernel">): boolean {
  const H = stateKernel.shape[0] as number;
  const sum = (i: number, j: number): number =>
    (stateKernel.data[i * H + j] as number) + (recurrentKernel.data[i * H + j] as number);
  return spectralRadius(Array.from({ length: H }, (_, i) => Array.from({ length: H }, (_, j) => sum(i, j)))) < 1;
}

function product(a: Rows, b: Rows): number[][] {
  const columns = b[0]?.length ?? 0;
  return a.map((row) => Array.from({ length: columns }, (_, j) => row.reduce((sum, v, k) => sum + v * (b[k]?.[j] as number), 0)));
}

function transposed(rows: Rows): Weight {
  const columns = rows[0]?.length ?? 0;
  const data = Array.from({ length: columns }, (_, j) => rows.map((row) => row[j] as number)).flat();
  return { shape: [columns, rows.length], data };
}

/** By Gauss–Jordan elimination with the largest pivot. */
function inverse(matrix: Rows): number[][] {
  const H = matrix.length;
  const work = matrix.map((row, i) => [...row, ...Array.from({ length: H }, (_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < H; c++) {
    let best = c;
    for (let r = c + 1; r < H; r++) if (Math.abs(work[r]?.[c] as number) > Math.abs(work[best]?.[c] as number)) best = r;
    const pivotRow = work[best] as number[];
    const pivot = pivotRow[c] as number;
    if (!(Math.abs(pivot) > 1e-12)) {
      throw new ValueError("Cannot discretize the delay equation: I − dT A has no inverse. Take another dT.");
    }
    work[best] = work[c] as number[];
    const scaled = pivotRow.map((v) => v / pivot);
    work[c] = scaled;
    for (let r = 0; r < H; r++) {
      if (r === c) continue;
      const factor = work[r]?.[c] as number;
      work[r] = (work[r] as number[]).map((v, j) => v - factor * (scaled[j] as number));
    }
  }
  return work.map((row) => row.slice(H));
}

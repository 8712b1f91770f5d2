/**
 * A = L Lᵀ for a symmetric positive definite A [n, n], row-major; L lies in the lower triangle of the result, which is new.
 * @throws {RangeError} when A is not positive definite.
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  const L = Float64Array.from(a);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = L[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (L[i * n + k] as number) * (L[j * n + k] as number);
      if (i > j) L[i * n + j] = sum / (L[j * n + j] as number);
      else if (sum > 0) L[j * n + j] = Math.sqrt(sum);
      else {
        throw new RangeError(
          `Cannot factorise a ${n} × ${n} matrix: pivot ${j} is ${sum}, so it is not positive definite. Use a larger λ.`,
        );
      }
    }
  }
  return L;
}

/** Solves L Lᵀ X = B in place; L [n, n] from `cholesky`, B [n, columns] row-major becomes X. */
export function choleskySolve(L: Float64Array, n: number, b: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(b, i, k, columns, L[i * n + k] as number);
    divideRow(b, i, columns, L[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(b, i, k, columns, L[k * n + i] as number);
    divideRow(b, i, columns, L[i * n + i] as number);
  }
}

function subtractRow(b: Float64Array, to: number, from: number, columns: number, factor: number): void {
  for (let c = 0, t = to * columns, f = from * columns; c < columns; c++, t++, f++) {
    b[t] = (b[t] as number) - factor * (b[f] as number);
  }
}

function divideRow(b: Float64Array, row: number, columns: number, divisor: number): void {
  for (let at = row * columns; at < (row + 1) * columns; at++) b[at] = (b[at] as number) / divisor;
}

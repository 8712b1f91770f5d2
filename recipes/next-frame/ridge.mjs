// Linear regression with a penalty: each pixel of the next frame from a square of pixels in the frames before, the same weights everywhere.

/**
 * min_w Σ (y − wᵀ x)² / n + penalty ‖w‖² over every pixel and step of `train` [N, T, h, w, 1]; x holds the (2 reach + 1)² pixels around the place in each of the
 * last `frames` frames, 0 beyond the edges, and a 1. `predict` gives frames `frames` … T − 1.
 */
export function ridge(train, { reach, frames, penalty }) {
  const side = 2 * reach + 1;
  const size = frames * side * side + 1;
  const gram = Array.from({ length: size }, () => new Float64Array(size));
  const target = new Float64Array(size);
  let count = 0;
  eachPlace(train, { reach, frames }, (x, y) => {
    count++;
    for (let i = 0; i < size; i++) {
      if (x[i] === 0) continue;
      const row = gram[i];
      for (let j = 0; j <= i; j++) row[j] += x[i] * x[j];
      target[i] += x[i] * y;
    }
  });
  gram.forEach((row, i) => {
    row[i] += penalty * count;
  });
  const weights = solve(gram, target);
  const predict = (clips) => {
    const [N, T, ...frame] = clips.shape;
    const data = new Float32Array((clips.data.length / T) * (T - frames));
    eachPlace(clips, { reach, frames }, (x, _y, place) => {
      data[place] = weights.reduce((sum, weight, k) => sum + weight * x[k], 0);
    });
    return { shape: [N, T - frames, ...frame], data };
  };
  return { weights, predict };
}

/** Calls `see` with x, y and the number of each place that is predicted, in order. x is the same array each time. */
function eachPlace({ shape, data }, { reach, frames }, see) {
  const [N, T, height, width] = shape;
  const x = new Float64Array(frames * (2 * reach + 1) ** 2 + 1);
  x[x.length - 1] = 1;
  let place = 0;
  for (let n = 0; n < N; n++) {
    for (let t = frames; t < T; t++) {
      for (let p = 0; p < height; p++) {
        for (let q = 0; q < width; q++) {
          let k = 0;
          for (let f = t - frames; f < t; f++) {
            for (let i = p - reach; i <= p + reach; i++) {
              for (let j = q - reach; j <= q + reach; j++) {
                const inside = i >= 0 && i < height && j >= 0 && j < width;
                x[k++] = inside ? data[((n * T + f) * height + i) * width + j] : 0;
              }
            }
          }
          see(x, data[((n * T + t) * height + p) * width + q], place++);
        }
      }
    }
  }
}

/** A w = b by the Cholesky factor of A, positive definite, of which the lower half is read. */
function solve(A, b) {
  const n = b.length;
  const L = A.map((row) => Float64Array.from(row));
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) L[i][j] -= L[i][k] * L[j][k];
    const root = Math.sqrt(L[j][j]);
    for (let i = j; i < n; i++) L[i][j] /= root;
  }
  const w = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) w[i] -= L[i][k] * w[k];
    w[i] /= L[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) w[i] -= L[k][i] * w[k];
    w[i] /= L[i][i];
  }
  return w;
}

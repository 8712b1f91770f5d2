import type { FeatureRows } from "./features.ts";
import { minimise, type Objective } from "./minimise.ts";
import type { LogisticCoefficients } from "./types.ts";

/** Penalties that are tried, the strongest first: each solution starts the search for the next. */
export const PENALTIES: readonly number[] = [1, 0.1, 0.01, 1e-3, 1e-4];

/** Rows of features and the class of each. */
export interface LabelledRows extends FeatureRows {
  readonly y: ArrayLike<number>;
}

/**
 * Softmax regression, multinomial logistic regression with an L2 penalty:
 *
 *     p_n = softmax(x_n W + b)        min over W, b:   − mean_n log p_n[y_n] + λ/2 |W|²
 *
 * The bias is not penalised. Convex, so the minimum found is the one there is; the search ends when no slope is steeper than 10⁻⁵.
 * λ is the one of `PENALTIES` with the lowest mean cross-entropy on the validation rows.
 */
export function fitLogistic(train: LabelledRows, validation: LabelledRows, classes: number): LogisticCoefficients {
  const weights = new Float64Array((train.columns + 1) * classes);
  let best: LogisticCoefficients & { loss: number } = { lambda: Number.NaN, weights: [], loss: Number.POSITIVE_INFINITY };
  for (const lambda of PENALTIES) {
    minimise(penalisedLoss(train, classes, lambda), weights, { tolerance: 1e-5, limit: 500 });
    const loss = crossEntropy(validation, classes, weights);
    if (loss < best.loss) best = { lambda, weights: Array.from(weights), loss };
  }
  return { lambda: best.lambda, weights: best.weights };
}

/** − mean log p[y] + λ/2 |W|² over the rows, and its gradient   xᵀ (p − onehot(y)) / N + λ W. */
export function penalisedLoss(rows: LabelledRows, classes: number, lambda: number): Objective {
  const { columns, values, y } = rows;
  const p = new Float64Array(classes);
  return (weights, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let n = 0; n < rows.rows; n++) {
      loss -= logLikelihood(rows, n, weights, p);
      const target = y[n] as number;
      p[target] = (p[target] as number) - 1;
      for (let i = 0; i <= columns; i++) {
        const x = i === columns ? 1 : (values[n * columns + i] as number);
        if (x === 0) continue;
        for (let c = 0, at = i * classes; c < classes; c++, at++) gradient[at] = (gradient[at] as number) + x * (p[c] as number);
      }
    }
    let squares = 0;
    for (let at = 0; at < gradient.length; at++) {
      const w = at < columns * classes ? (weights[at] as number) : 0;
      squares += w * w;
      gradient[at] = (gradient[at] as number) / rows.rows + lambda * w;
    }
    return loss / rows.rows + (lambda / 2) * squares;
  };
}

/** p [rows, classes]: the probability of each class. */
export function logisticProbabilities(rows: FeatureRows, classes: number, weights: ArrayLike<number>): Float64Array {
  const p = new Float64Array(rows.rows * classes);
  for (let n = 0; n < rows.rows; n++) softmaxRow(rows, n, weights, p.subarray(n * classes, (n + 1) * classes));
  return p;
}

function crossEntropy(rows: LabelledRows, classes: number, weights: Float64Array): number {
  const p = new Float64Array(classes);
  let sum = 0;
  for (let n = 0; n < rows.rows; n++) sum -= logLikelihood(rows, n, weights, p);
  return sum / rows.rows;
}

/** Writes p of a row and returns log p[y], which stays finite where p[y] rounds to 0. */
function logLikelihood(rows: LabelledRows, n: number, weights: ArrayLike<number>, p: Float64Array): number {
  return softmaxRow(rows, n, weights, p, rows.y[n]);
}

/** Writes softmax(x_n W + b) into p, and returns the log of its entry `target`. */
function softmaxRow(rows: FeatureRows, n: number, weights: ArrayLike<number>, p: Float64Array, target = 0): number {
  const { columns, values } = rows;
  const C = p.length;
  for (let c = 0; c < C; c++) p[c] = weights[columns * C + c] as number;
  for (let i = 0; i < columns; i++) {
    const x = values[n * columns + i] as number;
    if (x === 0) continue;
    for (let c = 0, at = i * C; c < C; c++, at++) p[c] = (p[c] as number) + x * (weights[at] as number);
  }
  const highest = p.reduce((a, b) => Math.max(a, b));
  const logit = (p[target] as number) - highest;
  let sum = 0;
  for (let c = 0; c < C; c++) sum += p[c] = Math.exp((p[c] as number) - highest);
  for (let c = 0; c < C; c++) p[c] = (p[c] as number) / sum;
  return logit - Math.log(sum);
}

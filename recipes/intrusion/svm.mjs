// A support vector machine: C-SVC with the kernel exp(−γ |a − b|²), by sequential minimal optimisation that picks each pair of multipliers
// by second-order information [Fan, Chen & Lin 2005], as libsvm does, with libsvm's defaults C = 1 and γ = 1 / inputs.

const cost = 1;
/** The search ends when no pair breaks the optimality conditions by more. */
const tolerance = 1e-3;
/** Kernel rows that are kept. */
const most = 2000;

/**
 * min ½ αᵀQα − Σα with 0 ≤ α ≤ C and Σ y α = 0, Q_nm = y_n y_m k(x_n, x_m), y = ±1. x [N, I], labels 0 and 1.
 * @returns the support vectors with their y α, the bias, and the value of the objective.
 */
export function trainSvm({ shape: [count, inputs], data }, labels) {
  const y = Float64Array.from(labels, (label) => 2 * label - 1);
  const kernel = kernelRows(columnsOf(data, count, inputs), data, inputs, most);
  const alpha = new Float64Array(count);
  const slope = new Float64Array(count).fill(-1); // Q α − 1
  const mayRise = (n) => (y[n] > 0 ? alpha[n] < cost : alpha[n] > 0);
  const mayFall = (n) => (y[n] > 0 ? alpha[n] > 0 : alpha[n] < cost);
  for (;;) {
    let [i, high, low] = [-1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let n = 0; n < count; n++) {
      const pull = -y[n] * slope[n];
      if (mayRise(n) && pull > high) [i, high] = [n, pull];
      if (mayFall(n) && pull < low) low = pull;
    }
    if (high - low < tolerance) {
      const bias = freeMean(alpha, (n) => -y[n] * slope[n]) ?? (high + low) / 2;
      const vectors = Array.from(alpha, (_, n) => n).filter((n) => alpha[n] > 0);
      const objective = alpha.reduce((sum, a, n) => sum + (a * (slope[n] - 1)) / 2, 0);
      return {
        inputs,
        x: Float32Array.from(vectors.flatMap((n) => [...rowOf(data, n, inputs)])),
        weights: vectors.map((n) => y[n] * alpha[n]),
        bias,
        objective,
      };
    }
    const ofI = kernel(i);
    let [j, best] = [-1, 0];
    for (let n = 0; n < count; n++) {
      const gap = high + y[n] * slope[n];
      if (gap <= 0 || !mayFall(n)) continue;
      const gain = (gap * gap) / Math.max(2 - 2 * ofI[n], 1e-12);
      if (gain > best) [j, best] = [n, gain];
    }
    // α_i rises by y_i t and α_j falls by y_j t, so that Σ y α stays 0; t goes as far as the bounds allow.
    const room = (n, sign) => (sign > 0 ? cost - alpha[n] : alpha[n]);
    const ofJ = kernel(j);
    const wanted = (high + y[j] * slope[j]) / Math.max(2 - 2 * ofI[j], 1e-12);
    const t = Math.min(wanted, room(i, y[i]), room(j, -y[j]));
    alpha[i] = t === room(i, y[i]) ? (y[i] > 0 ? cost : 0) : alpha[i] + y[i] * t;
    alpha[j] = t === room(j, -y[j]) ? (y[j] > 0 ? 0 : cost) : alpha[j] - y[j] * t;
    for (let n = 0; n < count; n++) slope[n] += y[n] * t * (ofI[n] - ofJ[n]);
  }
}

/** The class of each row. */
export function predictSvm({ inputs, x, weights, bias }, { shape: [count], data }) {
  const vectors = columnsOf(x, weights.length, inputs);
  const kernel = kernelRows(vectors, data, inputs, 0);
  return Array.from({ length: count }, (_, n) => (kernel(n).reduce((sum, k, v) => sum + k * weights[v], bias) > 0 ? 1 : 0));
}

const rowOf = (data, n, inputs) => data.subarray(n * inputs, (n + 1) * inputs);

/** Column by column, with the squared length of each row. */
function columnsOf(data, count, inputs) {
  const columns = Array.from({ length: inputs }, (_, i) => Float32Array.from({ length: count }, (_, n) => data[n * inputs + i]));
  const squares = Float64Array.from({ length: count }, (_, n) => rowOf(data, n, inputs).reduce((sum, x) => sum + x * x, 0));
  return { columns, squares, count };
}

/** k(row n of `data`, each row of `others`); the last `kept` rows asked for are remembered. */
function kernelRows({ columns, squares, count }, data, inputs, kept) {
  const remembered = new Map();
  return (n) => {
    const known = remembered.get(n);
    if (known !== undefined) {
      remembered.delete(n); // and set again: the last one asked for is the last to go
      remembered.set(n, known);
      return known;
    }
    const row = rowOf(data, n, inputs);
    const products = new Float32Array(count);
    row.forEach((x, i) => {
      const column = columns[i];
      if (x !== 0) for (let m = 0; m < count; m++) products[m] += x * column[m];
    });
    const square = row.reduce((sum, x) => sum + x * x, 0);
    for (let m = 0; m < count; m++) products[m] = Math.exp((2 * products[m] - square - squares[m]) / inputs);
    if (kept > 0) remembered.set(n, products);
    if (remembered.size > kept) remembered.delete(remembered.keys().next().value);
    return products;
  };
}

/** The mean over the multipliers that are at no bound, whose conditions hold as equations; undefined when there is none. */
function freeMean(alpha, value) {
  const free = Array.from(alpha, (_, n) => n).filter((n) => alpha[n] > 0 && alpha[n] < cost);
  return free.length > 0 ? free.reduce((sum, n) => sum + value(n), 0) / free.length : undefined;
}

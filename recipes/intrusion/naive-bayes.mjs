// Naive Bayes as Weka has it: a normal distribution for each numeric column and class, counts plus one for symbols.
import { countClasses } from "./splits.mjs";

/** No single column may speak more clearly than this. */
const lowest = Math.log(1e-75);

/** For each column its estimate in each class; `numbers` counts what was learned. */
export function trainNaiveBayes({ columns, y }) {
  const byClass = [0, 1].map((label) => Array.from(y, (_, n) => n).filter((n) => y[n] === label));
  const estimates = columns.map((column) => (column.symbols === null ? normals(column, byClass) : symbolShares(column, byClass)));
  const counts = countClasses(
    y,
    Array.from(y, (_, n) => n),
  );
  const numbers = columns.reduce((sum, { symbols }) => sum + 2 * (symbols?.length ?? 2), 2);
  return { prior: counts.map((count) => Math.log((count + 1) / (y.length + 2))), estimates, numbers };
}

/** The class of each row. */
export function predictNaiveBayes({ prior, estimates }, { columns, y }) {
  const score = (n, label) =>
    columns.reduce((sum, { values }, k) => sum + Math.max(lowest, estimates[k][label](values[n])), prior[label]);
  return Array.from(y, (_, n) => (score(n, 1) > score(n, 0) ? 1 : 0));
}

/** Values are rounded to the mean distance between neighbours; a normal distribution is no narrower than a sixth of that. */
function normals({ values }, byClass) {
  const distinct = Float64Array.from(new Set(values)).sort();
  const grain = distinct.length > 1 ? (distinct.at(-1) - distinct[0]) / (distinct.length - 1) : 0.01;
  const round = (x) => Math.round(x / grain) * grain;
  return byClass.map((rows) => {
    const mean = rows.reduce((sum, n) => sum + round(values[n]), 0) / rows.length;
    const variance = rows.reduce((sum, n) => sum + (round(values[n]) - mean) ** 2, 0) / rows.length;
    const std = Math.max(grain / 6, Math.sqrt(variance));
    return (x) => Math.log(share((Math.abs(round(x) - mean) - grain / 2) / std, (Math.abs(round(x) - mean) + grain / 2) / std));
  });
}

/** A symbol that training lacks says nothing. */
function symbolShares({ symbols, values }, byClass) {
  return byClass.map((rows) => {
    const counts = new Array(symbols.length).fill(1);
    for (const n of rows) counts[values[n]]++;
    return (code) => (code < 0 ? 0 : Math.log(counts[code] / (rows.length + symbols.length)));
  });
}

/** The share of a standard normal distribution between two points, the lower one above the mean or not far below it. */
const share = (from, to) => (erfc(from / Math.SQRT2) - erfc(to / Math.SQRT2)) / 2;

/** 1 − erf, relative error below 1.2e-7 [Press et al., Numerical Recipes, 6.2]. */
function erfc(x) {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const powers = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ];
  const tail = t * Math.exp(-x * x + powers.reduceRight((sum, c) => sum * t + c, 0));
  return x >= 0 ? tail : 2 - tail;
}

// NBTree [Kohavi 1996, Scaling up the accuracy of naive-Bayes classifiers: a decision-tree hybrid], as Weka grows it: naive Bayes in the leaves;
// a node is split where that lowers the errors of naive Bayes, by 5-fold cross-validation, by 5 % at least. Numeric columns are cut into
// bins by the entropy of the class [Fayyad & Irani 1993], anew in each node.
import { bestThreshold, bits, branches, countClasses, walk } from "./splits.mjs";

const folds = 5;
/** Rows that a node needs to be split, and a branch to have a model; the rows of a smaller branch count as errors. */
const fewest = { split: 30, branch: 5 };

export function trainNbTree(table) {
  const rows = Array.from(table.y, (_, n) => n);
  const orders = table.columns.map(({ symbols, values }) =>
    symbols === null ? Int32Array.from(rows).sort((a, b) => values[a] - values[b]) : null,
  );
  return grow(table, { rows, orders });
}

/** The class of each row. */
export const predictNbTree = (tree, table) =>
  Array.from(table.y, (_, n) => walk(tree, table, n, ({ bayes }) => tell(bayes, table, n)));

/** `part`: rows, and for each numeric column the same rows in ascending order of its values. */
function grow(table, part, bayes = fitBayes(table, part)) {
  const node = { bayes, rows: part.rows.length };
  if (part.rows.length < fewest.split || bayes.errors === 0 || Math.min(...countClasses(table.y, part.rows)) === 0) return node;
  let best = { errors: bayes.errors };
  table.columns.forEach((_, column) => {
    const split = splitOn(table, column, part);
    if (split !== null && split.errors < best.errors) best = split;
  });
  if ((bayes.errors - best.errors) / bayes.errors < 0.05) return node;
  const { column, threshold, sons } = best;
  return { ...node, column, threshold, sons: sons.map((son) => grow(table, son.part, son.bayes)) };
}

function splitOn(table, column, part) {
  const numeric = table.columns[column].symbols === null;
  const { rows } = part;
  const least = Math.min(25, Math.max(2, (0.1 * rows.length) / 2));
  const best = numeric ? bestThreshold(table.columns[column], table.y, rows, least) : null;
  if (numeric && (best === null || best.gain - Math.log2(best.tried) / rows.length <= 1e-6)) return null;
  const split = { column, threshold: best?.middle };
  const parts = branches(table, split, rows);
  if (parts.filter(({ length }) => length >= fewest.branch).length < 2) return null;
  const sons = parts.map((own) => {
    const inside = new Uint8Array(table.y.length);
    for (const n of own) inside[n] = 1;
    const son = { rows: own, orders: part.orders.map((order) => order?.filter((n) => inside[n] === 1) ?? null) };
    return { part: son, bayes: fitBayes(table, son) };
  });
  return { ...split, sons, errors: sons.reduce((sum, { bayes }) => sum + bayes.errors, 0) };
}

/** Naive Bayes over bins and symbols, and its errors by cross-validation. The bins are those of all rows, as in Weka. */
function fitBayes({ columns, y }, { rows, orders }) {
  const cuts = columns.map(({ symbols, values }, k) => (symbols === null ? cutPoints(values, y, orders[k]) : null));
  const bins = columns.map(({ symbols }, k) => symbols?.length ?? cuts[k].length + 1);
  const first = bins.map((_, k) => 2 * bins.slice(0, k).reduce((a, b) => a + b, 0));
  const codes = columns.map((column, k) => Int16Array.from(rows, (n) => codeOf(column, cuts[k], n)));
  const seen = [0, 0];
  const foldOf = Uint8Array.from(rows, (n) => seen[y[n]]++ % folds);
  /** counts[2 · bin + class] of all columns one after the other, and of each class. */
  const count = (takes) => {
    const counts = new Int32Array(first.at(-1) + 2 * bins.at(-1));
    const classes = [0, 0];
    rows.forEach((n, at) => {
      if (!takes(at)) return;
      classes[y[n]]++;
      for (let k = 0; k < codes.length; k++) if (codes[k][at] >= 0) counts[first[k] + 2 * codes[k][at] + y[n]]++;
    });
    return { counts, classes };
  };
  let errors = rows.length < fewest.branch ? rows.length : 0;
  for (let fold = 0; fold < folds && rows.length >= fewest.branch; fold++) {
    const fitted = logShares(
      count((at) => foldOf[at] !== fold),
      first,
      bins,
    );
    rows.forEach((n, at) => {
      if (foldOf[at] === fold && tellCodes(fitted, first, (k) => codes[k][at]) !== y[n]) errors++;
    });
  }
  return {
    cuts,
    first,
    errors,
    fitted: logShares(
      count(() => true),
      first,
      bins,
    ),
  };
}

/** Log of (count + 1) / (rows of the class + bins), in the order of the counts; and of the classes likewise. */
function logShares({ counts, classes }, first, bins) {
  const shares = new Float64Array(counts.length);
  bins.forEach((width, k) => {
    for (let at = first[k]; at < first[k] + 2 * width; at++) shares[at] = Math.log((counts[at] + 1) / (classes[at % 2] + width));
  });
  return { shares, prior: classes.map((rows) => Math.log((rows + 1) / (classes[0] + classes[1] + 2))) };
}

function tellCodes({ shares, prior }, first, codeIn) {
  let [none, some] = prior;
  for (let k = 0; k < first.length; k++) {
    const code = codeIn(k);
    if (code < 0) continue; // a symbol that training lacks says nothing
    none += shares[first[k] + 2 * code];
    some += shares[first[k] + 2 * code + 1];
  }
  return some > none ? 1 : 0;
}

const tell = ({ fitted, first, cuts }, { columns }, n) => tellCodes(fitted, first, (k) => codeOf(columns[k], cuts[k], n));

function codeOf({ symbols, values }, cuts, n) {
  if (symbols !== null) return values[n];
  let code = 0;
  while (code < cuts.length && values[n] > cuts[code]) code++;
  return code;
}

/**
 * Where to cut a column, ascending: at the place that lowers the entropy of the class most, and so on in both halves, as long as the gain
 * pays for the description of the cut:   gain > (log2(places) + log2(3^k − 2) − k E + k₁ E₁ + k₂ E₂) / rows, E in bits, k the classes present.
 */
function cutPoints(values, y, order) {
  const cuts = [];
  const halve = (from, to) => {
    let attacks = 0;
    for (let k = from; k < to; k++) attacks += y[order[k]];
    const total = to - from;
    const before = bits(total - attacks, attacks);
    let best = { after: before };
    let places = 0;
    let left = 0;
    for (let k = from + 1; k < to; k++) {
      left += y[order[k - 1]];
      if (values[order[k - 1]] === values[order[k]]) continue;
      places++;
      const [a, b] = [k - from, to - k];
      const after = bits(a - left, left) + bits(b - attacks + left, attacks - left);
      if (after < best.after) best = { at: k, after, left };
    }
    if (best.at === undefined) return;
    const { at, left: found } = best;
    const described = (rows, some) => {
      const present = (some > 0 ? 1 : 0) + (some < rows ? 1 : 0);
      return { present, cost: (present * bits(rows - some, some)) / rows };
    };
    const [all, low, high] = [described(total, attacks), described(at - from, found), described(to - at, attacks - found)];
    const price = Math.log2(places) + Math.log2(3 ** all.present - 2) - all.cost + low.cost + high.cost;
    if (before - best.after <= price) return;
    halve(from, at);
    cuts.push((values[order[at - 1]] + values[order[at]]) / 2);
    halve(at, to);
  };
  halve(0, order.length);
  return cuts;
}

// C4.5 [Quinlan 1993] in the form of Weka's J48 with its defaults: gain ratio, two rows at least in a branch, pessimistic pruning with
// confidence 0.25, subtree raising. No value is ever missing here, so what C4.5 does about that is left out.
import { bestThreshold, bits, branches, countClasses, majorityOf, walk } from "./splits.mjs";

const least = 2;
/** The upper quartile of the standard normal distribution: confidence 0.25. */
const z = 0.6744897501960817;

/** A pruned tree. A leaf is { counts, rows }; an inner node has a column, its threshold unless it splits by symbol, and sons. */
export function trainC45(table) {
  const rows = Array.from(table.y, (_, n) => n);
  const occurring = table.columns.map(({ values, symbols }) =>
    symbols === null ? Float64Array.from(new Set(values)).sort() : null,
  );
  const tree = grow({ ...table, occurring }, rows);
  collapse(tree);
  prune(table, tree, rows);
  return tree;
}

/** The class of each row. */
export const predictC45 = (tree, table) =>
  Array.from(table.y, (_, n) => walk(tree, table, n, ({ counts }) => majorityOf(counts)));

export const leavesOf = (node) => (node.sons ? node.sons.reduce((sum, son) => sum + leavesOf(son), 0) : 1);

function grow(table, rows) {
  const counts = countClasses(table.y, rows);
  const node = { counts, rows: rows.length };
  if (rows.length < 2 * least || Math.min(...counts) === 0) return node;
  const splits = table.columns.map((_, column) => splitOn(table, column, rows)).filter((split) => split !== null);
  // Of the splits that gain no less than the average does, the one with the best ratio.
  const average = splits.reduce((sum, { gain }) => sum + gain, 0) / splits.length;
  let best = null;
  for (const split of splits) if (split.gain >= average - 1e-3 && split.ratio > (best?.ratio ?? 0) + 1e-6) best = split;
  if (best === null) return node;
  const { column, threshold } = best;
  return { ...node, column, threshold, sons: branches(table, best, rows).map((part) => grow(table, part)) };
}

function splitOn(table, column, rows) {
  if (table.columns[column].symbols === null) return splitByThreshold(table, column, rows);
  const parts = branches(table, { column }, rows);
  if (parts.filter(({ length }) => length >= least).length < 2) return null;
  const left = parts.reduce((sum, part) => sum + bits(...countClasses(table.y, part)), 0);
  const gain = (bits(...countClasses(table.y, rows)) - left) / rows.length;
  return { column, gain, ratio: gain / spread(parts, rows.length) };
}

/** A threshold costs log2(thresholds tried) / rows bits of its gain [Quinlan 1996, doi:10.1613/jair.279]. */
function splitByThreshold(table, column, rows) {
  const best = bestThreshold(table.columns[column], table.y, rows, Math.min(25, Math.max(least, (0.1 * rows.length) / 2)));
  if (best === null) return null;
  const gain = best.gain - Math.log2(best.tried) / rows.length;
  if (gain <= 1e-6) return null;
  // The threshold is a value that occurs somewhere in the training rows: the highest one that is not above the middle.
  const threshold = table.occurring[column].findLast((value) => value <= best.middle);
  const split = { column, threshold };
  return { ...split, gain, ratio: gain / spread(branches(table, split, rows), rows.length) };
}

/** Entropy of the branch that a row takes. */
const spread = (parts, rows) =>
  parts.reduce((sum, { length }) => sum - (length > 0 ? (length / rows) * Math.log2(length / rows) : 0), 0);

const wrong = ({ counts }) => Math.min(...counts);
const wrongBelow = (node) => (node.sons ? node.sons.reduce((sum, son) => sum + wrongBelow(son), 0) : wrong(node));

/** A node becomes a leaf where its branches err on as many training rows. */
function collapse(node) {
  if (!node.sons) return;
  if (wrongBelow(node) >= wrong(node) - 1e-3) toLeaf(node);
  else node.sons.forEach(collapse);
}

function toLeaf(node) {
  delete node.sons;
  delete node.column;
  delete node.threshold;
}

/** From the leaves up: a node becomes a leaf, or its largest branch, where that is expected to err no more (by 0.1 of a row). */
function prune(table, node, rows) {
  if (!node.sons) return;
  const parts = branches(table, node, rows);
  node.sons.forEach((son, k) => {
    prune(table, son, parts[k]);
  });
  const largest = node.sons.reduce((kept, son) => (son.rows >= kept.rows ? son : kept));
  const [raised, leaf, tree] = [expectedFor(table, largest, rows), expectedOf(node.counts), expectedBelow(node)];
  if (leaf < tree + 0.1 && leaf < raised + 0.1) toLeaf(node);
  else if (raised < tree + 0.1) {
    toLeaf(node);
    Object.assign(node, largest);
    recount(table, node, rows);
    prune(table, node, rows);
  }
}

const expectedBelow = (node) =>
  node.sons ? node.sons.reduce((sum, son) => sum + expectedBelow(son), 0) : expectedOf(node.counts);

/** Errors to expect of a subtree when these rows fall into it. */
function expectedFor(table, node, rows) {
  if (!node.sons) return expectedOf(countClasses(table.y, rows));
  const parts = branches(table, node, rows);
  return node.sons.reduce((sum, son, k) => sum + expectedFor(table, son, parts[k]), 0);
}

function recount(table, node, rows) {
  node.counts = countClasses(table.y, rows);
  node.rows = rows.length;
  if (!node.sons) return;
  const parts = branches(table, node, rows);
  node.sons.forEach((son, k) => {
    recount(table, son, parts[k]);
  });
}

/** Errors of a leaf plus what the upper end of the 25 % confidence interval adds to them. */
const expectedOf = (counts) => Math.min(...counts) + addedErrors(counts[0] + counts[1], Math.min(...counts));

function addedErrors(rows, errors) {
  if (rows === 0) return 0;
  if (errors === 0) return rows * (1 - 0.25 ** (1 / rows));
  if (errors + 0.5 >= rows) return Math.max(rows - errors, 0);
  const f = (errors + 0.5) / rows;
  const upper =
    (f + z ** 2 / (2 * rows) + z * Math.sqrt(f / rows - f ** 2 / rows + z ** 2 / (4 * rows ** 2))) / (1 + z ** 2 / rows);
  return upper * rows - errors;
}

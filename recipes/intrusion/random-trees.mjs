// Random trees and forests of them [Breiman 2001, doi:10.1023/A:1010933404324], as Weka grows them: at each node log2(columns) + 1 columns
// drawn at random (and more while none of them tells anything), the one with the largest information gain, no pruning.
import { RandomStream } from "sluice";
import { bestThreshold, bits, branches, countClasses, walk } from "./splits.mjs";

/** One tree over the given rows, all of them unless told. */
export function trainRandomTree(table, seed, rows = Array.from(table.y, (_, n) => n)) {
  const random = new RandomStream({ seed, stream: 1, step: 0 });
  return grow(table, rows, Math.floor(Math.log2(table.columns.length + 1)) + 1, random);
}

/** Trees over as many rows as there are, drawn with replacement for each. */
export function trainForest(table, seed, trees) {
  return Array.from({ length: trees }, (_, k) => {
    const random = new RandomStream({ seed, stream: 2, step: k });
    const drawn = Array.from(table.y, () => random.below(table.y.length));
    return trainRandomTree(table, seed + 1000 * (k + 1), drawn);
  });
}

/** The class of each row: the mean over the trees of the share of attacks in the leaf is above one half. */
export function predictTrees(trees, table) {
  const share = ({ counts: [none, some] }) => some / (none + some);
  return Array.from(table.y, (_, n) =>
    trees.reduce((sum, tree) => sum + walk(tree, table, n, share), 0) > trees.length / 2 ? 1 : 0,
  );
}

function grow(table, rows, tries, random) {
  const counts = countClasses(table.y, rows);
  const node = { counts, rows: rows.length };
  if (rows.length < 2 || Math.min(...counts) === 0) return node;
  let best = null;
  for (const [tried, column] of random.permutation(table.columns.length).entries()) {
    if (tried >= tries && best !== null) break;
    const split = splitOn(table, column, rows, counts);
    if (split !== null && split.gain > (best?.gain ?? 1e-9)) best = split;
  }
  if (best === null) return node;
  const { column, threshold } = best;
  return { ...node, column, threshold, sons: branches(table, best, rows).map((part) => grow(table, part, tries, random)) };
}

function splitOn(table, column, rows, counts) {
  if (table.columns[column].symbols === null) {
    const best = bestThreshold(table.columns[column], table.y, rows, 1);
    return best && { column, threshold: best.middle, gain: best.gain };
  }
  const left = branches(table, { column }, rows).reduce((sum, part) => sum + bits(...countClasses(table.y, part)), 0);
  return { column, gain: (bits(...counts) - left) / rows.length };
}

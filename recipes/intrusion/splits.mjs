// What the trees share: how a column splits rows, and how much a split tells about the class (0 or 1).

const xlogx = (n) => (n > 0 ? n * Math.log2(n) : 0);
/** Entropy of two counts, times their sum, in bits. */
export const bits = (a, b) => xlogx(a + b) - xlogx(a) - xlogx(b);

/** How many of the rows are of each class. */
export function countClasses(y, rows) {
  let attacks = 0;
  for (const n of rows) attacks += y[n];
  return [rows.length - attacks, attacks];
}

/** The class that more rows have, 0 when as many have either. */
export const majorityOf = ([none, some]) => (some > none ? 1 : 0);

/**
 * The threshold between two values of a column that tells most, with at least `least` rows on either side: what it gains in bits a row, the
 * middle between the values around it, and how many thresholds were tried; null when there is none.
 */
export function bestThreshold({ values }, y, rows, least) {
  const sorted = Int32Array.from(rows).sort((a, b) => values[a] - values[b]);
  const [none, some] = countClasses(y, rows);
  const before = bits(none, some);
  let best = null;
  let tried = 0;
  let attacks = 0;
  for (let k = 1; k < sorted.length; k++) {
    attacks += y[sorted[k - 1]];
    const [low, high] = [values[sorted[k - 1]], values[sorted[k]]];
    if (low === high || k < least || sorted.length - k < least) continue;
    tried++;
    const gain = (before - bits(k - attacks, attacks) - bits(none - k + attacks, some - attacks)) / sorted.length;
    if (gain > (best?.gain ?? 0) + 1e-6) best = { gain, middle: (low + high) / 2 };
  }
  return best && { ...best, tried };
}

/** The rows of each branch: two for a threshold, one a symbol for a column of symbols. A symbol that training lacks is in none. */
export function branches({ columns }, { column, threshold }, rows) {
  const { symbols, values } = columns[column];
  const parts = Array.from({ length: symbols?.length ?? 2 }, () => []);
  for (const n of rows) parts[symbols ? values[n] : values[n] <= threshold ? 0 : 1]?.push(n);
  return parts;
}

/** What the leaf says that a row falls into, or the last node before a branch that no training row took: `tell(node)`. */
export function walk(tree, { columns }, n, tell) {
  let node = tree;
  while (node.sons) {
    const { symbols, values } = columns[node.column];
    const son = node.sons[symbols ? values[n] : values[n] <= node.threshold ? 0 : 1];
    if (son === undefined || son.rows === 0) break;
    node = son;
  }
  return tell(node);
}

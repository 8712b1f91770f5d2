/**
 * The words that are seen at least `minCount` times, of these the `limit` commonest (of equally common ones the first of the
 * alphabet), in the order of the alphabet; and how many others there are.
 */
export function commonest(
  counts: Iterable<readonly [word: string, count: number]>,
  { minCount, limit }: { readonly minCount: number; readonly limit: number },
): { kept: string[]; left: number } {
  const all = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const kept = all.filter(([, n]) => n >= minCount).slice(0, limit);
  return { kept: kept.map(([word]) => word).sort(), left: all.length - kept.length };
}

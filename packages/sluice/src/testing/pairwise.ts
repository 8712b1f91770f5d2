/** The values each factor may take, by name. */
export type Factors = Readonly<Record<string, readonly unknown[]>>;

/** One row of a covering array: a value for each factor. */
export type Row<F extends Factors> = { readonly [K in keyof F]: F[K][number] };

/**
 * Few rows in which every two factors meet in every pair of their values: a covering array of strength 2, found greedily.
 * The same rows at every call.
 * @param isAllowed says whether a part of a row (factors may be missing) could be completed; pairs it refuses are left out.
 * @throws {RangeError} when a pair that is allowed by itself fits into no row.
 * @example pairwise({ gates: ["all", "coupled"], peepholes: [null, "full"], clip: [null, 3] }) // 4 rows, not 8
 */
export function pairwise<F extends Factors>(factors: F, isAllowed: (part: Partial<Row<F>>) => boolean = () => true): Row<F>[] {
  const names = Object.keys(factors);
  const open = openPairs(factors, isAllowed);
  const rows: Row<F>[] = [];
  for (const first of open.values()) {
    const row = complete(first, names);
    if (!row) throw new RangeError(`Cannot cover ${JSON.stringify(first)}: no full row with it is allowed.`);
    rows.push(row);
    for (const key of pairsOf(row, factors)) open.delete(key);
  }
  return rows;

  /** The part made whole, each factor at the allowed value that meets most open pairs; goes back where it gets stuck. */
  function complete(part: Partial<Row<F>>, left: readonly string[]): Row<F> | null {
    const name = left.find((each) => !(each in part));
    if (name === undefined) return part as Row<F>;
    const choices = (factors[name] as readonly unknown[])
      .map((value) => ({ ...part, [name]: value }))
      .filter(isAllowed)
      .map((next) => ({ next, gain: pairsOf(next, factors, name).filter((key) => open.has(key)).length }))
      .sort((a, b) => b.gain - a.gain);
    for (const { next } of choices) {
      const row = complete(next, left);
      if (row) return row;
    }
    return null;
  }
}

/** Every pair of values of two factors that may stand in one row, by key. */
function openPairs<F extends Factors>(factors: F, isAllowed: (part: Partial<Row<F>>) => boolean): Map<string, Partial<Row<F>>> {
  const names = Object.keys(factors);
  const open = new Map<string, Partial<Row<F>>>();
  for (const [k, a] of names.entries()) {
    for (const b of names.slice(k + 1)) {
      for (const valueA of factors[a] as readonly unknown[]) {
        for (const valueB of factors[b] as readonly unknown[]) {
          const pair = { [a]: valueA, [b]: valueB } as Partial<Row<F>>;
          if (isAllowed(pair)) open.set(pairsOf(pair, factors)[0] as string, pair);
        }
      }
    }
  }
  return open;
}

/** Keys of the pairs in a part of a row; with `of`, of those that this factor is in. */
function pairsOf(part: Readonly<Record<string, unknown>>, factors: Factors, of?: string): string[] {
  const places = Object.keys(factors)
    .filter((name) => name in part)
    .map((name) => ({ name, key: `${name}=${(factors[name] as readonly unknown[]).indexOf(part[name])}` }));
  return places.flatMap((a, k) =>
    places.slice(k + 1).flatMap((b) => (of === undefined || a.name === of || b.name === of ? [`${a.key}&${b.key}`] : [])),
  );
}

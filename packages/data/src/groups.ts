import { DataError, listed, shown } from "./errors.ts";
import { column, type Table } from "./table.ts";

/** The rows of one series: a stretch of the table, or an index where its rows lie scattered. */
export interface Group {
  readonly id: string;
  readonly rows: number;
  /** The group's part of a table column: a view where the rows lie together, else a copy. */
  take<T extends Float32Array | Float64Array | Int32Array>(values: T): T;
}

/**
 * Splits the rows by the values of a column, in the order in which they first appear; one group of all rows without a name.
 * @throws {DataError} when rows lack a value there, or the column is one of fractions.
 */
export function groupRows(table: Table, seriesColumn: string | undefined): Group[] {
  if (seriesColumn === undefined) return [stretch("", 0, table.rows)];
  const { keys, label } = keysOf(table, seriesColumn);
  const places = new Map<number, number>();
  const counts: number[] = [];
  for (let r = 0; r < keys.length; r++) {
    const key = keys[r] as number;
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, counts.length);
      counts.push(1);
    } else counts[place] = (counts[place] as number) + 1;
  }
  const index = counts.map((n) => new Int32Array(n));
  const used = new Int32Array(counts.length);
  for (let r = 0; r < keys.length; r++) {
    const place = places.get(keys[r] as number) as number;
    (index[place] as Int32Array)[used[place] as number] = r;
    used[place] = (used[place] as number) + 1;
  }
  return [...places.keys()].map((key, place) => {
    const rows = index[place] as Int32Array;
    const first = rows[0] as number;
    const together = (rows[rows.length - 1] as number) - first + 1 === rows.length;
    return together ? stretch(label(key), first, rows.length) : scattered(label(key), rows);
  });
}

function keysOf(table: Table, name: string): { keys: ArrayLike<number>; label: (key: number) => string } {
  const found = column(table, name);
  if (found.missing > 0) {
    throw new DataError(
      `${table.name}: column ${shown(name)} tells the series apart, and ${found.missing} of its cells are empty. ` +
        "Give each row the name of its series.",
      { column: name },
    );
  }
  if (found.kind === "category") return { keys: found.codes, label: (code) => found.categories[code] as string };
  if (found.kind === "number" && found.values.every((x) => Number.isInteger(x))) return { keys: found.values, label: String };
  const usable = table.columns.filter((c) => c.kind === "category").map((c) => c.name);
  throw new DataError(
    `${table.name}: column ${shown(name)} cannot tell series apart: names or whole numbers can. ` +
      (usable.length > 0 ? `Columns of names are ${listed(usable)}.` : "The file has no column of names."),
    { column: name },
  );
}

function stretch(id: string, from: number, rows: number): Group {
  return { id, rows, take: (values) => values.subarray(from, from + rows) as typeof values };
}

function scattered(id: string, rows: Int32Array): Group {
  return {
    id,
    rows: rows.length,
    take: (values) => {
      const out = values.slice(0, rows.length) as typeof values;
      for (let i = 0; i < rows.length; i++) out[i] = values[rows[i] as number] as number;
      return out;
    },
  };
}

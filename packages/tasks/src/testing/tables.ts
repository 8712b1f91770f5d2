import type { Column, Table } from "@sluice/data";

/** A table of number columns, times in a column "time" (epoch ms), words in any column of texts; NaN and "" are missing. */
export function tableOf(name: string, columns: Readonly<Record<string, ArrayLike<number> | readonly string[]>>): Table {
  const made = Object.entries(columns).map(([key, values]): Column => {
    const cells = Array.from(values as ArrayLike<number | string>);
    if (cells.some((cell) => typeof cell === "string")) {
      const categories = [...new Set(cells as string[])].filter((word) => word !== "");
      const codes = Int32Array.from(cells as string[], (word) => categories.indexOf(word));
      return { kind: "category", name: key, codes, categories, missing: codes.filter((code) => code < 0).length };
    }
    const numbers = cells as number[];
    const missing = numbers.filter(Number.isNaN).length;
    if (key === "time") return { kind: "time", name: key, values: Float64Array.from(numbers), format: "YYYY-MM-DD", missing };
    return { kind: "number", name: key, values: Float32Array.from(numbers), missing };
  });
  const rows = Math.max(0, ...Object.values(columns).map((values) => values.length));
  return { name, rows, columns: made, notes: [] };
}

/** `rows` days from 2020-01-01 on, epoch ms. */
export function days(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => Date.UTC(2020, 0, 1 + row));
}

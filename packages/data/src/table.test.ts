import { expect, describe as suite, test } from "vitest";
import { readCsv } from "./csv.ts";
import { describe, numbers, selectRows } from "./table.ts";

const text = "day,y,city\n2024-01-01,3,Ulm\n2024-01-02,,Bonn\n2024-01-03,5,Ulm\n2024-01-04,4,\n";

suite("table", () => {
  test("describes its columns", async () => {
    const [day, y, city] = describe(await readCsv(text, { name: "f.csv" }));
    expect(day).toMatchObject({ kind: "time", min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 4), missing: 0, distinct: 4 });
    expect(y).toMatchObject({ kind: "number", min: 3, max: 5, mean: 4, missing: 1, distinct: 3, distinctCapped: false });
    expect(city).toMatchObject({
      missing: 1,
      distinct: 2,
      top: [
        { category: "Ulm", count: 2 },
        { category: "Bonn", count: 1 },
      ],
    });
  });

  test("stops counting different values at ten thousand", async () => {
    const table = await readCsv(`x\n${Array.from({ length: 10_001 }, (_, i) => i).join("\n")}`, { name: "f.csv" });
    expect(describe(table)[0]).toMatchObject({ distinct: 10_000, distinctCapped: true });
  });

  test("selects rows as views, and counts what is missing in them", async () => {
    const table = await readCsv(text, { name: "f.csv" });
    const part = selectRows(table, 2);
    expect([part.rows, part.columns.map((c) => c.missing)]).toEqual([2, [0, 0, 1]]);
    expect([...numbers(part, "y")]).toEqual([5, 4]);
    expect(numbers(part, "y").buffer).toBe(numbers(table, "y").buffer);
  });
});

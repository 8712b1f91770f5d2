import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCsv } from "./csv.ts";
import { DataError } from "./errors.ts";
import { column, numbers, type Table } from "./table.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (source: Parameters<typeof readCsv>[0], options = {}) => readCsv(source, { name: "f.csv", ...options });
const kinds = (table: Table) => table.columns.map((c) => c.kind);

async function refusal(source: Parameters<typeof readCsv>[0], options = {}): Promise<DataError> {
  const error = await read(source, options).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

const SALES = "day,sales,open,city\n2024-01-01,3,true,Ulm\n2024-01-02,NA,false,Bonn\n2024-01-03,5.5,true,Ulm\n";

describe("readCsv", () => {
  test("types numbers, times, yes and no, and words", async () => {
    const table = await read(SALES);
    expect(kinds(table)).toEqual(["time", "number", "boolean", "category"]);
    expect(table.rows).toBe(3);
    expect([...numbers(table, "sales")]).toEqual([3, Number.NaN, 5.5]);
    expect([...numbers(table, "open")]).toEqual([1, 0, 1]);
    expect(column(table, "day")).toMatchObject({
      format: "YYYY-MM-DD",
      values: Float64Array.of(Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2), Date.UTC(2024, 0, 3)),
    });
    expect(column(table, "city")).toMatchObject({ categories: ["Ulm", "Bonn"], codes: Int32Array.of(0, 1, 0) });
    expect(table.notes.map((n) => n.text)).toEqual(['Column "sales" lacks 1 value in 3 rows.']);
  });

  test("reads the same from a string, bytes, a web stream, an async iterable, and gzip of any of them", async () => {
    const expected = await read(SALES);
    const chunks = (data: Uint8Array, size: number) =>
      Array.from({ length: Math.ceil(data.length / size) }, (_, i) => data.subarray(i * size, (i + 1) * size));
    async function* iterate(data: Uint8Array, size: number) {
      yield* chunks(data, size);
    }
    const stream = (data: Uint8Array, size: number) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const chunk of chunks(data, size)) controller.enqueue(chunk);
          controller.close();
        },
      });
    for (const data of [bytes(SALES), new Uint8Array(gzipSync(SALES))]) {
      for (const source of [data, stream(data, 7), iterate(data, 1), iterate(data, 3)])
        expect(await read(source)).toEqual(expected);
    }
  });

  test("keeps numbers as written: Float32 where exact, Float64 where not", async () => {
    const table = await read("a,b,c\n1,0.1,931800001\n2,0.2,16777217\n");
    expect(numbers(table, "a")).toEqual(Float32Array.of(1, 2));
    expect(numbers(table, "b")).toEqual(Float64Array.of(0.1, 0.2));
    expect(numbers(table, "c")).toEqual(Float64Array.of(931800001, 16777217));
  });

  test("keeps every value of a column of many chunks", async () => {
    const n = 300_000; // more than two of the largest chunks
    const table = await read(`x,y\n${Array.from({ length: n }, (_, i) => `${i},${i / 10}`).join("\n")}`);
    expect(numbers(table, "x")).toEqual(Float32Array.from({ length: n }, (_, i) => i));
    expect(numbers(table, "y")).toEqual(Float64Array.from({ length: n }, (_, i) => i / 10));
  });

  test.each([
    [";", "a;b\n1,5;2\n3,5;4\n", [1.5, 3.5]],
    ["tab", "a\tb\n1.5\tx, y\n3.5\tz; q\n", [1.5, 3.5]],
    ["|", "a|b\n1|2\n3|4\n", [1, 3]],
    ["; without a header", "1,5;2,5\n3,5;4,5\n", [1.5, 3.5]],
  ])("finds the separator %s", async (_, text, first) => {
    const table = await read(text);
    expect(table.columns).toHaveLength(2);
    expect([...numbers(table, table.columns[0]?.name ?? "")]).toEqual(first);
  });

  test.each([
    ["words above numbers", "a,b\n1,2\n", ["a", "b"]],
    ["numbers alone", "1,2\n3,4\n", ["column1", "column2"]],
    ["words and numbers in the first row too", "0,tcp,5\n1,udp,6\n", ["column1", "column2", "column3"]],
    ["words above words", "name,town\nAda,London\n", ["name", "town"]],
    ["one column", "Y\n1\n2\n", ["Y"]],
    ["an unnamed index", ",y\n0,1\n1,2\n", ["column1", "y"]],
  ])("finds whether there is a header: %s", async (_, text, names) => {
    expect((await read(text)).columns.map((c) => c.name)).toEqual(names);
  });

  test("renames the second of two columns of one name, and says so", async () => {
    const table = await read("a,a,a_2,__proto__\n1,2,3,4\n");
    expect(table.columns.map((c) => c.name)).toEqual(["a", "a_3", "a_2", "__proto__"]);
    expect(table.notes[0]?.text).toContain('called "a_3" here');
  });

  test("reads quotes, line ends of every kind and a byte-order mark", async () => {
    const text = '\uFEFFname,n\r\n"a, ""b""\nc",1\r"d",2\n e ,3';
    for (const source of [text, bytes(text)]) {
      const table = await read(source);
      expect(column(table, "name")).toMatchObject({ categories: ['a, "b"\nc', "d", "e"] });
      expect([...numbers(table, "n")]).toEqual([1, 2, 3]);
    }
  });

  test("leaves out empty lines and counts them; in a single column each is a missing value", async () => {
    const two = await read("\na,b\n1,2\n\n3,4\n\n\n");
    expect([two.rows, two.notes[0]?.count]).toEqual([2, 4]);
    expect([...numbers(await read("y\n1\n\n3\n\n\n"), "y")]).toEqual([1, Number.NaN, 3]);
  });

  test("decides a column that begins empty by its first value", async () => {
    const empty = "1,\n".repeat(1500);
    expect(kinds(await read(`a,b\n${empty}2,7\n`))).toEqual(["number", "number"]);
    expect(kinds(await read(`a,b\n${empty}2,word\n`))).toEqual(["number", "category"]);
    expect(column(await read(`a,b\n${empty}2,\n`), "b").missing).toBe(1501);
  });

  test("takes a declared type over the guess", async () => {
    const table = await read("zip,x\n01067,1\n80331,2\n", { types: { zip: "category" } });
    expect(column(table, "zip")).toMatchObject({ kind: "category", categories: ["01067", "80331"] });
    expect((await refusal("a\n1\n2\n", { types: { b: "number" } })).message).toContain('the columns are "a"');
    expect((await refusal("a\nnoon\ndusk\n", { types: { a: "time" } })).message).toContain(
      '"noon" is written in no form that is known',
    );
  });
});

describe("readCsv in portions", () => {
  const number = fc.oneof(
    fc.integer({ min: -99_999, max: 99_999 }).map((n) => String(n / 100)),
    fc.double({ noDefaultInfinity: true }).map(String),
    fc.constantFrom("", "NA", " 7", "+4", ".5", "5.", "-0", "1e5", "16777217", "931800001", "0.12345678901234567"),
  );
  const word = fc.constantFrom("Ulm", "Bonn", "a longer word than a slice would copy", "", "é", "x y");
  const row = fc.tuple(number, word, number).map((cells) => cells.join(","));
  // Past the rows from which the types are inferred and past one portion of text, so that both paths are taken.
  const file = fc
    .tuple(fc.array(row, { minLength: 1, maxLength: 30 }), fc.array(row, { maxLength: 30 }), fc.constantFrom("\n", "\r\n"))
    .map(([early, late, end]) => {
      const rows = Array.from({ length: 1500 }, (_, i) => `${i},Ulm,${i}`);
      return ["a,b,c", ...early, ...rows, ...late, ""].join(end);
    });

  test("a file cut anywhere is the file read whole", async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(file, cuts, async (text, places) => {
        const data = bytes(text);
        const sorted = [0, ...places.map((place) => place % data.length).sort((a, b) => a - b), data.length];
        async function* cut() {
          for (let i = 1; i < sorted.length; i++) yield data.subarray(sorted[i - 1], sorted[i]);
        }
        expect(await read(cut())).toEqual(await read(text));
      }),
      { numRuns: 60 },
    );
  });

  test("a file without quotes, whose numbers are read where they stand, is the same file with quotes", async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const quoted = text.replace(/[^,\r\n]+/g, '"$&"');
        expect(await read(text)).toEqual(await read(quoted));
      }),
      { numRuns: 60 },
    );
  });

  test("a file of many portions is cut where its lines end, or grows until one does", async () => {
    const long = "w".repeat(700_000);
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},${i === 40_000 ? long : "Ulm"},${i / 100}`);
    const table = await read(`a,b,c\n${rows.join("\n")}`);
    expect(table.rows).toBe(60_000);
    expect(numbers(table, "c").every((x, i) => x === i / 100)).toBe(true);
    expect(column(table, "b")).toMatchObject({ categories: ["Ulm", long] });
    expect((await refusal(`a,b,c\n${rows.join("\n")}\n1,2\n`)).message).toContain("f.csv line 60002: 2 fields");
  });
});

describe("readCsv refuses", () => {
  test("a word among numbers, with line, column, value, rule and way out", async () => {
    const error = await refusal(`day,sales\n${"2024-01-01,1\n".repeat(40)}2024-01-02,12x\n2024-01-03,4\n`);
    expect(error).toMatchObject({ row: 42, column: "sales", value: "12x" });
    expect(error.message).toBe(
      'f.csv line 42, column "sales": "12x" is not a number, as the other cells of this column are. Correct the cell, leave it ' +
        'empty if the value is missing, or read the column as words: types: { "sales": "category" }.',
    );
  });

  test("a word far behind the rows from which types were inferred", async () => {
    const error = await refusal(`x\n${"1\n".repeat(5000)}oops\n`);
    expect(error).toMatchObject({ row: 5002, value: "oops" });
  });

  test("a date of another form", async () => {
    expect(await refusal("d,y\n2024-01-30,1\n2024-01-31,2\n2024-02-30,3\n2024-03-01,4\n")).toMatchObject({
      row: 4,
      value: "2024-02-30",
    });
  });

  test("ragged rows, whose line is right behind quoted line ends", async () => {
    expect((await refusal('a,b\n"x\ny",1\n3\n')).message).toMatch(
      /f\.csv line 4: 1 field, where the header has 2; nothing is left for column "b"/,
    );
    expect(await refusal("a,b\n1,2\n1,2,3\n")).toMatchObject({ row: 3, value: "3" });
  });

  test.each([
    ["an empty file", "", /is empty/],
    ["blank lines alone", " \n\n", /is empty/],
    ["a header alone", "a,b\n", /no rows below it/],
    ["a NUL byte", "a,b\n1,2\n1,\0\n", /line 3: a NUL byte/],
    ["a quote never closed", 'a,b\n1,2\n"3,4\n', /line 3: a quoted field is never closed/],
    ["text after a closing quote", 'a,b\n1,2\n"3"x,4\n', /line 3: text follows a closing quote/],
  ])("%s", async (_, text, message) => {
    expect((await refusal(text)).message).toMatch(message);
    expect((await refusal(bytes(text))).message).toMatch(message);
  });

  test.each([
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0), /is UTF-16\. Save it as UTF-8/],
    ["UTF-16 without its mark", Uint8Array.of(0x61, 0, 0x0a, 0, 0x31, 0), /NUL byte/],
    ["Latin-1", Uint8Array.from([...bytes("a,b\nx,1\n"), 0xe4, ...bytes(",2\n")]), /line 3: these bytes are not UTF-8/],
    ["UTF-8 cut inside a letter", bytes("a\nä").subarray(0, 3), /not UTF-8/],
    ["an Excel workbook", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /Excel workbook/],
    ["Parquet", bytes("PAR1...."), /Parquet/],
    ["gzip cut off", new Uint8Array(gzipSync(SALES.repeat(100))).subarray(0, 60), /broken or cut off/],
    ["gzip with broken data", new Uint8Array(gzipSync(SALES)).fill(7, 20, 40), /broken or cut off/],
  ])("%s", async (_, data, message) => {
    expect((await refusal(data)).message).toMatch(message);
  });

  test("passes a failing disk on as it is", async () => {
    const broken = async function* () {
      yield new Uint8Array(gzipSync(SALES)).subarray(0, 20);
      throw new Error("EIO");
    };
    await expect(read(broken())).rejects.toThrow("EIO");
  });
});

describe("readCsv at the edges", () => {
  test("a hundred thousand columns", async () => {
    const n = 100_000;
    const names = Array.from({ length: n }, (_, i) => `c${i}`).join(",");
    const table = await read(`${names}\n${"1,".repeat(n - 1)}2\n${"3,".repeat(n - 1)}4\n`);
    expect(table.columns).toHaveLength(n);
    expect(table.columns.at(-1)).toMatchObject({ name: `c${n - 1}`, values: Float32Array.of(2, 4) });
  });

  test("one giant line of one field", async () => {
    const table = await read(`text\n"${"word ".repeat(500_000)}"\n`);
    expect(column(table, "text")).toMatchObject({ kind: "category", categories: ["word ".repeat(500_000).trim()] });
  });

  test("any mutant of a file is a table or a DataError", async () => {
    const seeds = [SALES, 'a;b\r\n"1,5";x\r\n2,5;"y ""z"""\r\n', "year,month,v\n2020,1,5\n2020,2,?\n", "y\n1\n\n2\n"].map(bytes);
    const edit = fc.record({
      at: fc.nat(200),
      drop: fc.nat(6),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom(...[",", "\n", '"', '""', "\r", ";", "\t", "\0", "NA", "1e999", "\uFEFF"].map(bytes)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (seed, edits, zipped) => {
          const data = [...seed];
          for (const { at, drop, insert } of edits) data.splice(at % (data.length + 1), drop, ...insert);
          const source = zipped ? new Uint8Array(gzipSync(Uint8Array.from(data))) : Uint8Array.from(data);
          const result = await read(source).catch((e: unknown) => e);
          if (result instanceof DataError) {
            expect(result.message).toContain("f.csv");
            return;
          }
          const table = result as Table;
          expect(table.rows).toBeGreaterThan(0);
          for (const c of table.columns) expect(c.kind === "category" ? c.codes.length : c.values.length).toBe(table.rows);
        },
      ),
      { numRuns: 2000, seed: 20 },
    );
  });
});

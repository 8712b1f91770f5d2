import { type ColumnBuilder, columnBuilder } from "./column-builders.ts";
import { count, DataError, listed, shown } from "./errors.ts";
import type { DataNote } from "./notes.ts";
import { type PlainRecords, type Records, recordsOf } from "./records.ts";
import { type ColumnPlan, type ColumnType, cellsOf, detectHeader, detectSeparator, planColumn } from "./sniff.ts";
import type { Column, Table } from "./table.ts";
import { type ByteSource, textOf } from "./text-source.ts";

/** Options of `readCsv`. */
export interface ReadCsvOptions {
  /** What messages call the file. */
  readonly name: string;
  /** Types of columns by name, where the guess from the first rows is not wanted. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Whether the first line names the columns. Detected by default. */
  readonly header?: boolean;
}

/** Rows from which types are inferred. */
const SAMPLE_ROWS = 1000;
/** Characters from which the separator is inferred. */
const HEAD = 1 << 18;

/**
 * Reads a CSV, plain or gzipped, as a stream into typed columns: numbers, yes and no, times (UTC), words. Separator
 * (`,` `;` tab `|`), decimal comma, header and types are inferred from the first rows; every later cell must agree with them.
 * Memory holds the columns (4 or 8 bytes a number) and one portion of text, never the file.
 *
 * Missing are empty cells, `NA`, `N/A`, `NaN`, `null`, `none`, `-`, `?`; they become NaN and are counted. Empty lines are
 * left out, except inside a file of one column, where each is a missing value.
 *
 * @throws {DataError} for a ragged row, a cell of another type than its column, an empty file, a file of another format.
 * @example
 * const table = await readCsv("day,sales\n2024-01-01,3\n2024-01-02,5\n", { name: "sales.csv" });
 * table.columns.map((c) => c.kind); // ["time", "number"]
 * // In Node: await readCsv(fs.createReadStream("sales.csv.gz"), { name: "sales.csv.gz" })
 */
export async function readCsv(source: ByteSource, options: ReadCsvOptions): Promise<Table> {
  const { name } = options;
  const text = textOf(source, name);
  const head = await takeHead(text);
  if (head.text.trim() === "")
    throw new DataError(`${name} is empty. A CSV has a line of column names and one line for each row.`);
  const separator = detectSeparator(head.text, head.complete);
  const builder = new TableBuilder(options, separator);
  for await (const batch of recordsOf(chain(head.text, text), separator, name)) builder.add(batch);
  return builder.finish();
}

async function takeHead(text: AsyncGenerator<string>): Promise<{ text: string; complete: boolean }> {
  let head = "";
  while (head.length < HEAD) {
    const next = await text.next();
    if (next.done) return { text: head, complete: true };
    head += next.value;
  }
  return { text: head, complete: false };
}

async function* chain(head: string, tail: AsyncIterable<string>): AsyncGenerator<string> {
  yield head;
  yield* tail;
}

/** Gathers a sample of records, plans the columns from it, then sends every record into its columns. */
class TableBuilder {
  private readonly options: ReadCsvOptions;
  private readonly separator: string;
  private readonly notes: DataNote[] = [];
  private sample: { row: string[]; line: number }[] = [];
  private builders: ColumnBuilder[] | undefined;
  private header = true;
  private rows = 0;
  private blankLines = 0;
  private waitingBlanks: number[] = [];
  private readonly fieldEnds: number[] = [];

  constructor(options: ReadCsvOptions, separator: string) {
    this.options = options;
    this.separator = separator;
  }

  add(records: Records): void {
    if ("text" in records) {
      this.addLines(records);
      return;
    }
    for (const [i, row] of records.rows.entries()) this.addRow(row, records.lines[i] as number);
  }

  private addRow(row: string[], line: number): void {
    if (this.builders !== undefined) this.push(row, line);
    else if (this.sample.push({ row, line }) > SAMPLE_ROWS) this.begin();
  }

  private addLines({ text, end, line: first }: PlainRecords): void {
    for (let from = 0, line = first; from < end; line++) {
      let to = text.indexOf("\n", from);
      if (to < 0) to = end; // the last line of the file
      if (this.builders === undefined) this.addRow(text.slice(from, to).split(this.separator), line);
      else this.pushLine(text, from, to, line);
      from = to + 1;
    }
  }

  finish(): Table {
    const { name } = this.options;
    const builders = this.builders ?? this.begin();
    if (this.rows === 0) {
      const names = listed(builders.map((b) => b.name));
      throw new DataError(`${name} has a header (${names}) and no rows below it. Add one line for each row.`, { row: 1 });
    }
    if (this.blankLines > 0) {
      const text = `${count(this.blankLines, "empty line was", "empty lines were")} left out.`;
      this.notes.push({ kind: "blankLines", count: this.blankLines, text });
    }
    const columns: Column[] = builders.map((b) => b.finish());
    for (const c of columns) this.noteMissing(c);
    return { name, rows: this.rows, columns, notes: this.notes };
  }

  /** Plans the columns from the sample and sends the sample through them. */
  private begin(): ColumnBuilder[] {
    const sample = this.sample;
    this.sample = [];
    const records = sample.map((s) => s.row).filter((row) => !isBlank(row));
    const { separator } = this;
    const { name, types = {} } = this.options;
    this.header = this.options.header ?? detectHeader(records, separator);
    const body = this.header ? records.slice(1) : records;
    const names = this.columnNames(records[0] ?? []);
    for (const wanted of Object.keys(types)) {
      if (names.includes(wanted)) continue;
      throw new DataError(`${name}: types names the column ${shown(wanted)}, and the columns are ${listed(names)}.`, {
        column: wanted,
      });
    }
    const builders = names.map((column, c) => {
      const type = Object.hasOwn(types, column) ? types[column] : undefined;
      const cells = cellsOf(body, c);
      const plan = planColumn(cells, { separator, name: column, type });
      if (type === "time" && plan.type !== "time" && cells.length > 0) throw this.noTime(column, cells[0] as string);
      this.noteAmbiguous(column, plan);
      return columnBuilder(name, column, plan, separator);
    });
    this.builders = builders;
    const skipped = this.header ? sample.findIndex((s) => !isBlank(s.row)) : -1;
    sample.forEach(({ row, line }, i) => {
      if (i !== skipped) this.push(row, line);
    });
    return builders;
  }

  private push(row: string[], line: number): void {
    const builders = this.builders as ColumnBuilder[];
    if (isBlank(row)) {
      this.pushBlank(line);
      return;
    }
    if (row.length !== builders.length) throw this.ragged(row, line, builders);
    this.fillBlanks();
    for (let c = 0; c < row.length; c++) builders[c]?.push(row[c] as string, line);
    this.rows++;
  }

  /** The record in text[from, to) that holds no quote: numbers are read where they stand, without a string for each. */
  private pushLine(text: string, from: number, to: number, line: number): void {
    const builders = this.builders as ColumnBuilder[];
    const ends = this.fieldEnds;
    const separator = this.separator.charCodeAt(0);
    let fields = 0;
    for (let at = from; at < to; at++) if (text.charCodeAt(at) === separator) ends[fields++] = at;
    ends[fields++] = to;
    if (fields === 1 && isEmpty(text, from, to)) {
      this.pushBlank(line);
      return;
    }
    if (fields !== builders.length) throw this.ragged(text.slice(from, to).split(this.separator), line, builders);
    this.fillBlanks();
    for (let c = 0, start = from; c < fields; c++) {
      const end = ends[c] as number;
      (builders[c] as ColumnBuilder).pushPart(text, start, end, line);
      start = end + 1;
    }
    this.rows++;
  }

  /** An empty line is a missing value where a record has one field and more values follow. */
  private pushBlank(line: number): void {
    if (this.builders?.length === 1 && this.rows > 0) this.waitingBlanks.push(line);
    else this.blankLines++;
  }

  private fillBlanks(): void {
    if (this.waitingBlanks.length === 0) return;
    for (const blank of this.waitingBlanks.splice(0)) {
      this.builders?.[0]?.push("", blank);
      this.rows++;
    }
  }

  private noTime(column: string, value: string): DataError {
    return new DataError(
      `${this.options.name}: types calls column ${shown(column)} a time, and ${shown(value)} is written in no form that is known. ` +
        "Write 2024-01-31 or 2024-01-31 12:30:00, or leave the column out of types.",
      { column, value },
    );
  }

  private ragged(row: string[], line: number, builders: ColumnBuilder[]): DataError {
    const short = row.length < builders.length;
    const [place, value] = short
      ? [builders[row.length]?.name ?? "", ""]
      : [builders.at(-1)?.name ?? "", row[builders.length] as string];
    const model = this.header ? "the header" : "the first line";
    const what = short
      ? `nothing is left for column ${shown(place)}`
      : `${shown(value)} follows the last column, ${shown(place)}`;
    return new DataError(
      `${this.options.name} line ${line}: ${count(row.length, "field")}, where ${model} has ${builders.length}; ${what}. ` +
        `Give each line ${count(builders.length, "field")}, and put quotes around a value that holds ${shown(this.separator)}.`,
      { row: line, column: place, value },
    );
  }

  /** Names from the header, or column1, column2, …; a name that is taken gets a number. */
  private columnNames(first: readonly string[]): string[] {
    const wanted = first.map((cell, c) => (this.header && cell.trim() !== "" ? cell.trim() : `column${c + 1}`));
    const taken = new Set<string>();
    const last = new Map<string, number>();
    const reserved = new Set(wanted);
    return wanted.map((base) => {
      let name = base;
      for (let i = last.get(base) ?? 2; taken.has(name); i++) {
        name = `${base}_${i}`;
        last.set(base, i + 1);
        if (reserved.has(name)) name = base; // another column already has this very name
      }
      taken.add(name);
      if (name !== base) {
        const text = `Two columns are called ${shown(base)}; the later one is called ${shown(name)} here.`;
        this.notes.push({ kind: "renamedColumns", count: 1, column: name, text });
      }
      return name;
    });
  }

  private noteAmbiguous(column: string, { ambiguous }: ColumnPlan): void {
    if (ambiguous !== true) return;
    const text = `Column ${shown(column)}: day and month cannot be told apart; the month was taken to stand first (MM/DD/YYYY).`;
    this.notes.push({ kind: "dayOrMonthFirst", count: 1, column, text });
  }

  private noteMissing(column: Column): void {
    if (column.missing === 0) return;
    const text =
      column.missing === this.rows
        ? `Column ${shown(column.name)} holds no value at all.`
        : `Column ${shown(column.name)} lacks ${count(column.missing, "value")} in ${count(this.rows, "row")}.`;
    const kind = column.missing === this.rows ? "emptyColumn" : "missingValues";
    this.notes.push({ kind, count: column.missing, column: column.name, text });
  }
}

/** Whether text[from, to) is nothing but white space; a line that begins with an ASCII sign is not looked at further. */
function isEmpty(text: string, from: number, to: number): boolean {
  const first = text.charCodeAt(from);
  return from === to || ((first <= 32 || first > 126) && text.slice(from, to).trim() === "");
}

function isBlank(row: readonly string[]): boolean {
  return row.length === 1 && (row[0] as string).trim() === "";
}

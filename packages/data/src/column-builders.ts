import { isMissing } from "./cells.ts";
import { DataError, shown } from "./errors.ts";
import { type ColumnPlan, type ColumnType, cellReader, planColumn } from "./sniff.ts";
import type { Column, Values } from "./table.ts";

/** Takes the cells of one column in order and ends as a typed column. */
export interface ColumnBuilder {
  readonly name: string;
  /** @throws {DataError} when the cell is not of the column's type. */
  push(cell: string, line: number): void;
  finish(): Column;
}

/** The builder for a column as planned. */
export function columnBuilder(file: string, name: string, plan: ColumnPlan, separator: string): ColumnBuilder {
  if (plan.type === "category") return new CategoryBuilder(name);
  if (plan.type === "unknown") return new UndecidedBuilder(file, name, separator);
  return new NumberBuilder(file, name, plan);
}

const KIND: Record<Exclude<ColumnType, "category">, string> = {
  number: "a number",
  boolean: "true or false, yes or no",
  time: "a time",
};

/** Numbers, yes and no, and times: all of them end as floating point. */
class NumberBuilder implements ColumnBuilder {
  readonly name: string;
  private readonly file: string;
  private readonly plan: ColumnPlan;
  private readonly read: (cell: string) => number;
  private readonly numbers = new GrowingNumbers();
  private missing = 0;

  constructor(file: string, name: string, plan: ColumnPlan) {
    this.file = file;
    this.name = name;
    this.plan = plan;
    this.read = cellReader(plan);
  }

  push(cell: string, line: number): void {
    const value = this.read(cell);
    if (Number.isNaN(value)) {
      if (!isMissing(cell)) throw this.refusal(cell, line);
      this.missing++;
    }
    this.numbers.push(value);
  }

  finish(): Column {
    const { name, missing } = this;
    if (this.plan.type === "time") {
      return { kind: "time", name, values: this.numbers.toFloat64(), format: this.plan.timeFormat?.name ?? "", missing };
    }
    return { kind: this.plan.type === "boolean" ? "boolean" : "number", name, values: this.numbers.toValues(), missing };
  }

  private refusal(cell: string, line: number): DataError {
    const type = this.plan.type as Exclude<ColumnType, "category">;
    const form = this.plan.timeFormat === undefined ? "" : ` of the form ${this.plan.timeFormat.name}`;
    return new DataError(
      `${this.file} line ${line}, column ${shown(this.name)}: ${shown(cell)} is not ${KIND[type]}${form}, ` +
        "as the other cells of this column are. Correct the cell, leave it empty if the value is missing, " +
        `or read the column as words: types: { ${shown(this.name)}: "category" }.`,
      { row: line, column: this.name, value: cell },
    );
  }
}

class CategoryBuilder implements ColumnBuilder {
  readonly name: string;
  private readonly codes = new GrowingNumbers();
  private readonly codeOf = new Map<string, number>();
  private missing = 0;

  constructor(name: string) {
    this.name = name;
  }

  push(cell: string): void {
    if (isMissing(cell)) {
      this.missing++;
      this.codes.push(-1);
      return;
    }
    const word = cell.trim();
    let code = this.codeOf.get(word);
    if (code === undefined) {
      code = this.codeOf.size;
      this.codeOf.set(ownCopy(word), code);
    }
    this.codes.push(code);
  }

  finish(): Column {
    const { name, missing } = this;
    return { kind: "category", name, codes: this.codes.toInt32(), categories: [...this.codeOf.keys()], missing };
  }
}

/** A column without a value so far: the first value decides what it holds. */
class UndecidedBuilder implements ColumnBuilder {
  readonly name: string;
  private readonly file: string;
  private readonly separator: string;
  private empty = 0;
  private decided: ColumnBuilder | undefined;

  constructor(file: string, name: string, separator: string) {
    this.file = file;
    this.name = name;
    this.separator = separator;
  }

  push(cell: string, line: number): void {
    if (this.decided === undefined && isMissing(cell)) this.empty++;
    else (this.decided ?? this.decide([cell])).push(cell, line);
  }

  finish(): Column {
    return (this.decided ?? this.decide([])).finish();
  }

  private decide(cells: string[]): ColumnBuilder {
    const plan = planColumn(cells, { separator: this.separator, name: this.name });
    const known: ColumnPlan = plan.type === "unknown" ? { type: "number", decimalComma: false } : plan;
    const builder = columnBuilder(this.file, this.name, known, this.separator);
    for (let i = 0; i < this.empty; i++) builder.push("", 0);
    this.decided = builder;
    return builder;
  }
}

/** V8 keeps the whole portion of text alive behind a slice of it; a copy that was built anew keeps only itself. */
function ownCopy(word: string): string {
  return word.length < 13 ? word : ` ${word}`.slice(1);
}

const FIRST_CHUNK = 32;
const LARGEST_CHUNK = 1 << 17;

/** Numbers in chunks that double up to 128 Ki values: neither a short column nor a long one wastes memory. */
class GrowingNumbers {
  private chunk = new Float64Array(FIRST_CHUNK);
  private used = 0;
  private readonly full: Values[] = [];
  private length = 0;

  push(value: number): void {
    if (this.used === this.chunk.length) {
      this.full.push(narrowed(this.chunk));
      this.chunk = new Float64Array(Math.min(2 * this.chunk.length, LARGEST_CHUNK));
      this.used = 0;
    }
    this.chunk[this.used++] = value;
    this.length++;
  }

  /** Float32 where that loses nothing, else Float64. Call one of the three once, at the end. */
  toValues(): Values {
    const last = narrowed(this.chunk.subarray(0, this.used));
    const exact = last instanceof Float32Array && this.full.every((chunk) => chunk instanceof Float32Array);
    return this.fill(exact ? new Float32Array(this.length) : new Float64Array(this.length));
  }

  toFloat64(): Float64Array {
    return this.fill(new Float64Array(this.length));
  }

  toInt32(): Int32Array {
    return this.fill(new Int32Array(this.length));
  }

  private fill<T extends Values | Int32Array>(out: T): T {
    let at = 0;
    for (let chunk = this.full.shift(); chunk !== undefined; chunk = this.full.shift()) {
      out.set(chunk, at);
      at += chunk.length;
    }
    out.set(this.chunk.subarray(0, this.used), at);
    return out;
  }
}

/** The same numbers as Float32Array when each of them survives it. */
function narrowed(values: Float64Array): Values {
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (Math.fround(x) !== x && !Number.isNaN(x)) return values;
  }
  return Float32Array.from(values);
}

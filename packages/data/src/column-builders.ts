import { isMissing, readPlainNumber } from "./cells.ts";
import { DataError, shown } from "./errors.ts";
import { GrowingNumbers } from "./growing-numbers.ts";
import { type ColumnPlan, type ColumnType, cellReader, planColumn } from "./sniff.ts";
import type { Column } from "./table.ts";

/** Takes the cells of one column in order and ends as a typed column. */
export interface ColumnBuilder {
  readonly name: string;
  /** @throws {DataError} when the cell is not of the column's type. */
  push(cell: string, line: number): void;
  /** The same with the cell text[from, to), which holds no quote. */
  pushPart(text: string, from: number, to: number, line: number): void;
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
  /** Character code of the decimal sign; 0 where the column holds no numbers. */
  private readonly decimalSign: number;
  private readonly numbers = new GrowingNumbers();
  private missing = 0;

  constructor(file: string, name: string, plan: ColumnPlan) {
    this.file = file;
    this.name = name;
    this.plan = plan;
    this.read = cellReader(plan);
    this.decimalSign = plan.type === "number" ? (plan.decimalComma ? "," : ".").charCodeAt(0) : 0;
  }

  push(cell: string, line: number): void {
    const value = this.read(cell);
    if (Number.isNaN(value)) {
      if (!isMissing(cell)) throw this.refusal(cell, line);
      this.missing++;
    }
    this.numbers.push(value);
  }

  pushPart(text: string, from: number, to: number, line: number): void {
    const value = this.decimalSign === 0 ? Number.NaN : readPlainNumber(text, from, to, this.decimalSign);
    if (Number.isNaN(value)) this.push(text.slice(from, to), line);
    else this.numbers.push(value);
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

  pushPart(text: string, from: number, to: number): void {
    this.push(text.slice(from, to));
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

  pushPart(text: string, from: number, to: number, line: number): void {
    if (this.decided === undefined) this.push(text.slice(from, to), line);
    else this.decided.pushPart(text, from, to, line);
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

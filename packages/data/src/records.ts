import Papa from "papaparse";
import { count, DataError, shown } from "./errors.ts";

/** Records of a CSV in order, a few thousand at a time: as fields, or as text where no quote stands in it. */
export type Records = RecordBatch | PlainRecords;

/** Records as lists of fields. */
export interface RecordBatch {
  readonly rows: readonly string[][];
  /** Line of the file on which each record starts, from 1. */
  readonly lines: readonly number[];
}

/** Whole records as the file has them: without a quote each line is a record, and each separator ends a field. */
export interface PlainRecords {
  readonly text: string;
  /** Where the records end; what follows in the text belongs to the next portion. */
  readonly end: number;
  /** Line of the file on which the first record starts, from 1. */
  readonly line: number;
}

/** Longest record: a quote that is never closed would otherwise gather the rest of the file. */
const LONGEST_RECORD = 1 << 26;
/** Text is parsed in portions of about this size. */
const PORTION = 1 << 18;

/**
 * Splits text into records and fields as RFC 4180 has it. Never holds more than one portion of text, or one record where
 * that is longer. An empty line is a record with one empty field.
 * @throws {DataError} for a quote that is not closed, text after a closing quote, a record above 64 million characters.
 */
export async function* recordsOf(text: AsyncIterable<string>, separator: string, name: string): AsyncGenerator<Records> {
  const parser = new Papa.Parser({ delimiter: separator, newline: "\n" });
  let rest = "";
  let wanted = PORTION;
  let line = 1;
  for await (const piece of text) {
    rest += piece;
    if (rest.length < wanted) continue;
    const { records, used, nextLine } = portion(parser, rest, true, line, name);
    if (used > 0) {
      rest = rest.slice(used);
      line = nextLine;
      wanted = PORTION;
      yield records;
      continue;
    }
    if (rest.length > LONGEST_RECORD) {
      throw new DataError(
        `${name} line ${line}: this record is longer than ${count(LONGEST_RECORD, "character")}. ` +
          "Look for a quote that is never closed, or for a file without line ends.",
        { row: line },
      );
    }
    wanted = 2 * rest.length; // no whole record yet: doubling keeps the work linear
  }
  if (rest.length > 0) yield portion(parser, rest, false, line, name).records;
}

interface Portion {
  readonly records: Records;
  /** Characters that belong to the records given; the rest is the start of the next one. */
  readonly used: number;
  readonly nextLine: number;
}

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

function portion(parser: InstanceType<typeof Papa.Parser>, text: string, more: boolean, line: number, name: string): Portion {
  if (text.includes('"')) return parse(parser, text, more, line, name);
  const end = more ? text.lastIndexOf("\n") + 1 : text.length;
  return { records: { text, end, line }, used: end, nextLine: line + lineEnds(text, end) };
}

function parse(parser: InstanceType<typeof Papa.Parser>, text: string, more: boolean, line: number, name: string): Portion {
  const { data, errors, meta }: Parsed = parser.parse(text, 0, more);
  if (!more && text.endsWith("\n") && data.at(-1)?.length === 1 && data.at(-1)?.[0] === "") data.pop();
  const lines: number[] = [];
  for (const row of data) {
    lines.push(line++);
    for (const field of row) line += lineEnds(field); // a quoted field can hold line ends
  }
  const error = errors.find((e) => (e.row ?? 0) < data.length); // one in a record still incomplete may heal
  if (error !== undefined) {
    const row = lines[error.row ?? 0] as number;
    const start = shown(data[error.row ?? 0]?.find((field) => field.includes('"') || field.includes("\n")) ?? "");
    const fault = error.code === "MissingQuotes" ? "a quoted field is never closed" : "text follows a closing quote";
    throw new DataError(
      `${name} line ${row}: ${fault} (near ${start}). A quote inside a quoted field is written twice: "6"" pipe".`,
      { row },
    );
  }
  return { records: { rows: data, lines }, used: data.length > 0 ? meta.cursor : 0, nextLine: line };
}

/** How many lines end in the text before `end`. */
export function lineEnds(text: string, end: number = text.length): number {
  let n = 0;
  for (let at = 0; at < end; at++) if (text.charCodeAt(at) === 10) n++;
  return n;
}

import Papa from "papaparse";
import { count, DataError, shown } from "./errors.ts";

/** Records of a CSV in order, a few thousand at a time. */
export interface RecordBatch {
  readonly rows: readonly string[][];
  /** Line of the file on which each record starts, from 1. */
  readonly lines: readonly number[];
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
export async function* recordsOf(text: AsyncIterable<string>, separator: string, name: string): AsyncGenerator<RecordBatch> {
  const parser = new Papa.Parser({ delimiter: separator, newline: "\n" });
  let rest = "";
  let wanted = PORTION;
  let line = 1;
  for await (const piece of text) {
    rest += piece;
    if (rest.length < wanted) continue;
    const batch = parse(parser, rest, true, line, name);
    rest = rest.slice(batch.used);
    line = batch.nextLine;
    if (batch.rows.length > 0) {
      wanted = PORTION;
      yield batch;
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
  if (rest.length > 0) yield parse(parser, rest, false, line, name);
}

interface ParsedBatch extends RecordBatch {
  /** Characters that belong to the records given; the rest is the start of the next one. */
  readonly used: number;
  readonly nextLine: number;
}

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

function parse(parser: InstanceType<typeof Papa.Parser>, text: string, more: boolean, line: number, name: string): ParsedBatch {
  const { data, errors, meta }: Parsed = parser.parse(text, 0, more);
  if (!more && text.endsWith("\n") && data.at(-1)?.length === 1 && data.at(-1)?.[0] === "") data.pop();
  const quoted = text.includes('"'); // only a quoted field can hold a line end
  const lines: number[] = [];
  for (const row of data) {
    lines.push(line++);
    if (quoted) for (const field of row) for (let at = field.indexOf("\n"); at >= 0; at = field.indexOf("\n", at + 1)) line++;
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
  return { rows: data, lines, used: meta.cursor, nextLine: line };
}

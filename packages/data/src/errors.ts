import { beginning } from "./segments.ts";

/** Where in a file a value was refused. Every field is optional: an empty file has no row. */
export interface DataErrorPlace {
  /** Line number in the file, from 1 (the header is line 1). */
  readonly row?: number;
  readonly column?: string;
  readonly value?: string;
}

/**
 * Data that cannot be used: a ragged row, a word among numbers, a series too short. The message names the file, the line,
 * the column and the value, the rule they break, and what to do.
 */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly row: number | undefined;
  readonly column: string | undefined;
  readonly value: string | undefined;

  constructor(message: string, place: DataErrorPlace = {}, options?: ErrorOptions) {
    super(message, options);
    this.row = place.row;
    this.column = place.column;
    this.value = place.value;
  }
}

/** A value as it may stand in a message: quoted, control characters escaped, cut after 40 characters. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 40 ? `${beginning(value, 40)}…` : value);
}

/** Names as they may stand in a message: quoted, the first twelve, then how many more. */
export function listed(names: readonly string[]): string {
  const head = names.slice(0, 12).map(shown).join(", ");
  return names.length > 12 ? `${head} and ${count(names.length - 12, "more", "more")}` : head;
}

/** `1 row`, `1,204 rows`. */
export function count(n: number, singular: string, plural: string = `${singular}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? singular : plural}`;
}

/** @throws {DataError} unless each is a whole number from 1 up. */
export function requireCounts(attempt: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new DataError(`Cannot ${attempt} with ${name} ${value}: a whole number from 1 up is needed.`);
    }
  }
}

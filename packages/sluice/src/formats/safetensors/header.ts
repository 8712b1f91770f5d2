import { FormatError } from "../../errors.ts";

/** One tensor as the header declares it. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte, and the byte after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** What the header of a file says, checked. */
export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/**
 * Reads the JSON of a safetensors header. The grammar is narrower than JSON's, so it has a parser of its own: keys go into
 * maps (nothing reaches a prototype), a repeated key is refused, and no value that the format does not know is ever built.
 * @throws {FormatError} naming the character where the text stops being a header.
 */
export function parseHeader(text: string): Header {
  const reader = new HeaderReader(text);
  const metadata = new Map<string, string>();
  const entries = new Map<string, TensorEntry>();
  reader.object((name) => {
    if (name === "__metadata__") reader.object((key) => void metadata.set(key, reader.string()));
    else entries.set(name, readEntry(reader, name));
  });
  reader.end();
  return { metadata, entries };
}

function readEntry(reader: HeaderReader, name: string): TensorEntry {
  let dtype: string | null = null;
  let shape: number[] | null = null;
  let offsets: number[] | null = null;
  reader.object((key) => {
    if (key === "dtype") dtype = reader.string();
    else if (key === "shape") shape = reader.integers();
    else if (key === "data_offsets") offsets = reader.integers();
    else throw reader.refuse(`tensor "${shown(name)}" has the unknown field "${shown(key)}"`);
  });
  const [begin, end, ...more] = offsets ?? [];
  if (dtype === null || shape === null || begin === undefined || end === undefined || more.length > 0) {
    throw reader.refuse(`tensor "${shown(name)}" needs a dtype, a shape and two data_offsets`);
  }
  return { dtype, shape, begin, end };
}

/** A name as a message may show it: at most 80 characters, control characters as "�". */
export function shown(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Surrogate}]/gu, "�");
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain;
}

const DIGITS = /\d+/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y; // JSON.parse judges what stands between the quotes
const SPACE = /[ \t\n\r]*/y;

/** A cursor over the header's text. */
class HeaderReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** { "key": value, … }; `visit` reads the value. */
  object(visit: (key: string) => void): void {
    const seen = new Set<string>();
    this.list("{", "}", () => {
      const key = this.string();
      if (seen.has(key)) throw this.refuse(`the key "${shown(key)}" stands twice`);
      seen.add(key);
      this.expect(":");
      visit(key);
    });
  }

  /** [ 1, 2, … ] of whole numbers in [0, 2⁵³). */
  integers(): number[] {
    const values: number[] = [];
    this.list("[", "]", () => {
      const digits = this.token(DIGITS, "a whole number");
      const value = Number(digits);
      if (!Number.isSafeInteger(value) || (digits.length > 1 && digits.startsWith("0"))) {
        throw this.refuse(`${shown(digits)} is not a whole number below 2^53`);
      }
      values.push(value);
    });
    return values;
  }

  string(): string {
    const token = this.token(STRING, "a string");
    let value: string;
    try {
      value = JSON.parse(token) as string;
    } catch {
      throw this.refuse("a string holds a control character or an unknown escape");
    }
    if (/\p{Surrogate}/u.test(value)) throw this.refuse("a string holds half of a character (a lone surrogate)");
    return value;
  }

  end(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.refuse("something follows the closing brace");
  }

  refuse(what: string): FormatError {
    return new FormatError(
      `Cannot read safetensors: ${what}, near character ${this.at} of the header. The file is damaged or was not written as safetensors; get it again from its source.`,
    );
  }

  private list(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (this.accept(close)) return;
    do item();
    while (this.accept(","));
    this.expect(close);
  }

  private accept(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.refuse(`expected "${character}" but found ${this.found()}`);
  }

  private token(pattern: RegExp, what: string): string {
    this.skipSpace();
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) throw this.refuse(`expected ${what} but found ${this.found()}`);
    this.at = pattern.lastIndex;
    return match[0];
  }

  private skipSpace(): void {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    this.at = SPACE.lastIndex;
  }

  private found(): string {
    return this.at < this.text.length ? `"${shown(this.text[this.at] as string)}"` : "the end";
  }
}

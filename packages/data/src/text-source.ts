import { DataError } from "./errors.ts";
import { lineEnds } from "./records.ts";

/**
 * Where a file's bytes come from: the text itself, its bytes, a web stream, or anything that yields bytes
 * (`fs.createReadStream(path)` in Node does). A string is the content, never a path.
 */
export type ByteSource = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const PIECE = 1 << 18;

/**
 * The text of a source, piece by piece: gunzipped when its first bytes say so, decoded as UTF-8, without a byte-order
 * mark, line ends as `\n`.
 * @throws {DataError} for UTF-16, Excel, Parquet and zip files, bytes that are not UTF-8, NUL bytes, broken gzip data.
 */
export async function* textOf(source: ByteSource, name: string): AsyncGenerator<string> {
  const pieces = typeof source === "string" ? slices(source) : decoded(await plainBytes(source, name), name);
  let first = true;
  let heldReturn = false; // a "\r" at the end of a piece waits for the next: it may be half of "\r\n"
  let line = 1;
  for await (let text of pieces) {
    if (first && text.startsWith("\uFEFF")) text = text.slice(1);
    first = false;
    const nul = text.indexOf("\0");
    if (nul >= 0) {
      const row = line + lineEnds(text.slice(0, nul));
      throw new DataError(
        `${name} line ${row}: a NUL byte, which no text file holds. Is this a binary file, or UTF-16 without its mark? ` +
          "Save it as text in UTF-8.",
        { row },
      );
    }
    if (heldReturn) text = `\r${text}`;
    heldReturn = text.endsWith("\r");
    if (heldReturn) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    line += lineEnds(text);
    if (text.length > 0) yield text;
  }
  if (heldReturn) yield "\n";
}

/**
 * A whole text, for models of characters or words: gunzipped and decoded as for a table. Line ends are `\n`, a byte-order mark is gone.
 * @param name how messages call it. Default "the text".
 * @throws {DataError} for UTF-16, bytes that are not UTF-8, NUL bytes, and files that are no text.
 * @example const text = await readText(createReadStream("shakespeare.txt.gz"), { name: "shakespeare.txt.gz" });
 */
export async function readText(source: ByteSource, { name = "the text" }: { readonly name?: string } = {}): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of textOf(source, name)) pieces.push(piece);
  return pieces.join("");
}

function* slices(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for await (const piece of bytes) {
    let text: string;
    try {
      text = decoder.decode(piece, { stream: true });
    } catch (cause) {
      const lax = new TextDecoder("utf-8").decode(piece, { stream: true });
      throw notUtf8(name, line + lineEnds(lax.slice(0, Math.max(0, lax.indexOf("\uFFFD")))), cause);
    }
    line += lineEnds(text);
    yield text;
  }
  try {
    decoder.decode();
  } catch (cause) {
    throw notUtf8(name, line, cause);
  }
}

function notUtf8(name: string, row: number, cause: unknown): DataError {
  return new DataError(
    `${name} line ${row}: these bytes are not UTF-8. Save the file as UTF-8 ("CSV UTF-8" in a spreadsheet), or convert it from the ` +
      "encoding that it has: iconv -f latin1 -t utf-8, for Chinese gb18030, for Japanese shift_jis, for Russian windows-1251.",
    { row },
    { cause },
  );
}

/** The bytes of the file, gunzipped if need be. */
async function plainBytes(source: Exclude<ByteSource, string>, name: string): Promise<AsyncIterable<Uint8Array>> {
  const raw = await peeked(bytesOf(source));
  refuse(raw.magic, name);
  if (raw.magic[0] !== 0x1f || raw.magic[1] !== 0x8b) return raw.bytes;
  const inside = await peeked(gunzipped(raw.bytes, name));
  refuse(inside.magic, name);
  return inside.bytes;
}

async function* bytesOf(source: Exclude<ByteSource, string>): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < source.length; at += PIECE) yield source.subarray(at, at + PIECE);
  } else if ("getReader" in source) {
    const reader = source.getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    } finally {
      await reader.cancel(); // reached at the end as well, where it does nothing
    }
  } else yield* source;
}

/** The first four bytes (fewer in a shorter file), and all bytes from the start. */
async function peeked(source: AsyncGenerator<Uint8Array>): Promise<{ magic: Uint8Array; bytes: AsyncIterable<Uint8Array> }> {
  const head: Uint8Array[] = [];
  let size = 0;
  while (size < 4) {
    const next = await source.next();
    if (next.done) break;
    head.push(next.value);
    size += next.value.length;
  }
  const magic = Uint8Array.from(head.flatMap((piece) => [...piece.subarray(0, 4)]).slice(0, 4));
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* head;
    yield* source;
  }
  return { magic, bytes: all() };
}

async function* gunzipped(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let sourceError: unknown;
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        sourceError = error;
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  const reader = compressed.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      yield next.value;
    }
  } catch (cause) {
    if (sourceError !== undefined) throw sourceError; // the disk failed, not the format
    throw new DataError(
      `${name}: begins as gzip, but its data is broken or cut off. Copy or download it again; gzip -t tests a file.`,
      {},
      { cause },
    );
  } finally {
    await reader.cancel().catch(() => undefined); // a stream that has failed cannot be cancelled
  }
}

/** Files that are often taken for text, told by their first bytes. */
function refuse(magic: Uint8Array, name: string): void {
  const starts = (...bytes: number[]) => magic.length >= bytes.length && bytes.every((byte, i) => magic[i] === byte);
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) {
    throw new DataError(`${name} is UTF-16. Save it as UTF-8 ("CSV UTF-8" in a spreadsheet): iconv -f utf-16 -t utf-8.`);
  }
  if (starts(0x50, 0x4b, 3, 4)) {
    throw new DataError(`${name} is an Excel workbook or a zip archive, not text. Export the sheet as CSV, or unpack the file.`);
  }
  if (starts(0x50, 0x41, 0x52, 0x31)) throw new DataError(`${name} is a Parquet file, not text. Export it as CSV first.`);
}

import type { RandomStream } from "../../random/philox.ts";

const HEADER_START = 8;

/** One damaged copy of a safetensors file: a bit flipped, bytes cut, spliced or repeated, a number or word of the header changed, a lie about its length. */
export function mutant(file: Uint8Array, random: RandomStream): Uint8Array {
  const kinds = [flipBit, cut, splice, editNumber, editWord, lieAboutLength, setByte];
  let bytes: Uint8Array = file;
  for (let times = 1 + random.below(3); times > 0; times--)
    bytes = (kinds[random.below(kinds.length)] as typeof cut)(bytes, random);
  return bytes;
}

function flipBit(file: Uint8Array, random: RandomStream): Uint8Array {
  const copy = file.slice();
  if (copy.length > 0) copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

function setByte(file: Uint8Array, random: RandomStream): Uint8Array {
  const copy = file.slice();
  if (copy.length > 0) copy[random.below(Math.min(copy.length, 600))] = random.below(256);
  return copy;
}

function cut(file: Uint8Array, random: RandomStream): Uint8Array {
  return file.slice(0, random.below(file.length + 1));
}

/** Some bytes taken out, or put in twice. */
function splice(file: Uint8Array, random: RandomStream): Uint8Array {
  const from = random.below(file.length + 1);
  const to = Math.min(file.length, from + random.below(40));
  return random.below(2) === 0
    ? joined(file.subarray(0, from), file.subarray(to))
    : joined(file.subarray(0, to), file.subarray(from));
}

/** A number of the header becomes another, often an extreme one; the header's length follows. */
function editNumber(file: Uint8Array, random: RandomStream): Uint8Array {
  const values = [
    "0",
    "-1",
    "1.5",
    "1e9",
    "4294967296",
    "9007199254740993",
    "18446744073709551616",
    "null",
    '"3"',
    "[]",
    String(random.below(300)),
  ];
  return editHeader(file, random, /\d+/g, values);
}

function editWord(file: Uint8Array, random: RandomStream): Uint8Array {
  const words = [
    '"F32"',
    '"F64"',
    '"I64"',
    '"BOOL"',
    '"__proto__"',
    '"constructor"',
    '"__metadata__"',
    '""',
    '"\\ud800"',
    "{}",
    "[",
    '"lstm/kernel"',
  ];
  return editHeader(file, random, /"[^"]*"/g, words);
}

function editHeader(file: Uint8Array, random: RandomStream, pattern: RegExp, values: readonly string[]): Uint8Array {
  const length = headerLength(file);
  if (length === null) return file.slice();
  const text = new TextDecoder("latin1").decode(file.subarray(HEADER_START, HEADER_START + length));
  const matches = [...text.matchAll(pattern)];
  const match = matches[random.below(Math.max(1, matches.length))];
  if (!match) return file.slice();
  const value = values[random.below(values.length)] as string;
  const edited = text.slice(0, match.index) + value + text.slice(match.index + match[0].length);
  const header = Uint8Array.from(edited, (character) => character.charCodeAt(0));
  return joined(lengthField(header.length), header, file.subarray(HEADER_START + length));
}

function lieAboutLength(file: Uint8Array, random: RandomStream): Uint8Array {
  const copy = file.slice();
  if (copy.length < HEADER_START) return copy;
  const lies = [
    0,
    1,
    2,
    copy.length,
    copy.length - HEADER_START,
    2 ** 20,
    2 ** 20 + 1,
    2 ** 31,
    2 ** 52,
    random.below(copy.length),
  ];
  copy.set(lengthField(lies[random.below(lies.length)] as number));
  return copy;
}

function headerLength(file: Uint8Array): number | null {
  if (file.length < HEADER_START) return null;
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return length <= file.length - HEADER_START ? length : null;
}

function lengthField(length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_START);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  return bytes;
}

/** A file with this header, its length written before it, and so many bytes of data. */
export function fileWithHeader(header: string, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  return joined(lengthField(text.length), text, new Uint8Array(dataBytes));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

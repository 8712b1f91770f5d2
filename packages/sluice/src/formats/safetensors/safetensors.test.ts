import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../errors.ts";
import { RandomStream } from "../../random/philox.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { fileWithHeader, mutant } from "../testing/mutants.ts";
import { MAX_HEADER_BYTES, MAX_TENSORS, readSafetensors, readSafetensorsMetadata, writeSafetensors } from "./safetensors.ts";

/** Mutants tried; the long form runs 10⁸. */
const MUTANTS = Number(process.env.SLUICE_MUTANTS ?? 100_000);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("writes what the format's description says, byte for byte", () => {
  const file = writeSafetensors({
    metadata: new Map([["made", "by hand"]]),
    tensors: new Map([["w", { shape: [2], data: Float32Array.of(1, -2) }]]),
  });
  const header = '{"__metadata__":{"made":"by hand"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  expect(header.length).toBe(88); // a multiple of 8, so no padding here
  expect(hex(file)).toBe(`5800000000000000${Buffer.from(header).toString("hex")}0000803f000000c0`);
});

test("reads what Python's safetensors wrote: padding behind the header, tensors in another order than their data", () => {
  const header = '{"b":{"dtype":"I32","shape":[1],"data_offsets":[4,8]}, "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   ';
  const file = fileWithHeader(header, 8);
  new DataView(file.buffer).setFloat32(file.length - 8, 0.5, true);
  new DataView(file.buffer).setInt32(file.length - 4, -7, true);
  expect(readSafetensors(file).tensors).toEqual(
    new Map<string, NumericArray>([
      ["b", { shape: [1], data: Int32Array.of(-7) }],
      ["a", { shape: [], data: Float32Array.of(0.5) }],
    ]),
  );
});

test("reads Node's buffers, which may begin anywhere in their memory", () => {
  const tensors = new Map<string, NumericArray>([["x", { shape: [2], data: Float64Array.of(1, 2) }]]);
  const file = writeSafetensors({ metadata: new Map(), tensors });
  const memory = Buffer.alloc(file.length + 3);
  memory.set(file, 3);
  const read = readSafetensors(memory.subarray(3));
  memory.fill(0);
  expect(read.tensors).toEqual(tensors);
});

describe("element types", () => {
  const one = (dtype: string, bytes: readonly number[], count: number): ArrayLike<number> => {
    const file = fileWithHeader(`{"x":{"dtype":"${dtype}","shape":[${count}],"data_offsets":[0,${bytes.length}]}}`, bytes.length);
    file.set(bytes, file.length - bytes.length);
    return [...(readSafetensors(file).tensors.get("x")?.data ?? [])];
  };
  test("half precision: 1, −2, the largest, the smallest, infinity", () => {
    const bytes = [0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c];
    expect(one("F16", bytes, 5)).toEqual([1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY]);
    expect(one("F16", [0x01, 0x7c], 1)).toEqual([Number.NaN]);
  });
  test("bfloat16: 1, −2, and a third to 8 bits", () => {
    expect(one("BF16", [0x80, 0x3f, 0x00, 0xc0, 0xab, 0x3e], 3)).toEqual([1, -2, 0.333984375]);
  });
  test("whole numbers and truth values", () => {
    expect(one("I64", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1)).toEqual([-1]);
    expect(() => one("I64", [0, 0, 0, 0, 0, 0, 0x20, 0], 1)).toThrow(/exact only up to 2\^53/);
    expect(one("BOOL", [0, 1], 2)).toEqual([0, 1]);
    expect(() => one("BOOL", [2], 1)).toThrow(/element 0 is 2/);
    expect(() => one("F8_E4M3", [0], 1)).toThrow(/"F8_E4M3": this version reads F64, F32/);
  });
});

describe("what it holds comes back", () => {
  const numbers = fc.oneof(
    fc.float32Array({ maxLength: 12 }),
    fc.float64Array({ maxLength: 12 }),
    fc.int32Array({ maxLength: 12 }),
    fc.uint8Array({ maxLength: 12 }),
  );
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const tensors = fc
    .array(fc.tuple(text, numbers), { maxLength: 6 })
    .map(
      (list) =>
        new Map(
          list.filter(([name]) => name !== "__metadata__").map(([name, data]) => [name, { shape: [data.length], data }] as const),
        ),
    );
  test("bit for bit, under any names, JavaScript's own included", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(text, fc.constant("__proto__")), text)), tensors, (texts, given) => {
        const metadata = new Map(texts);
        const file = writeSafetensors({ metadata, tensors: given });
        const read = readSafetensors(file);
        expect(read.metadata).toEqual(metadata);
        expect(readSafetensorsMetadata(file)).toEqual(metadata);
        expect([...read.tensors.keys()].sort()).toEqual([...given.keys()].sort());
        for (const [name, { data }] of given) {
          const back = read.tensors.get(name)?.data as typeof data;
          expect(back.constructor).toBe(data.constructor);
          expect(hex(new Uint8Array(back.buffer))).toBe(hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
        }
        expect(hex(writeSafetensors(read))).toBe(hex(file));
      }),
      { numRuns: 300 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("refuses", () => {
  const entry = (dtype: string, shape: string, offsets: string): string =>
    `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  const f32 = (name: string, begin: number, end: number): string =>
    `"${name}":{"dtype":"F32","shape":[${(end - begin) / 4}],"data_offsets":[${begin},${end}]}`;
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /has 0 bytes/],
    ["a header longer than the file", fileWithHeader("{}").subarray(0, 9), /has 9 bytes/],
    [
      "a promised header beyond the limit",
      Uint8Array.of(1, 0, 16, 0, 0, 0, 0, 0, 0x7b, 0x7d),
      /promise a header of 1048577 bytes/,
    ],
    [
      "a promised header of 2⁶⁴ − 1 bytes",
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0x7b, 0x7d),
      /18446744073709551615/,
    ],
    ["a header that is no object", fileWithHeader("[]"), /does not begin with "{"/],
    ["a header that is not UTF-8", Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d), /not UTF-8/],
    ["text behind the header", fileWithHeader("{} {}"), /follows the closing brace/],
    ["a name twice", fileWithHeader(`{${f32("a", 0, 4)},${f32("a", 4, 8)}}`, 8), /the key "a" stands twice/],
    ["a metadata key twice", fileWithHeader('{"__metadata__":{"k":"1","k":"2"}}'), /stands twice/],
    ["metadata that is no text", fileWithHeader('{"__metadata__":{"k":1}}'), /expected a string/],
    ["a hole", fileWithHeader(`{${f32("a", 0, 4)},${f32("b", 8, 12)}}`, 12), /begins at byte 8 where byte 4 is due/],
    ["an overlap", fileWithHeader(`{${f32("a", 0, 8)},${f32("b", 4, 8)}}`, 8), /begins at byte 4 where byte 8 is due/],
    [
      "two tensors on the same bytes",
      fileWithHeader(`{${f32("a", 0, 4)},${f32("b", 0, 4)}}`, 4),
      /begins at byte 0 where byte 4 is due/,
    ],
    ["bytes that belong to nobody", fileWithHeader(`{${f32("a", 0, 4)}}`, 5), /take 4 bytes and 5 follow/],
    ["data that is not there", fileWithHeader(`{${f32("a", 0, 8)}}`, 4), /take 8 bytes and 4 follow/],
    [
      "a shape larger than its bytes",
      fileWithHeader(entry("F32", "[1000000,1000000]", "[0,4]"), 4),
      /shape \[1000000, 1000000\]/,
    ],
    ["a shape that overflows", fileWithHeader(entry("F32", "[4294967296,4294967296,0]", "[0,0]")), /is declared at bytes/],
    ["a size beyond 2⁵³", fileWithHeader(entry("F32", "[9007199254740993]", "[0,4]"), 4), /whole number below 2\^53/],
    ["a negative size", fileWithHeader(entry("F32", "[-1]", "[0,4]"), 4), /expected a whole number but found "-"/],
    ["a fraction", fileWithHeader(entry("F32", "[1.5]", "[0,4]"), 4), /expected "\]" but found "."/],
    ["a leading zero", fileWithHeader(entry("F32", "[01]", "[0,4]"), 4), /01 is not a whole number/],
    ["offsets in the wrong order", fileWithHeader(entry("F32", "[1]", "[4,0]"), 4), /declared at bytes 4 to 0/],
    ["three offsets", fileWithHeader(entry("F32", "[1]", "[0,4,8]"), 4), /two data_offsets/],
    ["a missing field", fileWithHeader('{"x":{"dtype":"F32","shape":[1]}}', 4), /needs a dtype, a shape and two data_offsets/],
    [
      "an unknown field",
      fileWithHeader('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"run":"me"}}', 4),
      /unknown field "run"/,
    ],
    ["a prototype in place of an entry", fileWithHeader('{"__proto__":{"polluted":"yes"}}'), /unknown field "polluted"/],
    ["half of a character", fileWithHeader('{"\\ud800":{}}'), /lone surrogate/],
    ["a line break in a string", fileWithHeader('{"a\nb":{}}'), /control character/],
    ["a comma at the end", fileWithHeader('{"__metadata__":{},}'), /expected a string but found "}"/],
  ])("%s", (_, file, message) => {
    expect(() => readSafetensors(file)).toThrow(message);
    expect(() => readSafetensors(file)).toThrow(FormatError);
  });

  test("more tensors than allowed, also when writing", () => {
    const names = Array.from({ length: MAX_TENSORS + 1 }, (_, k) => `${k}`);
    const header = `{${names.map((name) => `"${name}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join(",")}}`;
    expect(() => readSafetensors(fileWithHeader(header))).toThrow(/lists 4097 tensors/);
    const tensors = new Map(names.map((name) => [name, { shape: [0], data: new Uint8Array(0) }]));
    expect(() => writeSafetensors({ metadata: new Map(), tensors })).toThrow(/4097 tensors/);
    expect(() => writeSafetensors({ metadata: new Map([["k", "x".repeat(MAX_HEADER_BYTES)]]), tensors: new Map() })).toThrow(
      /at most/,
    );
  });

  test("a header made to take long: ten thousand open brackets, a megabyte of escapes", () => {
    for (const header of [`{"a":{"shape":${"[".repeat(10_000)}`, `{"${"\\u0041".repeat(170_000)}":{`]) {
      expect(() => readSafetensors(fileWithHeader(header))).toThrow(FormatError);
    }
  });
});

test(`${MUTANTS} damaged files: each is read or refused with a FormatError`, { timeout: 60_000 + MUTANTS }, () => {
  const file = writeSafetensors({
    metadata: new Map([["sluice.format", "1"]]),
    tensors: new Map<string, NumericArray>([
      ["lstm/kernel", { shape: [2, 4], data: Float32Array.from({ length: 8 }, (_, k) => k) }],
      ["steps", { shape: [3], data: Float64Array.of(1, 2, 3) }],
      ["flags", { shape: [5], data: Uint8Array.of(1, 0, 1, 1, 0) }],
    ]),
  });
  let refused = 0;
  for (let k = 0; k < MUTANTS; k++) {
    const damaged = mutant(file, new RandomStream({ seed: 1, stream: 0, step: k }));
    try {
      readSafetensors(damaged);
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`mutant ${k} was met with ${String(error)}`);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(MUTANTS / 2); // bit flips in numbers are the others: they cannot be told
  expect(Object.keys(Object.prototype)).toEqual([]);
});

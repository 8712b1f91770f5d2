import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataError, shown } from "./errors.ts";
import { beginning } from "./segments.ts";
import { readText } from "./text-source.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = "Привет 👋🏽\n你好，世界\nनमस्ते\n";

describe("a whole text", () => {
  test.each<[string, Uint8Array | string]>([
    ["bytes", bytes(text)],
    ["a mark and the line ends of a spreadsheet", bytes(`\uFEFF${text.replaceAll("\n", "\r\n")}`)],
    ["gzip", gzipSync(text)],
    ["a string", text],
  ])("is read from %s", async (_, source) => {
    expect(await readText(source)).toBe(text);
  });

  test("is put together from pieces that cut its characters apart", async () => {
    const all = bytes(text);
    async function* single(): AsyncGenerator<Uint8Array> {
      for (const byte of all) yield Uint8Array.of(byte);
    }
    expect(await readText(single())).toBe(text);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x41, 0x04), /^poem\.txt is UTF-16\. Save it as UTF-8/],
    ["another encoding", Uint8Array.of(0x61, 0x0a, 0xc4, 0xe3), /^poem\.txt line 2: these bytes are not UTF-8.*gb18030/],
  ])("in %s is refused by its name", async (_, source, message) => {
    const read = readText(source, { name: "poem.txt" });
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(message);
  });
});

test("the beginning of a text ends before a character of two code units, not within it", () => {
  expect([0, 1, 2, 3, 9].map((length) => beginning("a👋b", length))).toEqual(["", "a", "a", "a👋", "a👋b"]);
  expect(shown(`${"a".repeat(39)}👋 and more`)).toBe(`"${"a".repeat(39)}…"`);
});

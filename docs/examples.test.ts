import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test, vi } from "vitest";

// Every TypeScript block of these pages runs; a comment "// prints …" behind a console.log says what it must print.
const pages = [
  "../README.md",
  "../packages/sluice/README.md",
  "../packages/data/README.md",
  "../packages/tasks/README.md",
  "custom-cells.md",
  "the-cell.md",
  "attention.md",
  "sequences.md",
  "../recipes/next-frame/README.md",
];
const made: URL[] = [];

interface Example {
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(new URL(page, import.meta.url), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: page.replace("../", ""),
    line: text.slice(0, match.index).split("\n").length,
    code: match[1] as string,
  }));
}

afterAll(() => {
  for (const file of made) rmSync(file, { force: true });
});

describe("examples in the documentation run as written", () => {
  test.each(pages.flatMap(examplesOf))("$page line $line", { timeout: 120_000 }, async ({ page, line, code }) => {
    const file = new URL(`example-${page.replace(/\W/g, "-")}-${line}.generated.ts`, import.meta.url);
    made.push(file);
    writeFileSync(file, `${code}\nexport {};\n`);
    const promised = [...code.matchAll(/console\.log\(.*\); \/\/ prints (.*)$/gm)].map((match) => match[1]);
    const printed: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...parts) => {
      printed.push(parts.map(String).join(" "));
    });
    vi.resetModules(); // each example has the library to itself, as in a program of its own
    try {
      await import(/* @vite-ignore */ file.href);
    } finally {
      log.mockRestore();
    }
    if (promised.length > 0) expect(printed).toEqual(promised);
  });
});

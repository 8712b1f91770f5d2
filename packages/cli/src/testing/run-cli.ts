import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import type { Host } from "../host.ts";
import { main } from "../main.ts";

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Columns of the terminal on both streams; left out, they are no terminal. */
  readonly columns?: number;
  /** Milliseconds between two looks at the clock. */
  readonly tickMs?: number;
  /** Called for each text on stderr; `interrupt` is Ctrl-C. */
  readonly onStderr?: (text: string, interrupt: () => void) => void;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Codes with which the process was to end at once. */
  readonly exits: readonly number[];
}

/** Runs a command line in this process. The clock begins at noon of 2026-11-21 UTC. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdin = "", columns, tickMs = 1, onStderr } = options;
  let [stdout, stderr, time] = ["", "", Date.UTC(2026, 10, 21, 12)];
  const exits: number[] = [];
  const listeners = new Set<() => void>();
  const interrupt = () => {
    for (const listener of listeners) listener();
  };
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const host: Host = {
    stdout: { ...terminal, write: (text) => (stdout += text) },
    stderr: {
      ...terminal,
      write(text) {
        stderr += text;
        onStderr?.(text, interrupt);
      },
    },
    stdin: Object.assign(Readable.from([Buffer.from(stdin)]), { isTTY: columns !== undefined }),
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    now() {
      time += tickMs;
      return new Date(time);
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => void exits.push(code),
  };
  const code = await main(argv, host);
  return { code, stdout, stderr, exits };
}

/** A folder of its own, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The text with what changes from run to run masked: times, speeds. */
export function masked(text: string): string {
  return text
    .replace(/\d[\d ]* windows\/s/g, "# windows/s")
    .replace(/\b(\d+h)?(\d+m)?\d+(\.\d+)?s\b(?= left|,|\.|$)/gm, "#s")
    .replace(/sluice-cli-\w+/g, "sluice-cli-#");
}

/** A CSV of `rows` days: a weekly wave, a slow rise, a little noise that repeats nowhere; `promo` is 1 on every fifth day. */
export function salesCsv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, day) => {
    const promo = day % 5 === 0 ? 1 : 0;
    const units = 50 + 0.02 * day + 10 * Math.sin((2 * Math.PI * day) / 7) + 4 * promo + 2 * Math.sin(day * day * 0.7);
    return `${new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10)},${units.toFixed(2)},${promo}`;
  });
  return ["day,units,promo", ...lines, ""].join("\n");
}

/** Words of a command line as a shell splits them, up to a redirection. */
export function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\.|[^\s'])+/g) ?? [];
  const end = words.findIndex((word) => /^(>{1,2}|<)$/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map((word) =>
    word.replace(/'([^']*)'|\\(.)/g, (_, inner, escaped) => inner ?? escaped),
  );
}

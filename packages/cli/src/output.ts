import pc from "picocolors";
import type { Host, TextStream } from "./host.ts";

/** A way to paint a whole line; the identity where there is no colour. */
export type Paint = (text: string) => string;

/** Options of `output`. */
export interface OutputOptions {
  readonly json: boolean;
  /** False after `--no-color`. */
  readonly color: boolean;
}

/** Results go to stdout, all else to stderr. Control characters from data never reach the terminal. */
export interface Output {
  readonly json: boolean;
  /** Whether stderr is a terminal that can redraw a line. */
  readonly live: boolean;
  /** Columns of the terminal on stderr; null when it is none. */
  readonly width: number | null;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly warn: Paint;
  /** A line for whoever watches, on stderr. */
  log(text?: string, paint?: Paint): void;
  /** Replaces the last line of stderr; only where `live`. An empty text clears it. */
  redraw(text: string): void;
  /** The result: `facts` as one JSON object with --json, else `show(facts)`; on stdout. */
  out<T>(facts: T, show: (facts: T) => string): void;
}

/** Where a command writes: results to stdout, the rest to stderr, in the form the reader wants. */
export function createOutput(host: Host, { json, color }: OutputOptions): Output {
  const { stdout, stderr, env } = host;
  const dumb = env.TERM === "dumb";
  const colored = color && !env.NO_COLOR && !dumb && stderr.isTTY === true;
  const colors = pc.createColors(colored);
  const live = stderr.isTTY === true && !dumb;
  let redrawn = false;
  const clear = () => {
    if (redrawn) stderr.write("\r\u001b[2K");
    redrawn = false;
  };
  return {
    json,
    live,
    width: widthOf(stderr),
    bold: colors.bold,
    dim: colors.dim,
    good: colors.green,
    warn: colors.yellow,
    log(text = "", paint = (line) => line) {
      clear();
      stderr.write(`${printable(text).split("\n").map(paint).join("\n")}\n`);
    },
    redraw(text) {
      clear();
      if (text === "") return;
      stderr.write(clipped(printable(text), (widthOf(stderr) ?? 80) - 1));
      redrawn = true;
    },
    out(facts, show) {
      clear();
      const text = json ? JSON.stringify(facts) : printable(show(facts));
      stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    },
  };
}

function widthOf(stream: TextStream): number | null {
  return stream.isTTY === true ? Math.max(20, stream.columns ?? 80) : null;
}

function clipped(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** Text without control characters (a column name may hold any); line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === "\n" || character === "\t" ? character : "�"));
}

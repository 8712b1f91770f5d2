import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Host } from "./host.ts";
import { createOutput } from "./output.ts";

function capture({ isTTY = false, columns = 80, env = {} as Record<string, string>, json = false, color = true } = {}) {
  let [stdout, stderr] = ["", ""];
  const host: Host = {
    stdout: { isTTY, columns, write: (text) => (stdout += text) },
    stderr: { isTTY, columns, write: (text) => (stderr += text) },
    stdin: Readable.from([]),
    env,
    cwd: "/",
    now: () => new Date(0),
    onInterrupt: () => () => {},
    exit: () => {},
  };
  return { output: createOutput(host, { json, color }), text: () => ({ stdout, stderr }) };
}

describe("output", () => {
  test("colours appear on a terminal alone, and neither with NO_COLOR, --no-color nor TERM=dumb", () => {
    const painted = (options: Parameters<typeof capture>[0]) => {
      const { output, text } = capture(options);
      output.log("hello", output.warn);
      return text().stderr.includes("\u001b");
    };
    expect(painted({ isTTY: true })).toBe(true);
    expect(painted({})).toBe(false);
    expect(painted({ isTTY: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(painted({ isTTY: true, color: false })).toBe(false);
    expect(painted({ isTTY: true, env: { TERM: "dumb" } })).toBe(false);
  });

  test("a result goes to stdout, as text or as one JSON object; a log never does", () => {
    const plain = capture();
    plain.output.log("working");
    plain.output.out({ answer: 42 }, ({ answer }) => `The answer is ${answer}`);
    expect(plain.text()).toEqual({ stdout: "The answer is 42\n", stderr: "working\n" });
    const json = capture({ json: true });
    json.output.out({ answer: 42 }, () => "unused");
    expect(json.text().stdout).toBe('{"answer":42}\n');
  });

  test("control characters from data cannot move the cursor", () => {
    const { output, text } = capture({ isTTY: true });
    output.log("column \u001b[2J\u0007 holds\r words");
    expect(text().stderr).toBe("column �[2J� holds� words\n");
  });

  test("a redrawn line is cut to the terminal and erased before the next text", () => {
    const { output, text } = capture({ isTTY: true, columns: 40 });
    output.redraw("x".repeat(60));
    output.log("done");
    expect(text().stderr).toBe(`${"x".repeat(38)}…\r\u001b[2Kdone\n`);
  });
});

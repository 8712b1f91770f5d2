import { describe, expect, test } from "vitest";
import { commands } from "./commands/index.ts";
import { createProgram } from "./program.ts";
import { runCli, shellWords } from "./testing/run-cli.ts";

describe("help", () => {
  test("lists every command, on stdout, with exit code 0", async () => {
    for (const argv of [[], ["--help"], ["-h"]]) {
      const { code, stdout, stderr } = await runCli(argv);
      expect(code).toBe(0);
      expect(stderr).toBe("");
      for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, "m"));
    }
  });

  test.each(commands.map(({ name }) => name))("%s --help shows its options and examples", async (name) => {
    const { code, stdout } = await runCli([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: sluice ${name}`);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain("--json");
  });

  test.each(
    commands.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)),
  )("the example of %s is a command line it takes: %s", async (name, example) => {
    let called = "";
    const { host } = silentHost();
    const program = createProgram(host, commands, async (spec) => {
      called = spec.name;
    });
    await program.parseAsync(shellWords(example), { from: "user" });
    expect(called).toBe(name);
  });

  test("fits a narrow terminal", async () => {
    const { stdout } = await runCli(["train", "--help"], { columns: 40 });
    const prose = stdout.split("\n").filter((line) => !line.startsWith("Usage") && !line.startsWith("  sluice "));
    expect(prose.filter((line) => line.length > 40)).toEqual([]);
  });

  test("--version prints the version of the package", async () => {
    const { code, stdout } = await runCli(["--version"]);
    expect([code, stdout]).toEqual([0, "0.1.0\n"]);
  });
});

describe("usage errors", () => {
  test.each([
    [["trian", "x"], "unknown command 'trian'\n(Did you mean train?)"],
    [["look"], "missing required argument 'FILE'"],
    [["train", "x.csv", "--horizon", "3"], "required option '--target <COL[,COL]>' not specified"],
    [
      ["train", "x.csv", "--target", "a", "--horizon", "0"],
      "option '--horizon <N>' argument '0' is invalid. Give a whole number of at least 1.",
    ],
    [["train", "x.csv", "--target", "a", "--horizon", "1.5"], "Give a whole number of at least 1."],
    [["train", "x.csv", "--target", "a,", "--horizon", "1"], 'Give names of columns separated by commas, such as "wind,rain".'],
    [["train", "x.csv", "--target", "a", "--horizon", "1", "--budget", "soon"], "Give a span of time such as 90s, 2m or 1h."],
    [["train", "x.csv", "--target", "a", "--horizon", "1", "--task", "sing"], "It is one of forecast."],
    [["predict", "m", "x.csv", "--level", "120"], "Give levels in percent between 0 and 100"],
    [["look", "a.csv", "b.csv"], "too many arguments"],
    [["look", "a.csv", "--wat"], "unknown option '--wat'"],
    [["completion", "tcsh"], 'completion knows bash, zsh and fish, not "tcsh".'],
    [["demo", "constructor"], 'There is no demo "constructor". There are weather and co2.'],
    [["runs", "prune"], 'runs knows no "prune".'],
    [["runs", "rm"], "Name the run to delete: sluice runs rm ID."],
  ])("%j ends with exit code 2", async (argv, message) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

test("a mistake of our own shows no stack without --debug", async () => {
  const { exitCodeOf, messageOf } = await import("./exit-codes.ts");
  const error = new TypeError("cannot read properties of undefined [3, 4]");
  expect(exitCodeOf(error)).toBe(1);
  expect(messageOf(error)).not.toMatch(/undefined|\[3, 4\]|at /);
  expect(exitCodeOf(new RangeError("Array buffer allocation failed"))).toBe(3);
});

function silentHost() {
  const none = { write: () => true };
  return { host: { stdout: none, stderr: none } as unknown as Parameters<typeof createProgram>[0] };
}

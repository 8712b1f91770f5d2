import { CommanderError } from "commander";
import { commands } from "./commands/index.ts";
import type { Context } from "./define-command.ts";
import { EXIT, exitCodeOf, messageOf } from "./exit-codes.ts";
import { type Host, processHost } from "./host.ts";
import { createOutput } from "./output.ts";
import { createProgram } from "./program.ts";

/**
 * Runs one command line, such as `["train", "sales.csv", "--target", "units", "--horizon", "12"]`.
 * @returns the exit code: 0 ok, 1 failed, 2 usage, 3 data unusable, 4 model file refused, 5 baseline not beaten, 130 interrupted.
 */
export async function main(argv: readonly string[], host: Host = processHost()): Promise<number> {
  const switches = new Set(argv);
  const output = createOutput(host, { json: switches.has("--json"), color: !switches.has("--no-color") });
  const context: Context = {
    host,
    output,
    program: host.env.npm_command === undefined ? "sluice" : "npx sluice",
    yes: switches.has("--yes"),
    interactive: host.stdin.isTTY === true && output.live && !switches.has("--no-input"),
    commands,
  };
  let code: number = EXIT.ok;
  const program = createProgram(host, commands, async (spec, values) => {
    if (spec.computes) await startEngine(host);
    code = await spec.run(values, context);
  });
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : withDefault(argv), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    output.log(messageOf(error), output.warn);
    if (switches.has("--debug") && error instanceof Error) output.log(error.stack ?? "");
    return exitCodeOf(error);
  }
}

/** The process is ours, so V8's switches may be set for it: see `turbo` of `init`. SLUICE_TURBO=0 leaves them alone. */
async function startEngine({ env }: Host): Promise<void> {
  const { init } = await import("sluice");
  await init({ turbo: env.SLUICE_TURBO !== "0" });
}

/** `sluice sales.csv` looks at the file. */
function withDefault(argv: readonly string[]): string[] {
  const [first = ""] = argv;
  const isCommand = commands.some(({ name }) => name === first);
  const isFile = first === "-" || (!first.startsWith("-") && /[./\\]/.test(first));
  return !isCommand && isFile ? ["look", ...argv] : [...argv];
}

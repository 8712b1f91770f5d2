import { type Argument, Command, InvalidArgumentError } from "commander";
import { type Arg, attach, type CommandSpec } from "./define-command.ts";
import { UsageError } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { ownVersion } from "./version.ts";

/** The command line as commander knows it. `run` receives a command and its arguments; usage errors are thrown as CommanderError. */
export function createProgram(
  host: Host,
  specs: readonly CommandSpec[],
  run: (spec: CommandSpec, values: Record<string, unknown>) => Promise<void>,
): Command {
  const program = new Command("sluice");
  program
    .description("Trains and runs recurrent models on sequences, and says honestly whether a simpler method does as well.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .usage("COMMAND | FILE")
    .option("--json", "print the result as one JSON object on stdout")
    .option("--yes", "answer every question with yes")
    .option("--no-input", "ask nothing")
    .option("--no-color", "no colours; so does NO_COLOR")
    .option("--debug", "print the details of an error")
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 12,
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(operandTerm)].join(" "),
    })
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
      outputError: (text, write) => write(text.replace(/^error: /, "")),
    })
    .exitOverride()
    .addHelpText("after", "\nStart with: sluice FILE.csv, which looks at the file and says what to do next; or sluice demo.");
  for (const spec of specs) attach(program, { ...spec, args: checked(spec.args) }, (values) => run(spec, values));
  return program;
}

function operandTerm(argument: Argument): string {
  return argument.required ? argument.name() : `[${argument.name()}]`;
}

/** Tells commander of a refused value in its own way, so that it names the option. */
function checked(args: CommandSpec["args"]): CommandSpec["args"] {
  const wrap = (arg: Arg<unknown>): Arg<unknown> => ({
    ...arg,
    parse(text) {
      try {
        return arg.parse(text);
      } catch (error) {
        throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
      }
    },
  });
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, wrap(arg)]));
}

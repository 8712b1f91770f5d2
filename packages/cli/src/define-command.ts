import type { Command } from "commander";
import { type ExitCode, UsageError } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import type { Output } from "./output.ts";

/** One argument of a command: an operand stands for itself, an option follows `--its-name`, a flag is there or not. */
export interface Arg<T> {
  readonly place: "operand" | "option" | "flag";
  /** What stands for the value in the help: FILE, COL, N. */
  readonly label: string;
  readonly about: string;
  readonly required: boolean;
  /** @throws {UsageError} when the text breaks the rule. */
  readonly parse: (text: string) => T;
}

type Args = Readonly<Record<string, Arg<unknown>>>;
/** The values of arguments, by name. */
export type ArgValues<A extends Args> = { readonly [K in keyof A]: A[K] extends Arg<infer T> ? T : never };

/** What a command is given beside its arguments. */
export interface Context {
  readonly host: Host;
  readonly output: Output;
  /** How this program is called here: `sluice`, or `npx sluice` when npm started it. */
  readonly program: string;
  /** Answers every question with yes. */
  readonly yes: boolean;
  /** Whether questions may be asked at all. */
  readonly interactive: boolean;
  readonly commands: readonly CommandSpec[];
}

/** A command as the program holds it. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly args: Args;
  /** Whether it runs networks: the fastest kernels are then chosen first. */
  readonly computes?: boolean;
  run(values: Readonly<Record<string, unknown>>, context: Context): Promise<ExitCode>;
}

/**
 * A command: what it is called, its arguments, and what it does. `run` gets the arguments as values of their types, in
 * `camelCase`; on the command line an option is written `--in-kebab-case`. `run` imports the library itself, so that help is quick.
 */
export function defineCommand<const A extends Args>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly args: A;
  readonly computes?: boolean;
  run(values: ArgValues<A>, context: Context): Promise<ExitCode>;
}): CommandSpec {
  return { ...definition, run: (values, context) => definition.run(values as ArgValues<A>, context) };
}

/** Makes a command known to commander; `run` receives its arguments by name. */
export function attach(program: Command, spec: CommandSpec, run: (values: Record<string, unknown>) => Promise<void>): void {
  const command = program.command(spec.name).summary(spec.summary).description(`${spec.summary}.`);
  command.showHelpAfterError(`${program.name()} ${spec.name} --help shows every option, and examples.`);
  const entries = Object.entries(spec.args);
  const operands = entries.filter(([, arg]) => arg.place === "operand");
  for (const [name, arg] of entries) {
    const flags = `--${kebab(name)}`;
    if (arg.place === "operand") command.argument(arg.required ? `<${arg.label}>` : `[${arg.label}]`, arg.about, arg.parse);
    else if (arg.place === "flag") command.option(flags, arg.about);
    else if (arg.required) command.requiredOption(`${flags} <${arg.label}>`, arg.about, arg.parse);
    else command.option(`${flags} <${arg.label}>`, arg.about, arg.parse);
  }
  command.addHelpText("after", `\nExamples:\n${spec.examples.map((example) => `  ${program.name()} ${example}`).join("\n")}`);
  command.action(async () => {
    const given = Object.fromEntries(operands.map(([name], i) => [name, command.processedArgs[i]]));
    await run({ ...command.opts(), ...given });
  });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An argument that must be given. */
export function required<T>(arg: Arg<T | undefined>): Arg<T> {
  return { ...arg, required: true } as Arg<T>;
}

/** Stands for itself: a file, a model, a run. */
export function operand(label: string, about: string): Arg<string | undefined> {
  return { place: "operand", label, about, required: false, parse: (text) => text };
}

/** A word after its name. */
export function text(label: string, about: string): Arg<string | undefined> {
  return { place: "option", label, about, required: false, parse: (value) => value };
}

/** Yes when it is there. */
export function flag(about: string): Arg<true | undefined> {
  return { place: "flag", label: "", about, required: false, parse: () => true };
}

/** Names of columns, separated by commas. */
export function columns(label: string, about: string): Arg<readonly string[] | undefined> {
  const parse = (value: string) => {
    const names = value.split(",").map((name) => name.trim());
    if (names.includes("")) throw new UsageError(`Give names of columns separated by commas, such as "wind,rain".`);
    return names;
  };
  return { place: "option", label, about, required: false, parse };
}

/** A whole number of at least `min`. */
export function count(label: string, about: string, min = 1): Arg<number | undefined> {
  const parse = (value: string) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= min) return number;
    throw new UsageError(`Give a whole number of at least ${min}.`);
  };
  return { place: "option", label, about, required: false, parse };
}

const SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600 };

/** A span of time such as 90, 90s, 2m or 1.5h, in seconds. */
export function duration(label: string, about: string): Arg<number | undefined> {
  const parse = (value: string) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(value) ?? [];
    const seconds = Number(number) * (SECONDS[unit ?? ""] ?? Number.NaN);
    if (seconds > 0) return seconds;
    throw new UsageError("Give a span of time such as 90s, 2m or 1h.");
  };
  return { place: "option", label, about, required: false, parse };
}

/** Levels in percent, separated by commas, each between 0 and 100. */
export function levels(label: string, about: string): Arg<readonly number[] | undefined> {
  const parse = (value: string) => {
    const numbers = value.split(",").map(Number);
    if (numbers.every((level) => level > 0 && level < 100)) return [...new Set(numbers)].sort((a, b) => a - b);
    throw new UsageError(`Give levels in percent between 0 and 100, such as "50,80,95".`);
  };
  return { place: "option", label, about, required: false, parse };
}

/** One of several words. */
export function choice<const T extends string>(label: string, about: string, words: readonly T[]): Arg<T | undefined> {
  const parse = (value: string) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new UsageError(`It is one of ${words.join(", ")}.`);
  };
  return { place: "option", label, about, required: false, parse };
}

/** How the process ends, for scripts. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** An unknown command, a missing or misspelt option. */
  usage: 2,
  /** The data cannot be used, or would not fit into memory. */
  data: 3,
  /** The model file cannot be opened, is damaged, or is no model. */
  model: 4,
  /** `--require-skill`, and no baseline was beaten beyond noise. */
  skill: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** One of the exit codes above. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command called the wrong way. The message says what came, the rule, and the way out. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A model or run that cannot be opened. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
}

/** What an error means to a script. Errors are known by name, so that no library is loaded to tell. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof Error)) return EXIT.failed;
  if (error.name === "UsageError") return EXIT.usage;
  if (error.name === "DataError" || isOutOfMemory(error)) return EXIT.data;
  return error.name === "FormatError" || error.name === "ModelFileError" ? EXIT.model : EXIT.failed;
}

/** Errors written for whoever runs the command; every other one is a mistake of ours, and its text would not help. */
const TEACHING = new Set([
  "UsageError",
  "DataError",
  "FormatError",
  "ModelFileError",
  "ValueError",
  "StateError",
  "NumericError",
  "StorageError",
]);

/** What to print about an error. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error))
    return `sluice ended with an unusual error: ${String(error)}. Run it again with --debug to see more.`;
  if (TEACHING.has(error.name) && !error.message.startsWith("internal:")) return error.message;
  if (isOutOfMemory(error)) {
    return (
      "There is not enough memory for this. Use fewer --units, a shorter --window or fewer --covariates, " +
      "or give Node more with NODE_OPTIONS=--max-old-space-size=8192."
    );
  }
  if (isSystemError(error)) return `The system refused: ${error.message}.`;
  return (
    `sluice met a mistake of its own (${error.name}). The data and the files written so far are unharmed. ` +
    "Run it again with --debug for the details, and report them."
  );
}

function isOutOfMemory(error: Error): boolean {
  return (
    error instanceof RangeError &&
    /allocation failed|could not allocate|invalid (typed )?array( buffer)? length|memory/i.test(error.message)
  );
}

function isSystemError(error: Error): boolean {
  return "code" in error && "syscall" in error;
}

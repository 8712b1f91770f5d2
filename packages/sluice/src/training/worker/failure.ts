import { FormatError, NumericError, ShapeError, StateError, ValueError } from "../../errors.ts";
import { StorageError } from "../checkpoint-store.ts";

/** An error on its way between threads, which would otherwise lose its class and name. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a `StorageError`. */
  readonly fatal: boolean;
}

const CLASSES: readonly (new (message: string) => Error)[] = [
  ShapeError,
  ValueError,
  StateError,
  FormatError,
  NumericError,
  RangeError,
  TypeError,
];

/** An error, or anything else that was thrown, as plain data. */
export function describeError(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined, fatal: false };
  const { name, message, stack } = error;
  return { name, message, stack, fatal: error instanceof StorageError && error.fatal };
}

/** The error again: of its class if that is the library's or a common one, else an `Error` with its name. */
export function reviveError({ name, message, stack, fatal }: Failure): Error {
  const known = CLASSES.find((each) => each.name === name);
  const error = name === "StorageError" ? new StorageError(message, { fatal }) : known ? new known(message) : new Error(message);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}

import { FormatError } from "sluice";

/** Looks at one value of a file's JSON. @throws {FormatError} naming the field that has another form. */
export type Check = (value: unknown, where: string) => void;

function refuse(where: string, rule: string): FormatError {
  return new FormatError(`Cannot load this forecaster: "${where}" must be ${rule}. The file is damaged, or was edited.`);
}

/** A text. */
export const text: Check = (value, where) => {
  if (typeof value !== "string") throw refuse(where, "a text");
};

/** A finite number. */
export const finite: Check = (value, where) => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw refuse(where, "a number");
};

/** A whole number. */
export const whole: Check = (value, where) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw refuse(where, "a whole number from 0 up");
};

/** Null, absent, or what the check asks for. */
export function optional(check: Check): Check {
  return (value, where) => {
    if (value !== null && value !== undefined) check(value, where);
  };
}

/** A list of one kind of thing. */
export function list(check: Check): Check {
  return (value, where) => {
    if (!Array.isArray(value)) throw refuse(where, "a list");
    for (const [i, each] of value.entries()) check(each, `${where}[${i}]`);
  };
}

/** An object with at least these fields. */
export function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(where, "an object");
    for (const [name, check] of Object.entries(fields)) check((value as Record<string, unknown>)[name], `${where}.${name}`);
  };
}

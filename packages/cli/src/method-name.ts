import { type BaselineKind, baselineName } from "@sluice/tasks";

/** A method's kind, "model" or a baseline's, as people call it. */
export function methodName(kind: string): string {
  return kind === "model" ? "this model" : baselineName(kind as BaselineKind);
}

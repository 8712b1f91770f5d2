import type { MethodResult } from "./report-data.ts";

/** The model's own result. */
export function modelOf(target: string, methods: readonly MethodResult[]): MethodResult {
  const model = methods.find(({ kind }) => kind === "model");
  if (model === undefined) {
    throw new RangeError(
      `Cannot report on "${target}": no method of kind "model" among ${methods.length}. Add the model's result.`,
    );
  }
  return model;
}

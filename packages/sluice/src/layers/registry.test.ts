import { expect, test } from "vitest";
import { builtInKinds } from "./kinds.ts";
import { BUILT_IN_TYPES, registerLayer } from "./registry.ts";

test("the names that are taken are those of the built-in kinds", () => {
  expect([...BUILT_IN_TYPES].sort()).toEqual(builtInKinds.map(({ type }) => type).sort());
  for (const kind of builtInKinds) expect(() => registerLayer(kind)).toThrow(/the name is taken/);
});

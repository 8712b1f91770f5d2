import fc from "fast-check";
import { expect, test } from "vitest";
import { commands } from "./commands/index.ts";
import { commandLine, jobOf, quoted } from "./forecast-args.ts";
import { createProgram } from "./program.ts";
import type { Job } from "./run-config.ts";
import { shellWords } from "./testing/run-cli.ts";

const name = fc
  .string({ minLength: 1, maxLength: 8, unit: "binary-ascii" })
  .filter((s) => !/^-|[,\n\r\\]/.test(s) && s.trim() === s && s !== "");
const names = fc.array(name, { minLength: 1, maxLength: 3 });
const whole = fc.integer({ min: 1, max: 999 });
const job: fc.Arbitrary<Job> = fc.record(
  {
    target: names,
    horizon: whole,
    seed: fc.nat({ max: 99 }),
    time: name,
    series: name,
    covariates: names,
    future: names,
    windowLength: whole,
    units: whole,
    epochs: whole,
    budgetSeconds: whole,
  },
  { requiredKeys: ["target", "horizon", "seed"] },
);

test("the printed command line makes the same job again", async () => {
  await fc.assert(
    fc.asyncProperty(job, async (wanted) => {
      let got: unknown;
      const none = { write: () => true };
      const host = { stdout: none, stderr: none } as unknown as Parameters<typeof createProgram>[0];
      const program = createProgram(host, commands, async (_, values) => {
        got = jobOf(values as Parameters<typeof jobOf>[0]);
      });
      await program.parseAsync(shellWords(commandLine("train", "my data.csv", wanted)), { from: "user" });
      expect(got).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});

test("words are quoted as a shell needs them", () => {
  expect(quoted("sales.csv")).toBe("sales.csv");
  expect(quoted("my sales.csv")).toBe("'my sales.csv'");
  expect(quoted("it's")).toBe("'it'\\''s'");
  expect(quoted("$HOME")).toBe("'$HOME'");
  expect(quoted("größe")).toBe("größe");
});

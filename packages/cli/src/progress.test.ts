import type { ForecastEvent } from "@sluice/tasks";
import { describe, expect, test } from "vitest";
import type { Output } from "./output.ts";
import { createProgress, progressLine, short } from "./progress.ts";

const epoch = {
  kind: "epoch",
  epoch: 14,
  epochs: 40,
  loss: 0.18234,
  validationLoss: 0.2141,
  bestValidationLoss: 0.209,
  bestEpoch: 11,
  baseline: { name: "seasonalNaive", value: 0.231 },
  windowsPerSecond: 2310.4,
  secondsLeft: 68.2,
} as const;

const batch = {
  kind: "batch",
  epoch: 1,
  epochs: 40,
  step: 3,
  steps: 90,
  loss: 0.9,
  windowsPerSecond: 1200,
  secondsLeft: 100,
} as const;

describe("the progress line", () => {
  test("says where training stands, beside the best baseline", () => {
    expect(progressLine(epoch, epoch)).toBe(
      "epoch 14/40  train .182  val .214 (best .209 @11)  vs seasonal naive .231: 9.5 % better  2 310 windows/s  1m08s left",
    );
    expect(progressLine({ ...batch, epoch: 15, loss: 0.18 }, { ...epoch, bestValidationLoss: 0.25 })).toBe(
      "epoch 15/40  train .180  val .214 (best .250 @11)  vs seasonal naive .231: 8.2 % worse  1 200 windows/s  1m40s left",
    );
    expect(progressLine(batch, null)).toBe("epoch 1/40  train .900  step 3/90  1 200 windows/s  1m40s left");
  });

  test("keeps what matters most where it is narrow", () => {
    expect(progressLine(epoch, epoch, 110)).toMatch(/better {2}1m08s left$/);
    expect(progressLine(epoch, epoch, 97)).toBe("epoch 14/40  train .182  val .214 (best .209 @11)  2 310 windows/s  1m08s left");
    expect(progressLine(epoch, epoch, 76)).toBe("epoch 14/40  train .182  val .214 (best .209 @11)  1m08s left");
    expect(progressLine(epoch, epoch, 39)).toBe("epoch 14/40  train .182  1m08s left");
  });

  test.each([
    [0.18234, ".182"],
    [-0.5, "-.500"],
    [1.234, "1.23"],
    [23.45, "23.4"],
    [234.5, "235"],
    [0, ".000"],
    [0.000123, "1.2e-4"],
    [12345678, "1.2e+7"],
    [Number.NaN, "NaN"],
  ])("shortens %d to %s", (value, text) => expect(short(value)).toBe(text));

  test.each([
    [0, ""],
    [0.001, ": far worse"],
    [0.1, ": 109.0 % worse"],
    [0.209, ": 0.0 % better"],
  ])("beside a baseline of %d says %j", (value, text) => {
    const line = progressLine(epoch, { ...epoch, baseline: { name: "naive", value } });
    expect(line).toContain(`vs last value ${short(value)}${text}  2 310`);
  });
});

/** Shows events at given times in ms. */
function shown(live: boolean, events: readonly (readonly [number, ForecastEvent])[]): string[] {
  const lines: string[] = [];
  const push = (text = "") => void lines.push(text);
  const output = { live, width: 200, log: push, redraw: push, dim: (text: string) => text } as unknown as Output;
  let time = 0;
  const progress = createProgress(output, { now: () => new Date(time) });
  for (const [at, event] of events) {
    time = at;
    progress.show(event);
  }
  return lines;
}

describe("progress", () => {
  test("redraws at most ten times a second on a terminal", () => {
    const events = Array.from({ length: 1000 }, (_, i) => [i * 5, { ...batch, step: i }] as const); // 5 s of steps
    expect(shown(true, events).length).toBeLessThanOrEqual(50);
    expect(shown(true, events).length).toBeGreaterThan(40);
  });

  test("writes about ten lines in all where there is no terminal", () => {
    const epochs = Array.from({ length: 40 }, (_, i) => [i * 100, { ...epoch, epoch: i + 1 }] as const);
    const lines = shown(false, epochs);
    expect(lines.map((line) => line.split("  ")[0])).toEqual(
      [1, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40].map((e) => `epoch ${e}/40`),
    );
  });

  test("writes a line a minute in a long epoch", () => {
    const steps = Array.from({ length: 200 }, (_, i) => [i * 1000, { ...batch, step: i }] as const); // 200 s
    expect(shown(false, steps)).toHaveLength(3);
  });

  test("names the baselines once, before training", () => {
    const baseline = { kind: "baseline", name: "ridge", validationLoss: 0.215, seconds: 0.1 } as const;
    expect(
      shown(false, [
        [0, baseline],
        [1, { ...epoch, epoch: 1 }],
        [2, { ...epoch, epoch: 4 }],
      ])[0],
    ).toBe("Baselines, loss on the validation part: ridge regression .215.");
  });
});

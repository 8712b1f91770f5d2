import { describe, expect, test } from "vitest";
import { gaussians } from "../testing/gaussians.ts";
import { type Contender, weigh } from "./verdict.ts";

const common = gaussians(200, 1).map((e) => 1 + 0.1 * e);
const contender = (name: string, score: number | null, seed: number, noise = 0.05): Contender => {
  const own = gaussians(200, seed);
  return { name, score, losses: common.map((loss, o) => loss + (score ?? Number.NaN) - 1 + noise * own[o]!) };
};
const ridge = contender("ridge regression", 0.9, 2);
const naive = contender("last value", 1.2, 3);

describe("verdict", () => {
  test("a clear win, with figures and the test in words", () => {
    const verdict = weigh({ metric: "MASE", model: contender("LSTM", 0.8, 4), baselines: [naive, ridge], overlap: 3 });
    expect(verdict).toMatchObject({ outcome: "model", winner: "LSTM", bestBaseline: "ridge regression" });
    expect(verdict.sentences).toEqual([
      "The LSTM wins: MASE 0.8000 against 0.9000 for ridge regression, the best of 2 simple methods – 11.1 % better.",
      expect.stringMatching(
        /^The difference from ridge regression is beyond noise \(Diebold–Mariano test over 200 origins, p < 0\.001; /,
      ),
      "Against the other simple methods the LSTM is 33.3 % better than last value.",
    ]);
    expect(verdict.skills.map(({ name, skill }) => [name, Number(skill?.toFixed(4))])).toEqual([
      ["last value", 0.3333],
      ["ridge regression", 0.1111],
    ]);
  });

  test("a simpler model wins, and the reader is told to use it", () => {
    const verdict = weigh({ metric: "MASE", model: contender("LSTM", 1.05, 4), baselines: [naive, ridge], overlap: 3 });
    expect(verdict).toMatchObject({ outcome: "baseline", winner: "ridge regression" });
    expect(verdict.sentences[0]).toBe(
      "A simpler model wins: ridge regression, MASE 0.9000 against 1.050 for the LSTM – use that.",
    );
  });

  test("a lead within noise is not called a win", () => {
    const verdict = weigh({ metric: "MASE", model: contender("LSTM", 0.899, 4, 0.3), baselines: [ridge, naive], overlap: 3 });
    expect(verdict).toMatchObject({ outcome: "level", winner: "ridge regression" });
    expect(verdict.sentences[0]).toMatch(/too little to call a win: use ridge regression unless/);
    expect(verdict.sentences[1]).toMatch(/may be chance/);
  });

  test("few origins, no score, no baselines", () => {
    const few = (one: Contender) => ({ ...one, losses: Array.from(one.losses).slice(0, 4) });
    const short = weigh({ metric: "MASE", model: few(contender("LSTM", 0.8, 4)), baselines: [few(ridge)], overlap: 3 });
    expect(short.outcome).toBe("level");
    expect(short.sentences[1]).toMatch(/^With 4 origins there are too few/);
    const broken = weigh({ metric: "MASE", model: contender("LSTM", null, 4), baselines: [ridge], overlap: 3 });
    expect(broken).toMatchObject({ outcome: "baseline", winner: "ridge regression" });
    const none = weigh({
      metric: "MASE",
      model: contender("LSTM", 0.8, 4),
      baselines: [contender("naive", null, 2)],
      overlap: 1,
    });
    expect(none.outcome).toBe("unknown");
    expect(() => weigh({ metric: "MASE", model: ridge, baselines: [], overlap: 1 })).toThrow(/at least one/);
  });
});

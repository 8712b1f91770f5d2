import { formatCount, formatNumber, formatP, formatPercent } from "../format.ts";
import { compareLosses, type LossComparison } from "./compare-losses.ts";

/** A method as the verdict sees it: its score (lower is better) and its loss at each origin (`originLosses`). */
export interface Contender {
  /** As it stands in a sentence: "LSTM", "ridge regression". */
  name: string;
  score: number | null;
  losses: ArrayLike<number>;
}

/** The model set against one baseline. */
export interface SkillOver {
  name: string;
  /** 1 − score of the model / score of the baseline; above 0 the model is better. Null when either has no score. */
  skill: number | null;
  /** Of `compareLosses`; null when there are too few origins to tell. */
  pValue: number | null;
  winShare: number;
  /** Whether the difference is beyond noise at the 5 % level. */
  beyondNoise: boolean;
}

/**
 * `model`: the model is better than every baseline, beyond noise. `baseline`: a simpler method is better or equal, beyond noise or by score.
 * `level`: the model has the better score, but the difference from the best baseline may be chance. `unknown`: the model or every
 * baseline has no score.
 */
export type Outcome = "model" | "level" | "baseline" | "unknown";

/** The verdict as plain data; `sentences` are three, for people. */
export interface Verdict {
  outcome: Outcome;
  /** The method to use: at `level` it is the simpler one. */
  winner: string;
  metric: string;
  bestBaseline: string;
  skills: SkillOver[];
  sentences: string[];
}

/**
 * Weighs a model against its baselines in three sentences: who wins and by how much, whether that is beyond noise, and how the model
 * stands to the other baselines. At equal accuracy the simpler method wins.
 * `overlap` and `series` as for `compareLosses`; `metric` is the name of the score ("MASE").
 * @throws {RangeError} without a baseline.
 */
export function weigh({
  metric,
  model,
  baselines,
  overlap,
  series,
}: {
  metric: string;
  model: Contender;
  baselines: readonly Contender[];
  overlap: number;
  series?: ArrayLike<number> | undefined;
}): Verdict {
  const ranked = baselines.filter(({ score }) => isScore(score)).sort((a, b) => (a.score as number) - (b.score as number));
  const best = ranked[0] ?? baselines[0];
  if (best === undefined) throw new RangeError(`Cannot weigh "${model.name}" against nothing: pass at least one baseline.`);
  const compared = new Map(
    baselines.map((one) => [one, compareLosses(model.losses, one.losses, { overlap, ...(series && { series }) })] as const),
  );
  const skills = baselines.map((one) => skillOver(model, one, compared.get(one) as LossComparison));
  const outcome = judge(model, best, compared.get(best) as LossComparison);
  const against = compared.get(best) as LossComparison;
  return {
    outcome,
    winner: outcome === "model" ? model.name : outcome === "unknown" ? "" : best.name,
    metric,
    bestBaseline: best.name,
    skills,
    sentences: [
      whoWins(outcome, metric, model, best, ranked.length),
      howSure(outcome, model, best, against),
      theOthers(model, best, skills),
    ],
  };
}

function judge(model: Contender, best: Contender, against: LossComparison): Outcome {
  if (!isScore(model.score)) return isScore(best.score) ? "baseline" : "unknown";
  if (!isScore(best.score)) return "unknown";
  if (model.score >= best.score) return "baseline";
  return isBeyondNoise(against) ? "model" : "level";
}

function skillOver(model: Contender, other: Contender, comparison: LossComparison): SkillOver {
  return {
    name: other.name,
    skill: skill(model.score, other.score),
    pValue: comparison.pValue,
    winShare: comparison.winShare,
    beyondNoise: isBeyondNoise(comparison),
  };
}

function whoWins(outcome: Outcome, metric: string, model: Contender, best: Contender, baselines: number): string {
  const [ours, theirs] = [formatNumber(model.score), formatNumber(best.score)];
  const apart = formatPercent(Math.abs(skill(model.score, best.score) ?? Number.NaN));
  switch (outcome) {
    case "model":
      return `The ${model.name} wins: ${metric} ${ours} against ${theirs} for ${best.name}, the best of ${formatCount(baselines, "simple method")} – ${apart} better.`;
    case "level":
      return `The ${model.name} has the lowest ${metric}, ${ours} against ${theirs} for ${best.name}, but ${apart} is too little to call a win: use ${best.name} unless more data says otherwise.`;
    case "baseline":
      return isScore(model.score)
        ? `A simpler model wins: ${best.name}, ${metric} ${theirs} against ${ours} for the ${model.name} – use that.`
        : `A simpler model wins: ${best.name}, ${metric} ${theirs}; the ${model.name} gave no usable forecast.`;
    case "unknown":
      return `No verdict: ${metric} is not defined for ${isScore(model.score) ? "any simple method" : `the ${model.name}`} on this data.`;
  }
}

function howSure(outcome: Outcome, model: Contender, best: Contender, { origins, pValue, winShare }: LossComparison): string {
  if (outcome === "unknown" || !isScore(model.score)) return "There is nothing to test.";
  if (pValue === null) {
    return `With ${formatCount(origins, "origin")} there are too few independent forecasts to say whether the difference is more than chance.`;
  }
  const test = `(Diebold–Mariano test over ${formatCount(origins, "origin")}, ${formatP(pValue)}; the ${model.name} is closer at ${formatPercent(winShare)} of them)`;
  return pValue < 0.05
    ? `The difference from ${best.name} is beyond noise ${test}.`
    : `The difference from ${best.name} may be chance ${test}.`;
}

function theOthers(model: Contender, best: Contender, skills: readonly SkillOver[]): string {
  const others = skills.filter(({ name, skill }) => name !== best.name && skill !== null);
  if (others.length === 0) return `No other simple method could be scored.`;
  const told = others.map(({ name, skill, beyondNoise }) => {
    const size = formatPercent(Math.abs(skill as number));
    if (!beyondNoise) return `level with ${name} (${size} ${(skill as number) < 0 ? "worse" : "better"}, within noise)`;
    return `${size} ${(skill as number) < 0 ? "worse" : "better"} than ${name}`;
  });
  return `Against the other simple methods the ${model.name} is ${listing(told)}.`;
}

/** 1 − model / other. */
function skill(model: number | null, other: number | null): number | null {
  return isScore(model) && isScore(other) && other > 0 ? 1 - model / other : null;
}

function isBeyondNoise({ pValue }: LossComparison): boolean {
  return pValue !== null && pValue < 0.05;
}

function isScore(score: number | null): score is number {
  return score !== null && Number.isFinite(score);
}

function listing(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

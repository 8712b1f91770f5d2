import { type CommandSpec, defineCommand, operand, required } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Job, RunMetrics } from "../run-config.ts";

export const compare: CommandSpec = defineCommand({
  name: "compare",
  summary: "Set two runs side by side: what differs in their settings, and their scores",
  examples: ["compare 2026-11-21-temp_max-7 2026-11-21-temp_max-7-02"],
  args: { a: required(operand("A", "id or folder of a run")), b: required(operand("B", "id or folder of another")) },
  async run(names, { host, output, program }) {
    const [{ openRun }, { formatNumber }, { fittingTable }] = await Promise.all([
      import("../runs.ts"),
      import("@sluice/tasks"),
      import("../tables.ts"),
    ]);
    const [a, b] = [openRun(host, names.a), openRun(host, names.b)];
    const facts = {
      schema: "sluice.compare/1",
      a: a.config.id,
      b: b.config.id,
      sameData: a.config.data.sha256 === b.config.data.sha256,
      settings: differences(a.config.job, b.config.job),
      metrics: { a: a.metrics?.metrics.model ?? null, b: b.metrics?.metrics.model ?? null },
    };
    output.out(facts, () => {
      const scores = scoreNames.map((name) => [
        name,
        formatNumber(facts.metrics.a?.[name], 4),
        formatNumber(facts.metrics.b?.[name], 4),
      ]);
      const settings = facts.settings.map(({ name, a: left, b: right }) => [name, left, right]);
      const titles = [{ title: "" }, { title: facts.a, align: "right" as const }, { title: facts.b, align: "right" as const }];
      return fittingTable(titles, [...scores, ...settings], output.width);
    });
    if (!facts.sameData) output.log("The two runs read different data, so their scores cannot be compared.", output.warn);
    for (const { config, metrics } of [a, b]) {
      if (metrics === null)
        output.log(`${config.id} is unfinished and has no scores. Go on with: ${program} resume ${config.id}`);
    }
    return EXIT.ok;
  },
});

const scoreNames: readonly (keyof RunMetrics["metrics"]["model"])[] = [
  "mase",
  "smape",
  "mae",
  "rmse",
  "r2",
  "pinball",
  "coverage80",
];

/** The settings that are not the same, as text; "default" where one was not given. */
function differences(a: Job, b: Job): { name: string; a: string; b: string }[] {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const shown = (value: unknown) => (value === undefined ? "default" : Array.isArray(value) ? value.join(", ") : String(value));
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((name) => ({ name, a: shown(left.get(name)), b: shown(right.get(name)) }))
    .filter((setting) => setting.a !== setting.b);
}

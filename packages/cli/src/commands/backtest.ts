import { type CommandSpec, count, defineCommand, flag, operand, required } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { commandLine, forecastArgs, forecastOptions, jobOf } from "../forecast-args.ts";
import { readTable } from "../read-file.ts";

export const backtest: CommandSpec = defineCommand({
  name: "backtest",
  summary: "Forecast from several moments of the past and compare with what came",
  computes: true,
  examples: [
    "backtest sales.csv --target units --horizon 12 --windows 4",
    "backtest sales.csv --target units --horizon 12 --refit",
  ],
  args: {
    file: required(operand("FILE", "CSV with one row for each time step, plain or gzipped; - is stdin")),
    ...forecastArgs,
    windows: count("K", "moments to forecast from (default: 8)"),
    step: count("N", "steps between them (default: the horizon)"),
    refit: flag("train anew before each of them"),
  },
  async run(values, context) {
    const { file, windows = 8, step, refit = false } = values;
    const { host, output, program } = context;
    const job = jobOf(values);
    const data = await readTable(file, context);
    const [tasks, { createProgress }, { fittingTable, scoreTable }, { methodName }] = await Promise.all([
      import("@sluice/tasks"),
      import("../progress.ts"),
      import("../tables.ts"),
      import("../method-name.ts"),
    ]);
    const progress = createProgress(output, host);
    const more = step === undefined ? {} : { step };
    const options = { ...forecastOptions(job), windows, refit, ...more, onEvent: progress.show };
    const result = await tasks.backtest(data.table, options).finally(() => progress.end());
    output.out(result, ({ folds, metrics, horizonTable }) => {
      const right = (titles: readonly string[]) => titles.map((title) => ({ title, align: "right" as const }));
      const mase = (value: number | null | undefined) => tasks.formatNumber(value, 3);
      const best = ({ baselines }: typeof metrics) => Object.values(baselines).flatMap((scores) => scores.mase ?? []);
      const foldRows = folds.map((fold) => [
        `${fold.from} to ${fold.to}`,
        mase(fold.metrics.model.mase),
        mase(Math.min(...best(fold.metrics))),
      ]);
      const names = Object.keys(horizonTable[0]?.scores ?? {});
      const stepRows = horizonTable.map(({ step: ahead, scores }) => [`+${ahead}`, ...names.map((name) => mase(scores[name]))]);
      return [
        fittingTable([{ title: "fold" }, ...right(["MASE", "best baseline"])], foldRows, output.width),
        fittingTable([{ title: "step ahead, MASE" }, ...right(names.map(methodName))], stepRows, output.width),
        scoreTable(metrics, { title: "all folds", width: output.width }),
      ].join("\n\n");
    });
    for (const note of result.notes) output.log(note, output.dim);
    for (const sentence of result.verdict.sentences) output.log(sentence);
    for (const { series, mase } of result.worstSeries.slice(0, 5)) {
      output.log(`Hard series: ${series}, MASE ${tasks.formatNumber(mase, 3)}`, output.dim);
    }
    const switches = [`--windows ${windows}`, ...(step === undefined ? [] : [`--step ${step}`]), ...(refit ? ["--refit"] : [])];
    output.log(
      `${tasks.formatCount(result.folds.length, "fold")} in ${tasks.formatDuration(result.seconds)}, seed ${result.seed}.`,
    );
    output.log(`Again: ${program} ${commandLine("backtest", file, job)} ${switches.join(" ")}`, output.dim);
    output.log(`Next:  ${program} ${commandLine("train", file, job)}`, output.bold);
    return EXIT.ok;
  },
});

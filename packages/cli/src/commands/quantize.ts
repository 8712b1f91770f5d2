import { resolve } from "node:path";
import { type CommandSpec, choice, defineCommand, operand, required, text } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { readTable } from "../read-file.ts";

export const quantize: CommandSpec = defineCommand({
  name: "quantize",
  summary: "Make a model smaller, and measure on a file what that costs in accuracy",
  computes: true,
  examples: [
    "quantize 2026-11-21-temp_max-7 --type int8 --check weather-2027.csv",
    "quantize model.safetensors --type float16 --check weather-2027.csv --out small.safetensors",
  ],
  args: {
    model: required(operand("MODEL", "a run's id or folder, or a .safetensors file")),
    type: required(choice("TYPE", "how weights are kept: int8, float16 or bfloat16", ["int8", "float16", "bfloat16"])),
    check: required(text("FILE", "CSV with the columns the model was trained on; forecasts are compared on it")),
    out: text("FILE", "where to write the smaller model; left out, it is only measured"),
  },
  async run({ model: name, type, check, out }, context) {
    const { output, host } = context;
    const { modelBytes, modelPath } = await import("../model-file.ts");
    const bytes = modelBytes(modelPath(name, context));
    const { table } = await readTable(check, context);
    const { formatNumber, quantizeForecaster } = await import("@sluice/tasks");
    const { file, report } = await quantizeForecaster(bytes, { type, check: table });
    const { before, after, difference, forecasts } = report.check;
    const { fittingTable } = await import("../tables.ts");
    output.out({ ...report, out: out ?? null }, () => {
      const right = ["before", "after", "change"].map((title) => ({ title, align: "right" as const }));
      const row = (title: string, a: number | null, b: number | null): string[] =>
        a === null || b === null ? [title, "–", "–", "–"] : [title, formatNumber(a, 6), formatNumber(b, 6), percent(a, b)];
      const rows = [
        row("bytes", report.bytes.before, report.bytes.after),
        row("MASE", before.mase, after.mase),
        row("MAE", before.mae, after.mae),
      ];
      const distance = `largest ${formatNumber(difference.max, 3)}, on average ${formatNumber(difference.mean, 3)}`;
      return `${fittingTable([{ title: type }, ...right], rows, output.width)}\n\n${forecasts} forecasts differ: ${distance}, in units of the target.`;
    });
    if (out === undefined) {
      output.log("Nothing was written. Add --out FILE to keep the smaller model.", output.dim);
      return EXIT.ok;
    }
    const { writeFileAtomically } = await import("sluice/node");
    await writeFileAtomically(resolve(host.cwd, out), file);
    output.log(`Saved ${out}. Next: ${context.program} predict ${out} ${check}`);
    return EXIT.ok;
  },
});

function percent(before: number, after: number): string {
  const change = before === 0 ? 0 : (after / before - 1) * 100;
  return `${change > 0 ? "+" : ""}${change.toFixed(Math.abs(change) < 1 ? 3 : 1)} %`;
}

import { type CommandSpec, defineCommand, operand, required } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { readTable } from "../read-file.ts";

export const evaluate: CommandSpec = defineCommand({
  name: "evaluate",
  summary: "Score a model on other data, beside the baselines",
  computes: true,
  examples: ["evaluate 2026-11-21-temp_max-7 weather-2027.csv"],
  args: {
    model: required(operand("MODEL", "a run's id or folder, or a .safetensors file")),
    file: required(operand("FILE", "CSV with the columns the model was trained on; - is stdin")),
  },
  async run({ model: name, file }, context) {
    const { output } = context;
    const { openForecaster } = await import("../model-file.ts");
    const model = await openForecaster(name, context);
    const data = await readTable(file, context);
    const result = await model.evaluate(data.table);
    const { scoreTable } = await import("../tables.ts");
    output.out(result, ({ metrics }) => scoreTable(metrics, { title: data.table.name, width: output.width }));
    for (const sentence of [...result.verdict.sentences, ...result.drift]) output.log(sentence);
    output.log(`${result.origins} forecasts over ${result.rows} rows.`, output.dim);
    return EXIT.ok;
  },
});

import { resolve } from "node:path";
import type { ForecasterModel } from "@sluice/tasks";
import type { NumericArray } from "sluice";
import { type CommandSpec, type Context, defineCommand, operand, required, text } from "../define-command.ts";
import { EXIT, type ExitCode, UsageError } from "../exit-codes.ts";

export const inspect: CommandSpec = defineCommand({
  name: "inspect",
  summary: "Look into a model file: layers, weights, how it was trained; nothing in it is run",
  examples: [
    "inspect 2026-11-21-temp_max-7",
    "inspect 2026-11-21-temp_max-7 --on weather.csv --html inside.html",
    "inspect model.safetensors --json",
  ],
  args: {
    model: required(operand("MODEL", "a run's id or folder, or any .safetensors file")),
    on: text("FILE", "look inside while it reads the last windows of this CSV: gates, memory, lags"),
    html: text("FILE", "with --on: write what is found as a page with charts"),
  },
  async run({ model: name, on, html }, context) {
    if (html !== undefined && on === undefined) {
      throw new UsageError(
        "--html draws what --on FILE finds, and no file was named. Add --on and the CSV that the model is to read.",
      );
    }
    const { modelBytes, modelPath } = await import("../model-file.ts");
    const path = modelPath(name, context);
    context.output.log(`Inspecting ${path} …`, context.output.dim);
    const bytes = modelBytes(path);
    const { readSafetensors } = await import("sluice");
    const content = readSafetensors(bytes);
    if (content.metadata.get("task") !== "forecast") {
      if (on === undefined) return inspectTensors(path, bytes.length, content, context);
      throw new UsageError(
        `--on lets a forecaster read ${on}, and ${name} is none: it names no columns. Leave --on out to see its tensors, or use inspect.trace in code.`,
      );
    }
    const { loadForecaster } = await import("@sluice/tasks");
    const model = await loadForecaster(bytes);
    return on === undefined
      ? inspectForecaster(path, bytes.length, model, context)
      : inspectInside(model, { name, on, html }, context);
  },
});

/** Windows that are looked into. */
const WINDOWS = 16;

async function inspectInside(
  model: ForecasterModel,
  { name, on, html }: { readonly name: string; readonly on: string; readonly html: string | undefined },
  context: Context,
): Promise<ExitCode> {
  const [{ showInside }, { readTable }, { findInside }] = await Promise.all([
    import("../inspect-on.ts"),
    import("../read-file.ts"),
    import("@sluice/tasks"),
  ]);
  const { table } = await readTable(on, context);
  const findings = findInside(model.windows(table, WINDOWS));
  if (html !== undefined) {
    const [{ renderInside }, { writeText }] = await Promise.all([import("@sluice/tasks/report"), import("../runs.ts")]);
    await writeText(resolve(context.host.cwd, html), renderInside(findings, { title: `Inside ${name}`, source: table.name }));
    context.output.log(`Wrote ${html}`, context.output.dim);
  }
  const text = await showInside(findings, context.output);
  context.output.out(findings, () => text);
  return EXIT.ok;
}

async function inspectForecaster(path: string, bytes: number, model: ForecasterModel, { output }: Context): Promise<ExitCode> {
  const [{ formatNumber }, { fittingTable, scoreTable }] = await Promise.all([import("@sluice/tasks"), import("../tables.ts")]);
  const about = model.describe();
  const { training } = about;
  const right = (...titles: string[]) => titles.map((title) => ({ title, align: "right" as const }));
  output.out({ schema: "sluice.inspect/1", path, bytes, ...about }, () =>
    [
      `Forecasts ${model.target.join(", ")}, ${model.horizon} steps ahead from ${model.windowLength} steps; ` +
        `${formatNumber(about.parameters)} parameters, ${formatNumber(bytes)} bytes`,
      fittingTable(
        [{ title: "layer" }, { title: "kind" }, { title: "output" }, ...right("parameters")],
        about.layers.map(({ name, kind, outputShape, parameters }) => [name, kind, outputShape, formatNumber(parameters)]),
        output.width,
      ),
      fittingTable(
        [{ title: "weight" }, { title: "shape" }, ...right("mean", "std", "min", "max")],
        about.weights.map((w) => [w.path, w.shape.join(" × "), ...[w.mean, w.std, w.min, w.max].map((x) => formatNumber(x, 3))]),
        output.width,
      ),
      `Trained on ${formatNumber(training.rows)} rows, ${training.epochs} epochs, seed ${training.seed}:`,
      scoreTable(training.metrics, { title: "test part", width: output.width }),
    ].join("\n\n"),
  );
  for (const sentence of training.verdict.sentences) output.log(sentence);
  return EXIT.ok;
}

async function inspectTensors(
  path: string,
  bytes: number,
  { metadata, tensors }: { readonly metadata: ReadonlyMap<string, string>; readonly tensors: ReadonlyMap<string, NumericArray> },
  { output }: Context,
): Promise<ExitCode> {
  const [{ formatNumber }, { fittingTable }, { beginning }] = await Promise.all([
    import("@sluice/tasks"),
    import("../tables.ts"),
    import("@sluice/data"),
  ]);
  const facts = {
    schema: "sluice.inspect/1",
    path,
    bytes,
    metadata: [...metadata].map(([key, value]) => ({ key, value: beginning(value, 200), characters: value.length })),
    tensors: [...tensors].map(([name, { shape, data }]) => ({ name, shape, ...statistics(data) })),
  };
  const numbers = facts.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  output.out(facts, () => {
    const right = ["mean", "std", "min", "max"].map((title) => ({ title, align: "right" as const }));
    const rows = facts.tensors.map((t) => [
      t.name,
      t.shape.length === 0 ? "single number" : t.shape.join(" × "),
      ...[t.mean, t.std, t.min, t.max].map((x) => formatNumber(x, 3)),
    ]);
    const texts = facts.metadata.map(
      ({ key, value, characters }) => `${key}: ${characters > 60 ? `${beginning(value, 60)}…` : value}`,
    );
    return [
      `${formatNumber(tensors.size)} tensors, ${formatNumber(numbers)} numbers, ${formatNumber(bytes)} bytes`,
      ...(texts.length === 0 ? [] : [texts.join("\n")]),
      fittingTable([{ title: "tensor" }, { title: "shape" }, ...right], rows, output.width),
    ].join("\n\n");
  });
  return EXIT.ok;
}

/** Null for an empty tensor. */
function statistics(data: ArrayLike<number>): Record<"mean" | "std" | "min" | "max", number | null> {
  if (data.length === 0) return { mean: null, std: null, min: null, max: null };
  let [mean, square, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    const before = x - mean;
    mean += before / (i + 1);
    square += before * (x - mean);
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return { mean, std: Math.sqrt(square / data.length), min, max };
}

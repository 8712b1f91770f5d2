import { FormatError, loadModel, modelMetadata } from "sluice";
import { baselineName } from "../baselines/index.ts";
import type { BaselineModel } from "../baselines/types.ts";
import type { Band } from "./calibration.ts";
import type { FittedBaseline } from "./fit-baselines.ts";
import type { ForecasterDescription, ForecasterModel } from "./forecast-types.ts";
import { Forecaster } from "./forecaster.ts";
import type { ForecasterParts } from "./forecaster-parts.ts";
import { finite, list, object, optional, text, whole } from "./json-shape.ts";
import { inputSizes, type Recipe } from "./recipe.ts";

/**
 * The forecaster that `save` wrote.
 * @throws {FormatError} when the file is damaged, not a forecaster's, or newer than this version; never another error.
 * @example const rows = await (await loadForecaster(await readFile("model.safetensors"))).predict(table);
 */
export async function loadForecaster(file: Uint8Array): Promise<ForecasterModel> {
  const texts = modelMetadata(file);
  if (texts.task !== "forecast") {
    throw new FormatError("Cannot load this file as a forecaster: it holds another kind of model. Open it with loadModel.");
  }
  const recipe = readRecipe(parse(texts, "forecast.recipe"));
  const network = loadModel(file);
  const fits = [inputSizes(recipe).past, inputSizes(recipe).lags, inputSizes(recipe).ahead];
  const given = network.graph.inputs.map(({ shape }) => shape.at(-1));
  if (given.length !== fits.length || fits.some((size, i) => size !== given[i])) {
    throw new FormatError("Cannot load this forecaster: its preprocessing belongs to another network. The file is damaged.");
  }
  const { bands, baselines, record } = readExtras(texts, recipe);
  return new Forecaster({ network, recipe, bands, baselines, record });
}

function parse(texts: Readonly<Record<string, string>>, key: string): unknown {
  try {
    return JSON.parse(texts[key] ?? "") as unknown;
  } catch {
    throw new FormatError(
      `Cannot load this forecaster: its text "${key}" is missing or damaged. Get the file again from its source.`,
    );
  }
}

const moments = { mean: finite, std: finite };

const ridgeShape = object({
  layout: object({ lags: whole, season: whole, horizon: whole, future: list(object(moments)) }),
  lambda: finite,
  shared: list(finite),
  own: list(finite),
});

/** Checks every field, so that nothing further on meets a surprise. */
function readRecipe(value: unknown): Recipe {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > 1) {
    throw new FormatError(
      `Cannot load this forecaster: its preprocessing is version ${version}, and this library reads version 1. Update sluice.`,
    );
  }
  const named = list(object({ name: text, ...moments }));
  object({
    version: whole,
    horizon: whole,
    windowLength: whole,
    segment: whole,
    lags: whole,
    columns: object({ time: optional(text), series: optional(text), covariates: list(text), future: list(text) }),
    targets: list(object({ name: text, season: whole, base: text, seasonLags: whole, residual: finite })),
    covariates: named,
    future: named,
    frequency: object({ unit: text, count: finite }),
    calendar: object({ cycles: list(text) }),
    encodings: list(object({ column: text, vocabulary: list(text) })),
    levels: list(finite),
    series: list(object({ id: text, targets: list(object(moments)), mase: list(optional(finite)) })),
  })(value, "recipe");
  return value as Recipe;
}

function readExtras(
  texts: Readonly<Record<string, string>>,
  recipe: Recipe,
): Pick<ForecasterParts, "bands" | "baselines" | "record"> {
  const bands = parse(texts, "forecast.bands");
  list(list(object({ level: finite, lower: whole, upper: whole, factors: list(finite) })))(bands, "bands");
  const models = parse(texts, "forecast.baselines");
  list(
    list(
      object({
        kind: text,
        horizon: whole,
        season: whole,
        levels: list(finite),
        errorQuantiles: list(finite),
        ridge: optional(ridgeShape),
      }),
    ),
  )(models, "baselines");
  const record = parse(texts, "forecast.training");
  object({
    schema: text,
    history: list(object({})),
    rows: whole,
    seed: whole,
    metrics: object({ model: object({}), baselines: object({}) }),
  })(record, "training");
  const baselines = (models as BaselineModel[][]).map((each, t) =>
    each.map((model): FittedBaseline => {
      const scales = recipe.series.map(({ id, targets }) => ({ id, ...(targets[t] as { mean: number; std: number }) }));
      return { kind: model.kind, name: baselineName(model.kind), model: { ...model, scales }, seconds: 0 };
    }),
  );
  return { bands: bands as Band[][], baselines, record: record as ForecasterDescription["training"] };
}

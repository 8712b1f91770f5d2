import { saveModel } from "sluice";
import type { ForecasterParts } from "./forecaster-parts.ts";

/** Series whose scaling a file keeps; a loaded model scales any other series by its own history. */
const MOST_SERIES = 5000;
/** Characters of a baseline's coefficients that a file keeps: a file's texts must stay below one megabyte. */
const MOST_TEXT = 300_000;

/** One safetensors file: the network, and the preprocessing, bands, baselines and training record as JSON in its metadata. */
export async function writeForecaster({ network, recipe, bands, baselines, record }: ForecasterParts): Promise<Uint8Array> {
  const series = recipe.series.length > MOST_SERIES ? [] : recipe.series;
  const models = baselines.map((each) =>
    each
      .map(({ model }) => ({ ...model, scales: [] }))
      .filter((model) => JSON.stringify(model).length <= MOST_TEXT / baselines.length),
  );
  return saveModel(network, {
    metadata: {
      task: "forecast",
      "forecast.recipe": JSON.stringify({ ...recipe, series }),
      "forecast.bands": JSON.stringify(bands),
      "forecast.baselines": JSON.stringify(models),
      "forecast.training": JSON.stringify(record),
    },
  });
}

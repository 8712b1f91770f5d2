import type { Table } from "@sluice/data";
import { loadModel, modelMetadata, quantize, saveModel, type WeightType } from "sluice";
import type { ForecastRow, Scores } from "./forecast-types.ts";
import { loadForecaster } from "./load-forecaster.ts";

/** What smaller weights save and cost. */
export interface QuantizeReport {
  readonly schema: "sluice.quantize/1";
  readonly type: WeightType;
  /** Of the model's file. */
  readonly bytes: { readonly before: number; readonly after: number };
  readonly check: QuantizeCheck;
}

/** What rounding the weights costs on a file. */
export interface QuantizeCheck {
  /** Forecasts compared: steps ahead, times targets and series. */
  readonly forecasts: number;
  /** Absolute differences of the forecasts after the end of the data, in units of the target. */
  readonly difference: { readonly max: number; readonly mean: number };
  /** Scores over every window of the data. */
  readonly before: Scores;
  readonly after: Scores;
}

/**
 * A forecaster's file with smaller weights, and what that does to its forecasts on a table.
 * @throws {FormatError} when the file is no forecaster's; {DataError} when the table does not fit it; {ValueError} for a weight
 * the type cannot hold.
 * @example const { file, report } = await quantizeForecaster(bytes, { type: "int8", check: table });
 */
export async function quantizeForecaster(
  file: Uint8Array,
  { type, check }: { readonly type: WeightType; readonly check: Table },
): Promise<{ readonly file: Uint8Array; readonly report: QuantizeReport }> {
  const before = await loadForecaster(file);
  const small = await saveModel(quantize(loadModel(file), { type }), { metadata: modelMetadata(file) });
  const after = await loadForecaster(small);
  const difference = differenceOf(await before.predict(check), await after.predict(check));
  const scores = [(await before.evaluate(check)).metrics.model, (await after.evaluate(check)).metrics.model] as const;
  const report: QuantizeReport = {
    schema: "sluice.quantize/1",
    type,
    bytes: { before: file.length, after: small.length },
    check: { ...difference, before: scores[0], after: scores[1] },
  };
  return { file: small, report };
}

function differenceOf(
  before: readonly ForecastRow[],
  after: readonly ForecastRow[],
): Pick<QuantizeCheck, "forecasts" | "difference"> {
  let [max, sum] = [0, 0];
  before.forEach(({ forecast }, k) => {
    const size = Math.abs(forecast - (after[k] as ForecastRow).forecast);
    max = Math.max(max, size);
    sum += size;
  });
  return { forecasts: before.length, difference: { max, mean: before.length === 0 ? 0 : sum / before.length } };
}

import { ValueError } from "../errors.ts";
import type { Network } from "../models/network.ts";
import { concatRows } from "./arrays.ts";
import { checkBatch } from "./batch.ts";
import type { Compiled } from "./compile.ts";
import type { NumericArray } from "./dataset.ts";
import { type Logs, Meter } from "./meter.ts";
import { pacer } from "./pace.ts";
import type { BatchSource } from "./source.ts";
import { predictStep, testStep } from "./step.ts";

/** Loss and metrics over a source, at most `steps` batches of it. @throws {ValueError} when it gives no batch. */
export async function evaluateSource(
  network: Network,
  compiled: Compiled,
  source: BatchSource,
  { steps = Number.POSITIVE_INFINITY, signal }: { steps?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Logs> {
  const pace = pacer();
  let meter: Meter | null = null;
  let step = 0;
  for await (const batch of source.batches(0, 0)) {
    const checked = checkBatch(network, batch, { targets: true });
    meter ??= new Meter(network, compiled);
    meter.add(await testStep(network, compiled, checked, { step: 0, predictions: meter.wantsPredictions }), checked);
    await pace();
    if (++step >= steps || signal?.aborted) break;
  }
  if (!meter) throw new ValueError("Cannot evaluate on no data: the source gave no batch. Give at least one example.");
  return meter.logs();
}

/** The outputs for every example, in order, batches joined along axis 0. */
export async function predictSource(network: Network, source: BatchSource): Promise<NumericArray[]> {
  const pace = pacer();
  const parts: NumericArray[][] = [];
  for await (const batch of source.batches(0, 0)) {
    const checked = checkBatch(network, batch, { targets: false });
    (await predictStep(network, checked)).forEach(({ output }, k) => {
      parts[k] ??= [];
      parts[k].push(output);
    });
    await pace();
  }
  if (parts.length === 0)
    throw new ValueError("Cannot predict from no data: the source gave no batch. Give at least one example.");
  return parts.map(concatRows);
}

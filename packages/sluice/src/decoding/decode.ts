import { ShapeError, ValueError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { cutIntoSteps, type StepGraph } from "../models/step-graph.ts";
import { showShape } from "../tensor/shape.ts";
import { type ArrayInputs, concatRows, gatherRows, toNumericArray, toNumericArrays } from "../training/arrays.ts";
import { checkBatch } from "../training/batch.ts";
import type { NumericArray } from "../training/dataset.ts";
import { pacer } from "../training/pace.ts";
import { Beam, type Hypothesis } from "./beam.ts";
import { type DecodeOptions, type DecodeSettings, decodeSettings } from "./options.ts";
import { StepRun } from "./step-run.ts";

/** An output sequence, and how likely the model finds it. */
export interface Decoded {
  /** Without the start and the stop token. */
  readonly tokens: readonly number[];
  /** ln p of the tokens given the source, that of the stop token included where it came. */
  readonly logProbability: number;
  /** What hypotheses are ranked by: logProbability divided by the length penalty. */
  readonly score: number;
  /** Whether the stop token came; else `maxLength` cut the sequence. */
  readonly stopped: boolean;
  /**
   * With `attention: true`, for each attention layer over the source how much each of its S steps counted for each of the n tokens,
   * the stop token included: [n, S], of several heads [n, heads, S]; padding counts 0. Otherwise empty.
   */
  readonly attention: readonly NumericArray[];
}

/**
 * The best output sequence for each source: the likeliest token each time, or with `beams` the best that beam search finds. The
 * encoder runs once; each step runs the decoder on the newest token alone, from the states after the token before. A sequence
 * that has ended takes part no more.
 * @param source the model's inputs before the last one, [N, …], padded where lengths differ.
 * @throws {ValueError} for a model that cannot run step by step, and for options outside their rules; {ShapeError} when source and
 * model do not fit; {NumericError} when the model gives NaN.
 * @example
 * const [{ tokens }] = await decode(net, [[3, 4, 5, 0]], { start: 1, stop: 2, maxLength: 20, beams: 4 });
 */
export async function decode(model: Model, source: ArrayInputs, options: DecodeOptions): Promise<Decoded[]> {
  return (await beamSearch(model, source, options)).map(([best]) => best as Decoded);
}

/**
 * As `decode`, with all that beam search kept for each source: at most `beams` sequences, the best first, those that the stop
 * token ended before those that `maxLength` cut. A hypothesis has ended when the stop token is among the K best continuations,
 * and the search when K have [Sutskever et al. 2014, arXiv:1409.3215].
 * @throws as `decode`.
 */
export async function beamSearch(model: Model, source: ArrayInputs, options: DecodeOptions): Promise<Decoded[][]> {
  if (model.stateful) {
    throw new ValueError(
      `Cannot decode with stateful model "${model.name}": what it keeps between calls would mix with its sequences. Leave stateful out of its layers.`,
    );
  }
  const { inputs } = model.graph;
  const cuts = cutIntoSteps(model.name, model.graph);
  const settings = decodeSettings(model, options);
  const sources = await toNumericArrays(source, inputs.length - 1, "the source");
  const mask = options.mask === undefined ? null : await toNumericArray(options.mask, "mask");
  const examples = sources[0]?.shape[0] ?? 1;
  const odd = [...sources, ...(mask ? [mask] : [])].find(({ shape: [size = 1] }) => size !== examples);
  if (odd) {
    throw new ShapeError(
      `Cannot decode ${examples} sources with an array of shape ${showShape(odd.shape)}: axis 0 of every input and of the mask counts the sources. Give each one row for each.`,
    );
  }
  const found: Decoded[][] = [];
  for (let begin = 0; begin < examples; begin += settings.batchSize) {
    const rows = Int32Array.from({ length: Math.min(settings.batchSize, examples - begin) }, (_, k) => begin + k);
    const part = sources.map((each) => gatherRows(each, rows));
    found.push(...(await searchBatch(model, cuts, part, mask && gatherRows(mask, rows), settings)));
  }
  return found;
}

async function searchBatch(
  model: Model,
  cuts: StepGraph,
  sources: readonly NumericArray[],
  mask: NumericArray | null,
  settings: DecodeSettings,
): Promise<Decoded[][]> {
  const size = sources[0]?.shape[0] ?? 0;
  const tokens = { shape: [size, 1], data: new Float32Array(size) }; // stands for the last input, which is still to come
  const batch = checkBatch(model, { x: [...sources, tokens], ...(mask && { mask }) }, { targets: false });
  const run = new StepRun(cuts, model, batch, settings);
  const classes = model.graph.outputs[0]?.shape.at(-1) as number;
  const beams = Array.from({ length: size }, (_, example) => new Beam(settings, example));
  const looks: (readonly NumericArray[])[] = [];
  const pace = pacer();
  for (let open = [...beams]; open.length > 0; open = open.filter(({ over }) => !over)) {
    const { scores, weights } = run.step(
      beams.flatMap((beam, example) => (beam.over ? [] : beam.open.map(({ row, token }) => ({ example, token, parent: row })))),
    );
    looks.push(weights);
    let row = 0;
    for (const beam of open) {
      const rows = beam.open.length;
      beam.advance(scores, classes, row);
      row += rows;
    }
    await pace();
  }
  return beams.map((beam) => results(beam, settings, looks));
}

/** What a beam found, the best first. @param looks where the attention layers looked in each step. */
function results({ ended, open }: Beam, settings: DecodeSettings, looks: readonly (readonly NumericArray[])[]): Decoded[] {
  const ranked = (some: readonly Hypothesis[], stopped: boolean): Decoded[] =>
    some.map((each) => decoded(each, stopped, settings, looks)).sort((a, b) => b.score - a.score);
  return [...ranked(ended, true), ...ranked(open, false)].slice(0, settings.beams);
}

function decoded(
  hypothesis: Hypothesis,
  stopped: boolean,
  { lengthPenalty }: DecodeSettings,
  looks: readonly (readonly NumericArray[])[],
): Decoded {
  const steps: Hypothesis[] = [];
  for (let at = hypothesis; at.before; at = at.before) steps.unshift(at);
  const { logProbability, length } = hypothesis;
  const layers = looks[0]?.keys() ?? [];
  const rowsOf = (layer: number): NumericArray[] =>
    steps.map(({ row }, t) => gatherRows(looks[t]?.[layer] as NumericArray, Int32Array.of(row)));
  return {
    tokens: steps.slice(0, stopped ? -1 : length).map(({ token }) => token),
    logProbability,
    score: logProbability / ((5 + length) / 6) ** lengthPenalty,
    stopped,
    attention: [...layers].map((layer) => concatRows(rowsOf(layer))),
  };
}

import { ValueError } from "../../errors.ts";
import type { RandomStream } from "../../random/philox.ts";

/** The blocks of an LSTM's weights, in their order. */
export type GateName = "input" | "forget" | "candidate" | "output";

/** Where the bias of one gate starts: one value, or `start`, `start + step`, `start + 2 step`, … from unit to unit (block to block). */
export type GateStart = number | { readonly start: number; readonly step: number };

/**
 * Where the biases of the gates start, as plain data. Gates that it does not name start as `biasInitializer` and `unitForgetBias` say.
 *
 * - Values: { forget: 1 } is the unit bias [Jozefowicz et al. 2015]; staggered ones, { output: { start: -1, step: -1 } }, let units
 *   come into play one after another [Hochreiter & Schmidhuber 1997, section 4; Gers et al. 2000].
 * - Chrono [Tallec & Ollivier 2018, arXiv:1804.11188]: b_f = log u with u uniform in [1, longest − 1], and b_i = −b_f, so that memories last up to
 *   `longest` steps.
 */
export type GateBiasSpec =
  | { readonly [gate in GateName]?: GateStart }
  | { readonly chrono: { /** In steps, at least 2. */ readonly longest: number } };

/** Where each block of a bias begins and how long it is. */
export type BiasBlocks = ReadonlyMap<GateName, { readonly at: number; readonly length: number }>;

/** Writes the starting values into the blocks of a bias. The random numbers are for chrono alone. */
export function startGateBias(spec: GateBiasSpec, bias: Float64Array, blocks: BiasBlocks, random: RandomStream): void {
  if ("chrono" in spec) {
    const length = (blocks.get("input") ?? blocks.get("forget"))?.length ?? 0;
    for (let j = 0; j < length; j++) {
      const forget = Math.log(1 + (spec.chrono.longest - 2) * random.uniform());
      for (const [gate, { at }] of blocks) {
        if (gate === "forget") bias[at + j] = forget;
        if (gate === "input") bias[at + j] = 0 - forget; // also where f = 1 − i: then σ(b_f) = 1 − σ(b_i)
      }
    }
    return;
  }
  for (const [gate, { at, length }] of blocks) {
    const value = spec[gate];
    if (value === undefined) continue;
    const { start, step } = typeof value === "number" ? { start: value, step: 0 } : value;
    for (let j = 0; j < length; j++) bias[at + j] = start + j * step;
  }
}

/** @throws {ValueError} for a gate that is not among `gates`, a value that is not finite, or a `longest` below 2. */
export function checkGateBias(spec: GateBiasSpec, gates: readonly string[], layer: string): void {
  const fail = (what: string, rule: string): never => {
    throw new ValueError(`Cannot make ${layer} with gateBias ${what}: ${rule}.`);
  };
  if ("chrono" in spec) {
    const { longest } = spec.chrono;
    if (!(longest >= 2 && Number.isFinite(longest))) fail(`chrono.longest ${longest}`, "it is a number of steps from 2 up");
    if (!gates.includes("input") && !gates.includes("forget")) fail("chrono", "there is neither an input nor a forget gate");
    return;
  }
  for (const [gate, value] of Object.entries<GateStart | undefined>(spec)) {
    if (value === undefined) continue;
    if (!gates.includes(gate)) fail(`for "${gate}"`, `the biased blocks are ${gates.join(", ")}`);
    const numbers = typeof value === "number" ? [value] : [value.start, value.step];
    if (!numbers.every(Number.isFinite))
      fail(`${gate}: ${JSON.stringify(value)}`, "it is a number, or { start, step } of numbers");
  }
}

import { ValueError } from "../errors.ts";
import type { PlainArray } from "./subject.ts";
import type { Trace } from "./trace.ts";

/** Options of `saturation`. */
export interface SaturationOptions {
  /** Below it a gate counts as shut. Default 0.1. */
  readonly low?: number;
  /** Above it a gate counts as open. Default 0.9. */
  readonly high?: number;
}

/** Of one gate, for each unit: the share of steps in which it is shut, and open. NaN when no step was used. */
export interface Saturation {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * How often each gate of each unit is saturated: its share of (row, step) pairs below `low` and above `high`
 * [Karpathy et al. 2015, arXiv:1506.02078, section 4.2: "left" and "right saturated"]. Candidates are no gates and are left out.
 * @example gateSaturation(trace(model, x)).forgetGate?.high; // the units near 1 remember almost always
 */
export function gateSaturation(
  { gates, mask }: Trace,
  { low = 0.1, high = 0.9 }: SaturationOptions = {},
): Readonly<Record<string, Saturation>> {
  const isGate = ([name]: readonly [string, PlainArray]): boolean => name.endsWith("Gate");
  const share = (gate: PlainArray, holds: (value: number) => boolean): readonly number[] =>
    unitsOf(gate, mask).map((values) => values.filter(holds).length / values.length);
  return Object.fromEntries(
    Object.entries(gates)
      .filter(isGate)
      .map(([name, gate]) => [name, { low: share(gate, (v) => v < low), high: share(gate, (v) => v > high) }]),
  );
}

/** Options of `unit`. */
export interface UnitOptions {
  /** The part of the state that is read. Default "hiddenState". */
  readonly of?: string;
}

/**
 * Pearson's correlation of every two units over all (row, step) pairs: [H][H], 1 on the diagonal. Units of like course store the
 * same thing twice [the "abuse problem" of Hochreiter & Schmidhuber 1997]. NaN beside a unit that never changes.
 * @throws {ValueError} when the trace has no such part.
 */
export function unitCorrelation(trace: Trace, { of = "hiddenState" }: UnitOptions = {}): readonly (readonly number[])[] {
  const centred = unitsOf(partOf(trace, of), trace.mask).map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.map((value) => value - mean);
  });
  const norms = centred.map((values) => Math.sqrt(dot(values, values)));
  return centred.map((a, i) =>
    centred.map((b, j) => (i === j && norms[i] ? 1 : dot(a, b) / ((norms[i] ?? 0) * (norms[j] ?? 0)))),
  );
}

/** Options of `activeUnits`. */
export interface ActiveUnitsOptions extends UnitOptions {
  /** The least distance between a unit's smallest and largest value that counts as activity. Default 0.01. */
  readonly eps?: number;
}

/** Units that move, and those that do not. */
export interface ActiveUnits {
  readonly count: number;
  /** For each unit: its largest value minus its smallest, over all (row, step) pairs. */
  readonly range: readonly number[];
  readonly active: readonly boolean[];
}

/**
 * The units that move: those whose values span more than `eps`. The others are constants, which a bias could hold.
 * @throws {ValueError} when the trace has no such part.
 */
export function activeUnits(trace: Trace, { eps = 0.01, of = "hiddenState" }: ActiveUnitsOptions = {}): ActiveUnits {
  const range = unitsOf(partOf(trace, of), trace.mask).map((values) => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
    return values.length === 0 ? 0 : max - min;
  });
  const active = range.map((span) => span > eps);
  return { count: active.filter(Boolean).length, range, active };
}

function partOf({ states, layer }: Trace, name: string): PlainArray {
  const part = states[name];
  if (part) return part;
  throw new ValueError(
    `Cannot read "${name}" from the trace of "${layer}": its state is { ${Object.keys(states).join(", ")} }. Name one as \`of\`.`,
  );
}

/** The values of each unit at the steps that were used. */
function unitsOf({ shape, data }: PlainArray, mask: Trace["mask"]): number[][] {
  const width = shape.slice(2).reduce((a, b) => a * b, 1);
  const units = Array.from({ length: width }, (): number[] => []);
  data.forEach((value, k) => {
    if (mask?.[Math.floor(k / width)] !== 0) units[k % width]?.push(value);
  });
  return units;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);
}

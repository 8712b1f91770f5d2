import { inspect, type Model, ops, type Tensor, tensor, zeros } from "sluice";
import type { GateFindings, InfluenceFindings, InsideFindings, InspectedWindows, LayerFindings } from "./findings.ts";

/** Lags that are named. */
const NAMED = 5;
/** Units of a gate, and steps of the output, that are looked at one by one. */
const UNITS = 24;
const AHEAD = 12;

/**
 * Looks into every recurrent layer of the network while it reads the windows: gates, memory, how far errors reach back, and what the
 * output depends on.
 * @example findInside(model.windows(table, 16)).layers[0].gates; // [{ gate: "inputGate", shut: 0.02, open: 0.31, … }, …]
 */
export function findInside({ network, inputs }: InspectedWindows): InsideFindings {
  const x = inputs.map(({ shape, data }) => tensor(data, shape, { backend: network.backend }));
  const [windows = 0, length = 0] = inputs[0]?.shape ?? [];
  const layers = [...inspect.recurrentLayers(network).keys()].map((layer): LayerFindings => {
    const traced = inspect.trace(network, x, { layer });
    const { horizon, halfLife, norms } = inspect.memoryHorizon(network, x, { layer });
    const segment = Math.max(1, Math.round(length / traced.steps));
    const inSteps = (steps: number | null): number | null => steps && steps * segment;
    const shown = { of: "hiddenState" in traced.states ? "hiddenState" : (Object.keys(traced.states)[0] as string) };
    return {
      layer,
      kind: traced.type,
      steps: traced.steps,
      segment,
      units: traced.states[shown.of]?.shape.at(-1) ?? 0,
      active: inspect.activeUnits(traced, shown).count,
      alike: pairsAlike(inspect.unitCorrelation(traced, shown)),
      gates: gatesOf(traced),
      memory: { halfLife: inSteps(halfLife), horizon: inSteps(horizon), norms },
      gradient: gradientsOf(network, x, layer),
    };
  });
  return { schema: "sluice.inspect-on/1", windows, layers, influence: influenceOf(network, x) };
}

function gatesOf(traced: inspect.Trace): GateFindings[] {
  return Object.entries(inspect.gateSaturation(traced)).map(([gate, { low, high }]) => {
    const { data } = traced.gates[gate] as inspect.PlainArray;
    const width = low.length;
    const courses = Array.from({ length: width }, (_, unit) => byStep(data, traced.steps, width, unit, width));
    const range = courses.map((course) => Math.max(...course) - Math.min(...course));
    const units = [...range.keys()].sort((a, b) => (range[b] as number) - (range[a] as number)).slice(0, UNITS);
    return {
      gate,
      shut: mean(low),
      open: mean(high),
      byStep: byStep(data, traced.steps, width, 0, 1),
      units,
      byUnit: units.map((unit) => courses[unit] as number[]),
    };
  });
}

/** The gradient of the mean output: a "loss" that needs no target. */
function gradientsOf(network: Model, x: readonly Tensor[], layer: string): LayerFindings["gradient"] {
  const nothing = network.forward(x).map(({ shape }) => zeros(shape, { backend: network.backend }));
  const loss = (_actual: Tensor, predicted: Tensor): Tensor => ops.mean(predicted, { axis: -1 });
  const { norms } = inspect.gradientThroughTime(network, x, nothing, { layer, loss });
  const isTurned = inspect.recurrentLayers(network).get(layer)?.options.goBackwards ?? false;
  return Object.entries(norms).map(([state, values]) => ({ state, norms: isTurned ? values.toReversed() : values }));
}

/** How far each step of the window acts on steps of the output. */
function influenceOf(network: Model, x: readonly Tensor[]): InfluenceFindings[] {
  const shape = network.graph.outputs[0]?.shape ?? [];
  const last = (shape[1] ?? 1) - 1;
  const count = Math.min(AHEAD, last + 1);
  const chosen = Array.from({ length: count }, (_, k) => Math.round((k * last) / Math.max(1, count - 1)));
  const { outputs, norms } = inspect.connectivity(network, x, shape.length < 3 ? {} : { output: chosen });
  const [rows = 0, groups = 0, steps = 0] = norms.shape;
  return Array.from({ length: groups }, (_, k) => {
    const byLag = Array.from({ length: steps }, (_, back) =>
      mean(Array.from({ length: rows }, (_, b) => norms.data[(b * groups + k + 1) * steps - 1 - back] ?? 0)),
    );
    const strongest = byLag.map((norm, back) => ({ lag: back + 1, norm })).sort((a, b) => b.norm - a.norm);
    const at = outputs[k];
    return { ahead: at === undefined ? null : at + 1, byLag, strongest: strongest.slice(0, NAMED) };
  });
}

function pairsAlike(correlation: readonly (readonly number[])[]): number {
  return correlation.flatMap((row, i) => row.filter((r, j) => j > i && Math.abs(r) > 0.95)).length;
}

/** The mean of every `stride`-th value [B, T, H] from the first one on, for each step; steps that were not used are left out. */
function byStep(values: readonly number[], steps: number, width: number, first: number, stride: number): number[] {
  const sums = new Array<number>(steps).fill(0);
  const used = new Array<number>(steps).fill(0);
  for (let k = first; k < values.length; k += stride) {
    const value = values[k] as number;
    if (Number.isNaN(value)) continue;
    const t = Math.floor(k / width) % steps;
    sums[t] = (sums[t] as number) + value;
    used[t] = (used[t] as number) + 1;
  }
  return sums.map((sum, t) => sum / (used[t] as number));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

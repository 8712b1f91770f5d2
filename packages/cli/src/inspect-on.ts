import type { Model, NumericArray, Tensor } from "sluice";
import type { Output } from "./output.ts";

/** What `inspect --on` looks at: a network and what it reads in some windows. */
export interface InspectedWindows {
  readonly network: Model;
  /** One array for each input; the first is the window over time [B, L, P]. */
  readonly inputs: readonly NumericArray[];
}

/** One recurrent layer at work, as plain data. */
export interface LayerFindings {
  readonly layer: string;
  readonly kind: string;
  /** Steps that it runs in a window; each reads `segment` steps of the data. */
  readonly steps: number;
  readonly segment: number;
  readonly units: number;
  /** Units whose hidden state moves by more than 0.01. */
  readonly active: number;
  /** Pairs of units whose hidden states correlate by more than 0.95 in size. */
  readonly alike: number;
  /** Of each gate: share of its values below 0.1 and above 0.9, and its mean at each step. */
  readonly gates: readonly {
    readonly gate: string;
    readonly shut: number;
    readonly open: number;
    readonly byStep: readonly number[];
  }[];
  /** In steps of the data, null where the window is too short to see it; `norms` by lag, in steps of the layer. */
  readonly memory: { readonly halfLife: number | null; readonly horizon: number | null; readonly norms: readonly number[] };
}

/** What `inspect --on` finds, as plain data. */
export interface InspectFindings {
  readonly schema: "sluice.inspect-on/1";
  readonly windows: number;
  readonly layers: readonly LayerFindings[];
  /** ‖d forecast / d input‖ of the first output for each step of the window, the mean over windows: lag 1 is the last step. */
  readonly influence: readonly {
    /** Step of the output, from 1; null for outputs without steps. */
    readonly ahead: number | null;
    readonly byLag: readonly number[];
    /** The lags that act most, the strongest first. */
    readonly strongest: readonly { readonly lag: number; readonly norm: number }[];
  }[];
}

/** Lags that are named. */
const NAMED = 5;

/** Looks into every recurrent layer of the network while it reads the windows. */
export async function findInside({ network, inputs }: InspectedWindows): Promise<InspectFindings> {
  const { inspect, tensor } = await import("sluice");
  const x = inputs.map(({ shape, data }) => tensor(data, shape, { backend: network.backend }));
  const [windows = 0, length = 0] = inputs[0]?.shape ?? [];
  const layers = [...inspect.recurrentLayers(network).keys()].map((layer): LayerFindings => {
    const traced = inspect.trace(network, x, { layer });
    const { horizon, halfLife, norms } = inspect.memoryHorizon(network, x, { layer });
    const segment = Math.max(1, Math.round(length / traced.steps));
    const inSteps = (steps: number | null): number | null => steps && steps * segment;
    const saturation = inspect.gateSaturation(traced);
    return {
      layer,
      kind: traced.type,
      steps: traced.steps,
      segment,
      units: traced.states.hiddenState?.shape.at(-1) ?? 0,
      active: inspect.activeUnits(traced).count,
      alike: pairsAlike(inspect.unitCorrelation(traced)),
      gates: Object.entries(saturation).map(([gate, { low, high }]) => ({
        gate,
        shut: mean(low),
        open: mean(high),
        byStep: meanByStep(traced.gates[gate]?.data ?? [], traced.steps, low.length),
      })),
      memory: { halfLife: inSteps(halfLife), horizon: inSteps(horizon), norms },
    };
  });
  return { schema: "sluice.inspect-on/1", windows, layers, influence: influenceOf(inspect, network, x) };
}

/** How far each step of the window acts on the first and on the last step of the output. */
function influenceOf(
  inspect: typeof import("sluice")["inspect"],
  network: Model,
  x: readonly Tensor[],
): InspectFindings["influence"] {
  const shape = network.graph.outputs[0]?.shape ?? [];
  const last = (shape[1] ?? 1) - 1;
  const output = shape.length < 3 ? undefined : last > 0 ? [0, last] : [0];
  const { outputs, norms } = inspect.connectivity(network, x, output === undefined ? {} : { output });
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

/** Shows the findings: tables, and strips in which a full block is 1, or the strongest. */
export async function showInside(findings: InspectFindings, { width }: Pick<Output, "width">): Promise<string> {
  const [{ formatCount, formatNumber, formatPercent }, { fittingTable }] = await Promise.all([
    import("@sluice/tasks"),
    import("./tables.ts"),
  ]);
  const right = (...titles: string[]) => titles.map((title) => ({ title, align: "right" as const }));
  const room = Math.max(10, Math.min(60, (width ?? 80) - 24));
  const far = (steps: number | null): string => (steps === null ? "beyond the window" : `after ${formatCount(steps, "step")}`);
  const layers = findings.layers.flatMap(({ layer, kind, units, active, alike, gates, memory }) => [
    `${kind} "${layer}": ${active} of ${formatCount(units, "unit")} move, ${formatCount(alike, "pair")} of them alike; ` +
      `half of an input is forgotten ${far(memory.halfLife)}, 95 % ${far(memory.horizon)}`,
    ...(gates.length === 0
      ? []
      : [
          fittingTable(
            [{ title: "gate" }, ...right("below 0.1", "above 0.9"), { title: "mean, first step to last" }],
            gates.map(({ gate, shut, open, byStep }) => [
              gate,
              formatPercent(shut),
              formatPercent(open),
              heatStrip(byStep, { max: 1, width: room }),
            ]),
            width,
          ),
        ]),
    `What it keeps of an input, by age   ${heatStrip(memory.norms, { max: Math.max(...memory.norms), width: room })}`,
  ]);
  const influence = findings.influence.map(({ ahead, byLag, strongest }) => {
    const lags = strongest.map(({ lag, norm }) => `${lag} (${formatNumber(norm, 2)})`).join(", ");
    const strip = heatStrip(byLag, { max: Math.max(...byLag), width: room });
    return `${ahead === null ? "Output" : `Step ${ahead} ahead`}, by lag   ${strip}\n  strongest lags: ${lags}`;
  });
  return [`Inside, over the last ${formatCount(findings.windows, "window")}`, ...layers, ...influence].join("\n\n");
}

const SHADES = " ░▒▓█";

/** Values from 0 to `max` as shades, in at most `width` characters: each the mean of its share. What is no number is a "?". */
export function heatStrip(values: readonly number[], { max, width }: { readonly max: number; readonly width: number }): string {
  const cells = Math.min(values.length, width);
  return Array.from({ length: cells }, (_, k) => {
    const from = Math.floor((k * values.length) / cells);
    const value = mean(values.slice(from, Math.floor(((k + 1) * values.length) / cells))) / (max > 0 ? max : 1);
    return Number.isNaN(value) ? "?" : SHADES[Math.round(Math.min(1, Math.max(0, value)) * (SHADES.length - 1))];
  }).join("");
}

function pairsAlike(correlation: readonly (readonly number[])[]): number {
  return correlation.flatMap((row, i) => row.filter((r, j) => j > i && Math.abs(r) > 0.95)).length;
}

/** The mean over rows and units of values [B, T, H], for each step; steps that were not used are left out. */
function meanByStep(values: readonly number[], steps: number, units: number): number[] {
  return Array.from({ length: steps }, (_, t) =>
    mean(values.filter((value, k) => Math.floor(k / units) % steps === t && !Number.isNaN(value))),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

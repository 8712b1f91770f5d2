import { gateChart, heatChart, normChart, saturationChart } from "../charts/inside-charts.ts";
import { type ChartOption, renderSvg } from "../charts/render-svg.ts";
import { formatCount, formatNumber, formatPercent } from "../format.ts";
import { escapeHtml, figure, htmlTable } from "../html.ts";
import type { GateFindings, InfluenceFindings, InsideFindings, LayerFindings } from "../inside/findings.ts";
import { reportPage } from "./page.ts";

/** Columns of a heat map; longer sequences are drawn as means of neighbours. */
const COLUMNS = 56;

/**
 * One HTML file about what goes on inside a model: gates over time, saturation, how far errors and inputs reach, what the output
 * depends on. It holds no script and asks nothing of the network; the same findings give the same file.
 * @param title such as "Inside 2026-11-21-temp_max-7". @param source what the model read: a file name.
 * @example
 * await writeFile("inside.html", renderInside(findInside(model.windows(table, 16)), { title: "Inside", source: "sales.csv" }));
 */
export function renderInside(findings: InsideFindings, { title, source }: { title: string; source: string }): string {
  const lead =
    `What ${formatCount(findings.layers.length, "recurrent layer")} did over the last ${formatCount(findings.windows, "window")} of ${source}. ` +
    "A gate of 0 lets nothing through, of 1 everything.";
  return reportPage(title, lead, [...findings.layers.map(layerSection), influenceSection(findings.influence)].join("\n"));
}

function layerSection(found: LayerFindings, index: number): string {
  const { layer, kind, steps, segment, units, active, alike, gates } = found;
  const reads = segment > 1 ? `; each of its ${steps} steps reads ${segment} of the window` : "";
  const facts = `${active} of ${formatCount(units, "unit")} move, ${formatCount(alike, "pair")} of them alike${reads}.`;
  const id = `l${index}`;
  return [
    `<h2>${escapeHtml(`${kind} “${layer}”`)}</h2><p>${escapeHtml(facts)}</p>`,
    ...(gates.length === 0
      ? [`<p>${escapeHtml("It has no gates: its state is all there is to see.")}</p>`]
      : [gatesFigure(gates, id), saturationFigure(gates, id), ...gates.map((gate, g) => unitsFigure(gate, `${id}g${g}`))]),
    memoryFigure(found, id),
    gradientFigure(found, id),
  ].join("\n");
}

function gatesFigure(gates: readonly GateFindings[], id: string): string {
  const steps = stepsOf(gates[0]?.byStep ?? []);
  const means = gates.map(({ gate, byStep }) => `${words(gate)} ${formatNumber(meanOf(byStep), 2)}`);
  return drawn({
    title: "Gates over time",
    finding: `Means over all steps, units and windows: ${means.join(", ")}.`,
    option: gateChart(
      gates.map(({ gate, byStep }) => ({ name: words(gate), values: byStep })),
      steps,
    ),
    id: `${id}-gates`,
    height: 360,
    table: numbersTable(
      "Mean of each gate by step",
      ["step", ...gates.map(({ gate }) => words(gate))],
      steps,
      gates.map(({ byStep }) => byStep),
    ),
  });
}

function saturationFigure(gates: readonly GateFindings[], id: string): string {
  const most = gates.toSorted((a, b) => b.open + b.shut - (a.open + a.shut))[0] as GateFindings;
  const share = formatPercent(most.open + most.shut);
  return drawn({
    title: "Saturation",
    finding: `The ${words(most.gate)} is saturated most: ${share} of its values lie below 0.1 or above 0.9, where it hardly learns.`,
    option: saturationChart(gates.map(({ gate, shut, open }) => ({ name: words(gate), shut, open }))),
    id: `${id}-saturation`,
    height: 76 + 48 * gates.length,
    table: htmlTable(
      "Share of all values of each gate",
      [{ title: "gate" }, { title: "below 0.1", numeric: true }, { title: "above 0.9", numeric: true }],
      gates.map(({ gate, shut, open }) => ({ cells: [words(gate), formatPercent(shut), formatPercent(open)] })),
    ),
  });
}

function unitsFigure({ gate, units, byUnit }: GateFindings, id: string): string {
  const name = words(gate);
  const steps = stepsOf(byUnit[0] ?? []);
  const { columns, values } = joined(steps, byUnit);
  const all = byUnit.length;
  return drawn({
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)} by unit`,
    finding: `The ${formatCount(all, "unit")} whose ${name} moves most, the most moving on top; full colour is 1.`,
    option: heatChart({ rows: units.map(String), columns, values, max: 1 }, { row: "unit", column: "step of the layer" }),
    id: `${id}-units`,
    height: 110 + 18 * all,
    table: numbersTable(`Mean ${name} by step`, ["step", ...units.map((unit) => `unit ${unit}`)], steps, byUnit),
  });
}

function memoryFigure({ memory, segment }: LayerFindings, id: string): string {
  const far = (steps: number | null): string => (steps === null ? "beyond the window" : `after ${formatCount(steps, "step")}`);
  const lags = memory.norms.map((_, lag) => lag * segment);
  return drawn({
    title: "Memory",
    finding: `Half of an input is forgotten ${far(memory.halfLife)}, 95 % ${far(memory.horizon)}.`,
    option: normChart([{ name: "slope of the last state", values: memory.norms }], lags, {
      time: "age of the input, in steps",
      value: "slope of the last state",
    }),
    id: `${id}-memory`,
    height: 320,
    table: numbersTable("Slope of the last state by the age of the input", ["age", "slope"], lags, [memory.norms]),
  });
}

function gradientFigure({ gradient, segment }: LayerFindings, id: string): string {
  const [first] = gradient;
  const ages = (first?.norms ?? []).map((_, t, all) => (all.length - 1 - t) * segment);
  const aged = gradient.map(({ state, norms }) => ({ name: words(state), values: norms.toReversed() }));
  const [now = 0, then = 0] = [aged[0]?.values[0], aged[0]?.values.at(-1)].map((norm) => norm ?? 0);
  const ratio = now > 0 ? then / now : 0;
  return drawn({
    title: "Gradient through time",
    finding:
      `What is left of the mean output's gradient when it has come back to the first step: ${formatNumber(ratio, 2)} of that at the last.` +
      (ratio < 1e-3 ? " So little teaches nothing about the beginning of the window." : ""),
    option: normChart(aged, ages.toReversed(), { time: "steps back from the last one", value: "norm of the gradient" }),
    id: `${id}-gradient`,
    height: 320,
    table: numbersTable(
      "Norm of the gradient by steps back",
      ["steps back", ...aged.map(({ name }) => name)],
      ages.toReversed(),
      aged.map(({ values }) => values),
    ),
  });
}

function influenceSection(influence: readonly InfluenceFindings[]): string {
  const [first] = influence;
  if (!first) return "";
  const largest = Math.max(...influence.flatMap(({ byLag }) => byLag));
  const lags = first.byLag.map((_, back) => back + 1).reverse();
  const rows = influence.map(({ ahead }) => (ahead === null ? "output" : String(ahead)));
  const inOrder = influence.map(({ byLag }) => byLag.toReversed());
  const { columns, values } = joined(lags, inOrder);
  const named = first.strongest
    .slice(0, 3)
    .map(({ lag }) => lag)
    .join(", ")
    .replace(/, (?=\d+$)/, " and ");
  const about = first.ahead === null ? "The output" : `The forecast ${formatCount(first.ahead, "step")} ahead`;
  return `<h2>What the output depends on</h2>${drawn({
    title: "Connectivity",
    finding: `${about} depends most on lags ${named}; lag 1 is the last step of the window. Full colour is the largest slope, ${formatNumber(largest, 2)}.`,
    option: heatChart({ rows, columns, values, max: largest }, { row: "steps ahead", column: "lag" }),
    id: "connectivity",
    height: 110 + Math.max(24, 24 * rows.length),
    table: numbersTable(
      "Norm of d output / d input by lag",
      ["lag", ...rows.map((row) => (row === "output" ? row : `${row} ahead`))],
      lags,
      inOrder,
    ),
  })}`;
}

/** A figure with its chart. */
function drawn({
  title,
  finding,
  option,
  id,
  height,
  table,
}: {
  readonly title: string;
  readonly finding: string;
  readonly option: ChartOption;
  readonly id: string;
  readonly height: number;
  readonly table: string;
}): string {
  return figure({ title, finding, svg: renderSvg(option, { width: 928, height, label: `${title}. ${finding}`, id }), table });
}

function numbersTable(
  caption: string,
  titles: readonly string[],
  steps: readonly number[],
  columns: readonly (readonly (number | null)[])[],
): string {
  return htmlTable(
    caption,
    titles.map((title) => ({ title, numeric: true })),
    steps.map((step, k) => ({ cells: [String(step), ...columns.map((values) => formatNumber(values[k], 3))] })),
  );
}

/** Neighbouring columns as their means, so that at most so many are left. */
function joined(
  steps: readonly number[],
  values: readonly (readonly number[])[],
): { readonly columns: readonly string[]; readonly values: readonly (readonly number[])[] } {
  const count = Math.min(COLUMNS, steps.length);
  const from = (k: number): number => Math.floor((k * steps.length) / count);
  const cuts = Array.from({ length: count }, (_, k) => [from(k), from(k + 1)] as const);
  return {
    columns: cuts.map(([begin]) => String(steps[begin])),
    values: values.map((row) => cuts.map(([begin, end]) => meanOf(row.slice(begin, end)))),
  };
}

function stepsOf(values: readonly number[]): number[] {
  return values.map((_, t) => t + 1);
}

/** "forgetGate" as "forget gate", "0/cellState" as "0/cell state". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

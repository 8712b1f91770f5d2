import type { SymbolicShape } from "../layers/layer.ts";
import { showShape } from "../tensor/shape.ts";
import type { Graph } from "./graph.ts";

/** A model in figures. */
export interface ModelSummary {
  readonly name: string;
  /** One row a layer, in the order of first use. */
  readonly layers: readonly LayerSummary[];
  /** Number of weights, and of those that training moves. */
  readonly parameters: number;
  readonly trainableParameters: number;
}

/** One row of a summary. */
export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  /** Batch axis included; null is a size that may change from call to call. */
  readonly outputShape: SymbolicShape;
  readonly parameters: number;
}

/** The layers of a model, their shapes and counts. */
export function summarize(name: string, graph: Graph): ModelSummary {
  const layers = graph.layers.map((layer) => {
    const node = graph.nodes.find((each) => each.layer === layer);
    return { name: layer.name, type: layer.type, outputShape: node?.outputShapes[0] ?? [], parameters: layer.parameterCount };
  });
  const weights = graph.layers.flatMap((layer) => layer.parameters);
  const count = (some: typeof weights): number => some.reduce((total, { tensor }) => total + tensor.size, 0);
  return {
    name,
    layers,
    parameters: count(weights),
    trainableParameters: count(weights.filter(({ trainable }) => trainable)),
  };
}

/** The summary as a table of plain text, numbers to the right. */
export function showSummary({ name, layers, parameters, trainableParameters }: ModelSummary): string {
  const rows = layers.map((layer) => [`${layer.name} (${layer.type})`, showShape(layer.outputShape), grouped(layer.parameters)]);
  const table = [["layer (type)", "output shape", "parameters"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const [wide = 0, middle = 0, narrow = 0] = widths;
  const line = ([first = "", second = "", third = ""]: readonly string[]): string =>
    `${first.padEnd(wide)}  ${second.padEnd(middle)}  ${third.padStart(narrow)}`;
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const frozen = parameters - trainableParameters;
  const total = `Parameters: ${grouped(parameters)}${frozen > 0 ? ` (${grouped(trainableParameters)} trainable, ${grouped(frozen)} frozen)` : ""}`;
  return [`Model "${name}"`, line(table[0] as string[]), rule, ...rows.map(line), rule, total].join("\n");
}

/** 66689 → "66,689". */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

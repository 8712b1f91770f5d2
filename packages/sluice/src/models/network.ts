import type { Backend } from "../backend/backend.ts";
import { defaultBackend, getBackend } from "../backend/index.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import type { CallResult, Layer, SymbolicShape } from "../layers/layer.ts";
import type { Parameter } from "../layers/parameter.ts";
import type { GraphNode } from "../layers/symbolic.ts";
import { type Shape, sameShape, showShape } from "../tensor/shape.ts";
import { inStep, type Tensor } from "../tensor/tensor.ts";
import { copyTensors } from "../training/arrays.ts";
import type { NumericArray } from "../training/dataset.ts";
import { graphToConfig, type ModelConfig } from "./config.ts";
import { type Graph, type GraphResult, type GraphRun, runGraph } from "./graph.ts";
import { nameLayers } from "./names.ts";
import { type ModelSummary, showSummary, summarize } from "./summary.ts";

/** Options of every model. */
export interface ModelOptions {
  /** Default "model", or "sequential". */
  readonly name?: string;
  /** Of initial weights, dropout and the order of examples; a whole number in [0, 2⁵³). Default 0. */
  readonly seed?: number;
  /** Where it runs; by default the backend that `init` chose. */
  readonly backend?: "reference" | "wasm";
}

/** Options of `model.forward`. */
export interface ModelForwardOptions {
  readonly training?: boolean;
  /** [B, T], 1 = use the step; for every input that has these axes. */
  readonly mask?: Tensor | null;
  /** Which random draw, for dropout. Default 0. */
  readonly step?: number;
  /** Called with what each use of a layer gave, in order; the tensors are valid during the call. */
  readonly observe?: (node: GraphNode, result: CallResult) => void;
}

/** Where the weights of a model that is being built come from. */
export type WeightSource = (path: string, shape: Shape) => ArrayLike<number>;

/** Layers connected to a graph, with their weights: what a model is before anybody trains it. */
export class Network {
  readonly name: string;
  readonly seed: number;
  /** How inference and files keep the weights; `quantize` sets it. Training always works in the backend's precision. */
  weightType: WeightType = "float32";
  private readonly chosenBackend: Backend | null;
  private readonly plan: (shapes: readonly SymbolicShape[]) => Graph;
  private readonly source: WeightSource | undefined;
  private made: { graph: Graph; backend: Backend } | null = null;

  /**
   * @param graph the finished graph, or how to make it from the shapes of the first inputs.
   * @param weights where they come from instead of the initializers.
   */
  constructor(graph: Graph | ((shapes: readonly SymbolicShape[]) => Graph), options: ModelOptions, weights?: WeightSource) {
    const { name = "model", seed = 0, backend } = options;
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new ValueError(`Cannot use seed ${seed}: it is a whole number from 0 to 2^53 − 1.`);
    this.name = name;
    this.seed = seed;
    this.chosenBackend = backend ? getBackend(backend) : null;
    this.source = weights;
    this.plan = typeof graph === "function" ? graph : () => graph;
    if (typeof graph !== "function") this.build([]);
  }

  /** Whether the weights exist. A `sequential` without `inputShape` makes them when it first sees data. */
  get built(): boolean {
    return this.made !== null;
  }

  /** Makes the weights for inputs of these shapes (batch axis included); a second call does nothing. */
  build(shapes: readonly SymbolicShape[]): void {
    if (this.made) return;
    const graph = this.plan(shapes);
    const backend = this.chosenBackend ?? defaultBackend();
    nameLayers([...graph.inputs.map(({ node }) => node.layer), ...graph.layers]);
    for (const { layer, inputs } of graph.nodes) {
      layer.build(
        inputs.map(({ shape }) => shape),
        { backend, seed: this.seed, path: layer.name, weights: this.source },
      );
      if (layer.backend !== backend) {
        throw new ValueError(
          `Cannot use layer "${layer.name}" in a model on "${backend.name}": it has its weights on "${layer.backend.name}". Make both with the same \`backend\` option.`,
        );
      }
    }
    this.made = { graph, backend };
  }

  /** @throws {StateError} before the weights exist. */
  get graph(): Graph {
    return this.ready().graph;
  }

  get backend(): Backend {
    return this.ready().backend;
  }

  private ready(): { graph: Graph; backend: Backend } {
    if (!this.made) {
      throw new StateError(
        `Model "${this.name}" has no weights yet: they are made when its input shape is known. Give the first layer an inputShape, call build([shape]), or fit it.`,
      );
    }
    return this.made;
  }

  /** Each layer once, in the order of first use. */
  get layers(): readonly Layer[] {
    return this.graph.layers;
  }

  /** @throws {ValueError} when no layer has the name. */
  getLayer(name: string): Layer {
    const layer = this.layers.find((each) => each.name === name);
    if (layer) return layer;
    throw new ValueError(
      `Model "${this.name}" has no layer "${name}": its layers are ${this.layers.map((each) => each.name).join(", ")}.`,
    );
  }

  /** All weights, each once. */
  get parameters(): readonly Parameter[] {
    return this.layers.flatMap((layer) => layer.parameters);
  }

  /** Names of the outputs: of the layers that give them, numbered when one gives several. */
  get outputNames(): readonly string[] {
    return this.graph.outputs.map(({ node, index }) => {
      const times = this.graph.outputs.filter((other) => other.node.layer === node.layer).length;
      return times > 1 ? `${node.layer.name}_${index}` : node.layer.name;
    });
  }

  /** Whether a layer keeps its state from call to call. */
  get stateful(): boolean {
    const keeps = (layer: Layer): boolean =>
      ("stateful" in layer.options && layer.options.stateful === true) || layer.sublayers.some(keeps);
    return this.layers.some(keeps);
  }

  /** Forgets what `stateful` layers kept: the next call starts from zeros. */
  resetStates(): void {
    for (const layer of this.layers) layer.resetStates();
  }

  /** What `stateful` layers keep between calls, by path. */
  keptStates(): ReadonlyMap<string, Tensor> {
    return new Map(this.layers.flatMap((layer) => [...layer.keptStates()]));
  }

  /** Puts back what `keptStates` gave; states that it did not have are forgotten. */
  restoreStates(states: ReadonlyMap<string, NumericArray>): void {
    this.resetStates();
    for (const layer of this.layers) layer.restoreStates(states);
  }

  /**
   * Runs the model on tensors, without training it.
   * @throws {ShapeError} when a tensor does not fit the model's input.
   * @example const [y] = model.forward(x); // [B, T, 3] → [B, 1]
   */
  forward(x: Tensor | readonly Tensor[], options: ModelForwardOptions = {}): Tensor[] {
    const inputs = Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor];
    const { training = false, mask = null, step = 0, observe } = options;
    this.build(inputs.map(({ shape }) => [null, ...shape.slice(1)]));
    this.checkInputs(inputs.map(({ shape }) => shape));
    const masks = inputs.map(({ shape }) => (mask && sameShape(shape.slice(0, 2), mask.shape) ? mask : null));
    return inStep(this.backend, () => [...this.run(inputs, { training, masks, step, ...(observe && { observe }) }).outputs]);
  }

  /** The whole graph once, inside a step. */
  run(inputs: readonly Tensor[], run: GraphRun): GraphResult {
    return runGraph(this.graph, inputs, run);
  }

  /** @throws {ShapeError} when the shapes (batch axis included) do not fit the model's inputs. */
  checkInputs(shapes: readonly Shape[]): void {
    const { inputs } = this.graph;
    if (shapes.length !== inputs.length) {
      throw new ShapeError(
        `Cannot run model "${this.name}" on ${shapes.length} inputs: it has ${inputs.length}. Give one for each, in their order.`,
      );
    }
    inputs.forEach(({ shape, node }, k) => {
      const given = shapes[k] as Shape;
      if (given.length === shape.length && shape.every((size, axis) => size === null || size === given[axis])) return;
      throw new ShapeError(
        `Cannot run model "${this.name}" on shape ${showShape(given)}: its input "${node.layer.name}" reads ${showShape(shape)}, ` +
          "where ? is any size and the first axis counts examples. Reshape the data, or make the model with another inputShape.",
      );
    });
  }

  /** A copy of every weight, by path ("lstm/kernel"). */
  async weights(): Promise<Map<string, NumericArray>> {
    return copyTensors(new Map(this.parameters.map(({ path, tensor }) => [path, tensor])));
  }

  /**
   * Replaces every weight.
   * @throws {ValueError} when one is missing or unknown, {ShapeError} when one has another shape; then nothing is changed.
   */
  setWeights(weights: ReadonlyMap<string, NumericArray>): void {
    const { parameters } = this;
    const known = new Set(parameters.map(({ path }) => path));
    const unknown = [...weights.keys()].filter((path) => !known.has(path));
    const missing = [...known].filter((path) => !weights.has(path));
    if (unknown.length > 0 || missing.length > 0) {
      const odd = [
        missing.length > 0 && `missing: ${missing.join(", ")}`,
        unknown.length > 0 && `not of this model: ${unknown.join(", ")}`,
      ];
      throw new ValueError(
        `Cannot set the weights of model "${this.name}": ${odd.filter(Boolean).join("; ")}. Give exactly the weights that weights() lists.`,
      );
    }
    for (const { path, tensor } of parameters) {
      const { shape, data } = weights.get(path) as NumericArray;
      if (!sameShape(shape, tensor.shape) || data.length !== tensor.size) {
        throw new ShapeError(
          `Cannot set weight "${path}" from shape ${showShape(shape)} with ${data.length} numbers: it has shape ${showShape(tensor.shape)}.`,
        );
      }
    }
    for (const { path, tensor } of parameters) tensor.backend.write(tensor.storage, (weights.get(path) as NumericArray).data);
  }

  /** The model as plain data, without weights; `modelFromConfig` makes it again. */
  toConfig(): ModelConfig {
    return graphToConfig(this.name, this.seed, this.graph);
  }

  /** Layers, shapes and numbers of weights, as plain data. */
  describe(): ModelSummary {
    return summarize(this.name, this.graph);
  }

  /**
   * The same as a table of plain text.
   * @example console.log(sequential([lstm({ units: 128, inputShape: [null, 1] }), dense({ units: 1 })]).summary()); // … Parameters: 66,689
   */
  summary(): string {
    return showSummary(this.describe());
  }
}

import { add } from "../autograd/ops/elementwise.ts";
import type { Backend } from "../backend/backend.ts";
import { defaultBackend, getBackend } from "../backend/index.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { type ConstraintSpec, makeConstraint } from "../initializers/constraints.ts";
import { type InitializerSpec, initialize } from "../initializers/initializers.ts";
import { makeRegularizer, type RegularizerSpec } from "../initializers/regularizers.ts";
import { type RandomKey, streamId } from "../random/philox.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../tensor/shape.ts";
import { inStep, persistent, type Tensor, tensor } from "../tensor/tensor.ts";
import { otherCall } from "./other-call.ts";
import { Parameter } from "./parameter.ts";
import { type GraphNode, SymbolicTensor } from "./symbolic.ts";

/** A shape in which null is a size that may change from call to call: the batch, often the time. */
export type SymbolicShape = readonly (number | null)[];

/** What a recurrent layer carries from step to step: named tensors [B, …], for example hiddenState and cellState. */
export interface State {
  readonly [name: string]: Tensor;
}

/** What one call of a layer is told beside its inputs. */
export interface CallContext {
  /** Dropout and the like act only in training. */
  readonly training: boolean;
  /** One mask [B, T] for each input, 1 = use the step; null where there is none. */
  readonly masks: readonly (Tensor | null)[];
  /** Initial state of a recurrent layer; null starts from zeros, or from what a stateful layer kept. */
  readonly state: State | null;
  /** Which random draw this is: the training step. */
  readonly step: number;
}

/** What `call` gives. Most layers have one output: `oneOutput(y, mask)`. */
export interface CallResult {
  /** More than one with `returnState` ([output, …states]) and when `bidirectional` merges nothing ([forward, backward]). */
  readonly outputs: readonly Tensor[];
  /** The mask that goes with each output; null where there is none. */
  readonly masks: readonly (Tensor | null)[];
  /** Final state of a recurrent layer. */
  readonly state?: State;
  /** A scalar to add to the training loss: activity regularizers of this layer and of those inside it. */
  readonly penalty?: Tensor | null;
}

/** The result of a layer with one output. */
export function oneOutput(output: Tensor, mask: Tensor | null = null): CallResult {
  return { outputs: [output], masks: [mask] };
}

/** What `forward` gives. */
export interface LayerResult<S extends State = State> {
  /** The first output, the only one of most layers. */
  readonly output: Tensor;
  readonly outputs: readonly Tensor[];
  /** The mask that goes with the first output; null when there is none. */
  readonly mask: Tensor | null;
  /** Final state of a recurrent layer, to pass to the next call; empty for other layers. */
  readonly state: S;
}

/** Options of `layer.forward`. */
export interface ForwardOptions<S extends State = State> {
  readonly training?: boolean;
  /** [B, T], 1 = use the step, 0 = padding. */
  readonly mask?: Tensor | null;
  /** Length of each row [B]; the rest is padding on the right. Another way to say `mask`. */
  readonly sequenceLengths?: readonly number[];
  readonly state?: S;
  /** Which random draw, for dropout; default 0. */
  readonly step?: number;
}

/** Options every layer takes. */
export interface LayerOptions {
  /** Unique in its model; by default the type in lower camel case, numbered when it repeats ("lstm", "lstm_1"). */
  readonly name?: string;
  /** Whether optimizers move its weights. Default true. */
  readonly trainable?: boolean;
  /** Shape of one input without the batch axis, null for a free size; only the first layer of a `sequential` needs one. */
  readonly inputShape?: SymbolicShape;
  /** Seed of this layer's weights and dropout; by default the model's. */
  readonly seed?: number;
  /** Where a layer used on its own runs, by default the default backend; inside a model the model decides. */
  readonly backend?: "reference" | "wasm";
  /** Penalty on what the layer gives, added to the training loss. Default none. */
  readonly activityRegularizer?: RegularizerSpec | null;
}

/** What a layer is told when it is built. */
export interface BuildContext {
  readonly backend: Backend;
  readonly seed: number;
  /** Prefix of parameter paths, the layer's name included. */
  readonly path: string;
  /** Where weights come from when a file is loaded, instead of their initializers; throws for a path or shape it does not have. */
  readonly weights?: ((path: string, shape: Shape) => ArrayLike<number>) | undefined;
}

/** Extra facts about one weight. */
export interface ParameterOptions {
  readonly initializer: InitializerSpec;
  readonly regularizer?: RegularizerSpec | null | undefined;
  readonly constraint?: ConstraintSpec | null | undefined;
  readonly trainable?: boolean;
  /** A last change to the numbers the initializer gave; loaded weights stay as they are. */
  readonly adjust?: (initial: Float64Array) => void;
}

/**
 * A layer: options in, weights at `build`, numbers through `call`. Subclasses take one options object and write
 * `outputShape`, `buildParameters` and `call`; users call `forward` on tensors or `apply` on symbolic ones.
 */
export abstract class Layer<O extends LayerOptions = LayerOptions> {
  /** The registry's name of this kind of layer, as saved in model files: "LSTM", "Dense". */
  abstract readonly type: string;
  /** The options as given: plain data, with layers in it where the kind takes some. `configOf` makes it plain throughout. */
  readonly options: O;
  /** The given name, or the default one, which a model may number. */
  name: string;
  private readonly own: Parameter[] = [];
  private context: BuildContext | null = null;
  private builtFor: readonly SymbolicShape[] = [];

  constructor(options: O, defaultName: string) {
    this.options = options;
    this.name = options.name ?? defaultName;
  }

  get built(): boolean {
    return this.context !== null;
  }

  /** @throws {StateError} before the layer is built. */
  get backend(): Backend {
    return this.buildContext.backend;
  }

  /** What the paths of its weights begin with: its name, inside a wrapper behind the wrapper's. @throws {StateError} before the layer is built. */
  get path(): string {
    return this.buildContext.path;
  }

  /** What its weights and random draws follow from: its own seed, or that of the model it was built in. @throws {StateError} before the layer is built. */
  get seed(): number {
    return this.buildContext.seed;
  }

  protected get buildContext(): BuildContext {
    if (!this.context) {
      throw new StateError(
        `Layer "${this.name}" has no weights yet: they are made when its input shape is known. Call build([shape]), or run it on data.`,
      );
    }
    return this.context;
  }

  /** Layers inside this one (wrappers, cells); their parameters count as its own. */
  get sublayers(): readonly Layer[] {
    return [];
  }

  /** All weights, inner layers' included, in the order they were made. */
  get parameters(): readonly Parameter[] {
    return [...this.own, ...this.sublayers.flatMap((layer) => layer.parameters)];
  }

  get trainable(): boolean {
    return this.parameters.some((parameter) => parameter.trainable);
  }

  /** Freezes (false) or frees (true) every weight of the layer that is learned. */
  set trainable(value: boolean) {
    for (const parameter of this.parameters) parameter.trainable = value && parameter.learned;
  }

  /** Number of weights. @throws {StateError} before the layer is built. */
  get parameterCount(): number {
    void this.buildContext;
    return this.parameters.reduce((count, { tensor }) => count + tensor.size, 0);
  }

  /** Shape of the (first) output, batch axis included, for inputs of these shapes. @throws {ShapeError} when they do not fit. */
  abstract outputShape(inputs: readonly SymbolicShape[]): SymbolicShape;

  /** Shapes of all outputs. */
  outputShapes(inputs: readonly SymbolicShape[]): readonly SymbolicShape[] {
    return [this.outputShape(inputs)];
  }

  /** Makes the weights; called once. */
  protected buildParameters(_inputs: readonly SymbolicShape[], _context: BuildContext): void {}

  /** Computes. Called by `run`, inside a step. */
  abstract call(inputs: readonly Tensor[], context: CallContext): CallResult;

  /** `call`, with the activity penalty worked out: what models and wrappers use. Runs inside a step; `context` is complete. */
  run(inputs: readonly Tensor[], context: CallContext): CallResult {
    const result = otherCall(this, inputs, context) ?? this.call(inputs, context);
    const { activityRegularizer } = this.options;
    if (!activityRegularizer) return result;
    const { penalty } = makeRegularizer(activityRegularizer);
    return {
      ...result,
      penalty: [...result.outputs.map((output) => penalty(output)), result.penalty ?? null].reduce(addPenalties, null),
    };
  }

  /**
   * Makes the weights for inputs of these shapes (batch axis included). A second call does nothing.
   * @throws {ShapeError} when the shapes do not fit the layer.
   */
  build(inputs: readonly SymbolicShape[], context: Partial<BuildContext> = {}): void {
    if (this.context) return;
    this.outputShape(inputs); // says what is wrong before anything is made
    const { seed, backend } = this.options;
    this.context = {
      backend: context.backend ?? (backend ? getBackend(backend) : defaultBackend()),
      seed: seed ?? context.seed ?? 0,
      path: context.path ?? this.name,
      weights: context.weights,
    };
    this.builtFor = inputs;
    this.buildParameters(inputs, this.context);
    if (this.options.trainable === false) this.trainable = false;
  }

  /** The shapes the layer was built for. */
  get inputShapes(): readonly SymbolicShape[] {
    return this.builtFor;
  }

  /** Makes one weight and fills it from its own random stream, so the value depends on seed and path alone. */
  protected addParameter(name: string, shape: Shape, options: ParameterOptions): Parameter {
    const { backend, seed, path, weights } = this.buildContext;
    const full = `${path}/${name}`;
    const initial = (): Float64Array => {
      const values = initialize(options.initializer, shape, { seed, stream: streamId(full), step: 0 });
      options.adjust?.(values);
      return values;
    };
    const values = weights ? weights(full, shape) : initial(); // before any memory is taken: a file may claim any shape
    const tensor = persistent(shape, backend);
    backend.write(tensor.storage, values);
    const { regularizer = null, constraint = null, trainable = true } = options;
    const parameter = new Parameter(
      full,
      tensor,
      regularizer && makeRegularizer(regularizer),
      constraint && makeConstraint(constraint),
      trainable,
    );
    this.own.push(parameter);
    return parameter;
  }

  /** The key of one kind of random draw at one step. */
  protected randomKey(purpose: string, step: number): RandomKey {
    const { seed, path } = this.buildContext;
    return { seed, stream: streamId(`${path}/${purpose}`), step };
  }

  /**
   * Runs the layer on tensors, building it first if needed. A recurrent layer reads tensors after the first as its initial state.
   * @throws {ShapeError} when the shapes do not fit; {ValueError} when a tensor lives on another backend than the weights.
   * @example const { output, state } = lstm({ units: 16 }).forward(sequence); // [B, T, 8] → [B, 16]
   */
  forward(x: Tensor | readonly Tensor[], options: ForwardOptions = {}): LayerResult {
    const inputs = Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor];
    const first = inputs[0];
    if (!first) throw new ValueError(`Cannot run layer "${this.name}" on an empty list: give at least one tensor.`);
    this.outputShape(inputs.map(({ shape }) => shape));
    this.build(
      inputs.map(({ shape }) => [null, ...shape.slice(1)]),
      this.options.backend ? {} : { backend: first.backend },
    );
    const mask = maskFrom(options, first);
    return inStep(first.backend, () => {
      const { outputs, masks, state } = this.run(inputs, {
        training: options.training ?? false,
        masks: inputs.map(() => mask),
        state: options.state ?? null,
        step: options.step ?? 0,
      });
      return { output: outputs[0] as Tensor, outputs: [...outputs], mask: masks[0] ?? null, state: { ...state } };
    });
  }

  /**
   * Uses the layer in the functional form. A recurrent layer reads tensors after the first as its initial state.
   * @throws {ShapeError} when the shapes do not fit; {ValueError} when the layer gives several outputs: see `applyAll`.
   * @example const y = dense({ units: 1 }).apply(lstm({ units: 32 }).apply(input({ shape: [null, 3] })));
   */
  apply(x: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const outputs = this.applyAll(x);
    if (outputs.length !== 1) {
      throw new ValueError(
        `Cannot apply layer "${this.name}" for one output: it gives ${outputs.length}. Call applyAll(x), which returns all of them.`,
      );
    }
    return outputs[0] as SymbolicTensor;
  }

  /**
   * As `apply`, for a layer with several outputs.
   * @example
   * const [, hidden, cell] = lstm({ units: 32, returnState: true }).applyAll(source);
   * const decoded = lstm({ units: 32, returnSequences: true }).apply([target, hidden, cell]);
   */
  applyAll(x: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor[] {
    const inputs = x instanceof SymbolicTensor ? [x] : x;
    const outputShapes = this.outputShapes(inputs.map(({ shape }) => shape));
    const node: GraphNode = { layer: this, inputs, outputShapes };
    return outputShapes.map((_, index) => new SymbolicTensor(node, index));
  }

  /** A layer of the same kind and options, with `changes`, and weights of its own. Layers inside the options are cloned too. */
  clone(changes: Partial<O> = {}): this {
    const make = this.constructor as new (options: O) => this;
    return new make({ ...mapLayers(this.options, (layer) => layer.clone()), ...changes });
  }

  /** Forgets the state a `stateful` layer, or one inside this one, kept from its last call; the next call starts from zeros. */
  resetStates(): void {
    for (const layer of this.sublayers) layer.resetStates();
  }

  /** The tensors that `stateful` layers keep between calls, by path ("lstm/hiddenState"); checkpoints carry them. */
  keptStates(): ReadonlyMap<string, Tensor> {
    return new Map(this.sublayers.flatMap((layer) => [...layer.keptStates()]));
  }

  /** Puts back what `keptStates` gave; entries of other layers are left alone. */
  restoreStates(states: ReadonlyMap<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>): void {
    for (const layer of this.sublayers) layer.restoreStates(states);
  }

  /**
   * Replaces the weights by their short names ("kernel", "forward/bias").
   * @throws {ShapeError} when one has another shape; {ValueError} when one is missing or unknown.
   */
  load(weights: Readonly<Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>>): this {
    const { path, backend } = this.buildContext;
    const unknown = new Set(Object.keys(weights));
    for (const parameter of this.parameters) {
      const short = parameter.path.slice(path.length + 1);
      const given = Object.hasOwn(weights, short) ? weights[short] : undefined;
      if (!given) {
        throw new ValueError(
          `Cannot load layer "${this.name}": weight "${short}" is missing; given are ${[...unknown].join(", ") || "none"}.`,
        );
      }
      if (!sameShape(given.shape, parameter.tensor.shape) || given.data.length !== sizeOf(given.shape)) {
        throw new ShapeError(
          `Cannot load weight "${short}" of layer "${this.name}" from shape ${showShape(given.shape)}: it has shape ${showShape(parameter.tensor.shape)}.`,
        );
      }
      backend.write(parameter.tensor.storage, given.data);
      unknown.delete(short);
    }
    if (unknown.size > 0) {
      const known = this.parameters.map((parameter) => parameter.path.slice(path.length + 1)).join(", ");
      throw new ValueError(
        `Cannot load layer "${this.name}": it has no weight "${[...unknown].join('", "')}". Its weights are ${known || "none"}.`,
      );
    }
    return this;
  }
}

/** The sum of two penalties, either of which may be missing. */
export function addPenalties(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a && b ? add(a, b) : (a ?? b);
}

/** Layer options with `change` applied to every layer among them, also in lists. */
export function mapLayers<O extends object, R = Layer>(options: O, change: (layer: Layer) => R): O {
  const visit = (value: unknown): unknown =>
    value instanceof Layer ? change(value) : Array.isArray(value) ? value.map(visit) : value;
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, visit(value)])) as O;
}

/** The mask a call was given: `mask`, or [B, T] with 1 for the first `sequenceLengths[b]` steps of row b. @throws {ValueError} when a length is not in [0, T]. */
function maskFrom({ mask, sequenceLengths: lengths }: ForwardOptions, x: Tensor): Tensor | null {
  if (!lengths) return mask ?? null;
  if (mask) throw new ValueError("Cannot take both mask and sequenceLengths: they say the same thing; give one.");
  const [B = 0, T = 0] = x.shape;
  const bad = lengths.findIndex((length) => !Number.isInteger(length) || length < 0 || length > T);
  if (lengths.length !== B || bad >= 0) {
    const got = bad >= 0 ? `length ${lengths[bad]} at row ${bad}` : `${lengths.length} lengths for ${B} rows`;
    throw new ValueError(`Cannot use sequenceLengths: got ${got}; give one whole number from 0 to ${T} for each row.`);
  }
  const data = new Float32Array(B * T);
  lengths.forEach((length, b) => {
    data.fill(1, b * T, b * T + length);
  });
  return tensor(data, [B, T], { backend: x.backend });
}

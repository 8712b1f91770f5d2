import { StateError, ValueError } from "../errors.ts";
import { type Gates, withGates } from "../layers/cells/gates.ts";
import { GridLayer } from "../layers/grid-layer.ts";
import type { GridVisit } from "../layers/grid-walk.ts";
import { type CallContext, Layer, type State } from "../layers/layer.ts";
import { type OtherCall, withOtherCall } from "../layers/other-call.ts";
import { RecurrentLayer, type SequenceRun } from "../layers/recurrent-layer.ts";
import { scan } from "../layers/scan.ts";
import type { Network } from "../models/network.ts";
import { sameShape } from "../tensor/shape.ts";
import { inStep, type Tensor } from "../tensor/tensor.ts";
import type { NumericArray } from "../training/dataset.ts";

/** What can be inspected: a model, or a layer on its own. */
export type Subject = Network | Layer;

/** What it reads: a tensor, or one for each input. */
export type SubjectInputs = Tensor | readonly Tensor[];

/** Numbers in row-major order with their shape, as `JSON.stringify` can carry them. */
export interface PlainArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Options that every inspection takes. */
export interface InspectOptions {
  /** [B, T], 1 = use the step; for every input that has these axes. */
  readonly mask?: Tensor | null;
}

/** The inputs as a list, and the subject built for them. */
export function ready(subject: Subject, x: SubjectInputs): readonly Tensor[] {
  const inputs = Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor];
  const [first] = inputs;
  if (!first) throw new ValueError(`Cannot inspect "${subject.name}" on an empty list: give one tensor for each input.`);
  const shapes = inputs.map(({ shape }) => [null, ...shape.slice(1)]);
  if (subject instanceof Layer) subject.build(shapes, subject.options.backend ? {} : { backend: first.backend });
  else {
    subject.build(shapes);
    subject.checkInputs(inputs.map(({ shape }) => shape));
  }
  return inputs;
}

/** The outputs of one pass as in inference. Call it inside a step, on inputs that are `ready`. */
export function runSubject(subject: Subject, inputs: readonly Tensor[], mask: Tensor | null): readonly Tensor[] {
  const run = { training: false, masks: masksFor(inputs, mask), step: 0 };
  return unchanged(subject, () =>
    subject instanceof Layer ? subject.run(inputs, { ...run, state: null }).outputs : subject.run(inputs, run).outputs,
  );
}

/** The mask for each input that has its axes, null for the others. */
export function masksFor(inputs: readonly Tensor[], mask: Tensor | null): readonly (Tensor | null)[] {
  return inputs.map(({ shape }) => (mask && sameShape(shape.slice(0, 2), mask.shape) ? mask : null));
}

/** Runs `compute`, after which `stateful` layers keep the states that they kept before. */
export function unchanged<T>(subject: Subject, compute: () => T): T {
  const kept = new Map<string, NumericArray>();
  for (const [path, part] of subject.keptStates()) kept.set(path, { shape: part.shape, data: part.dataSync() });
  try {
    return compute();
  } finally {
    subject.resetStates();
    subject.restoreStates(kept);
  }
}

/** Every recurrent layer of the subject, those inside wrappers included, by path. */
export function recurrentLayers(subject: Subject): ReadonlyMap<string, RecurrentLayer> {
  return layersBy(subject, (layer) => (layer instanceof RecurrentLayer ? layer : null));
}

/** Every layer of the subject whose steps can be seen, by path: the recurrent ones, over time, and `mdLstm` and `gridLstmNd`, over a grid. */
export function steppedLayers(subject: Subject): ReadonlyMap<string, RecurrentLayer | GridLayer> {
  return layersBy(subject, (layer) => (layer instanceof RecurrentLayer || layer instanceof GridLayer ? layer : null));
}

/** The layers that `take` gives back, by path; it is not shown what lies inside one that it took. */
function layersBy<L extends Layer>(subject: Subject, take: (layer: Layer) => L | null): ReadonlyMap<string, L> {
  const found = new Map<string, L>();
  const visit = (layer: Layer): void => {
    const taken = take(layer);
    if (taken) found.set(layer.path, taken);
    else layer.sublayers.forEach(visit);
  };
  if (subject instanceof Layer) visit(subject);
  else subject.layers.forEach(visit);
  return found;
}

/**
 * The layer with the path, or the only one; by default among the recurrent ones.
 * @throws {ValueError} when there is none, or several and none is named.
 */
export function recurrentLayer(subject: Subject, path: string | undefined): RecurrentLayer;
export function recurrentLayer<L extends Layer>(subject: Subject, path: string | undefined, all: ReadonlyMap<string, L>): L;
export function recurrentLayer(
  subject: Subject,
  path: string | undefined,
  all: ReadonlyMap<string, Layer> = recurrentLayers(subject),
): Layer {
  const found = path === undefined ? [...all.values()] : [all.get(path)].filter((layer) => layer !== undefined);
  const [only] = found;
  if (only && found.length === 1) return only;
  const names = [...all.keys()].map((name) => `"${name}"`).join(", ");
  const asked = path === undefined ? "without a name" : `by the name "${path}"`;
  throw new ValueError(
    `Cannot find one recurrent layer of "${subject.name}" ${asked}: it has ${names || "none"}. ${names ? "Name one of them as `layer`." : ""}`.trim(),
  );
}

/** What is seen of one step. */
export interface StepSeen {
  /** Its position on the time axis, or its number in a grid, counted row by row. */
  readonly t: number;
  /** What a masked row holds. */
  readonly before: State;
  readonly after: State;
  /** What the step reported of its gates, by name. */
  readonly gates: Gates;
}

/**
 * Runs `compute` with the recurrent layer unrolled step by step instead of fused; both give the same.
 * @param visit sees each step, and may give another state to go on with.
 */
export function unrolled<T>(layer: RecurrentLayer, visit: (step: StepSeen) => State | undefined, compute: () => T): T {
  const { goBackwards = false, returnSequences = false } = layer.options;
  const { cell } = layer;
  const sequence: SequenceRun<State> = (xs, initial, mask) => {
    const step = (x: Tensor, before: State, t: number): State => {
      const { result: after, gates } = withGates(() => cell.step(x, before));
      return visit({ t, before, after, gates }) ?? after;
    };
    return scan(step, initial, xs, { mask, output: (state) => cell.output(state), goBackwards, returnSequences });
  };
  return withOtherCall((each, inputs, context) => (each === layer ? layer.callBy(sequence, inputs, context) : null), compute);
}

/** Runs `compute` with the step at every position of the layer over a grid seen by `visit`. */
export function seenOnGrid<T>(layer: GridLayer, visit: (step: StepSeen) => void, compute: () => T): T {
  const watched: OtherCall = (each, inputs, context) => {
    if (each !== layer) return null;
    const see: GridVisit<State> = (step, t, before) => {
      const { result: after, gates } = withGates(step);
      visit({ t, before, after, gates });
      return after;
    };
    return layer.callBy(see, inputs, context);
  };
  return withOtherCall(watched, compute);
}

/** How a layer was called. */
export interface LayerCall {
  readonly inputs: readonly Tensor[];
  readonly context: CallContext;
}

/** What the recurrent layer reads in one pass of the subject. */
export function callOf(subject: Subject, layer: Layer, inputs: readonly Tensor[], mask: Tensor | null): LayerCall {
  const calls: LayerCall[] = [];
  const watch: OtherCall = (each, given, context) => {
    if (each === layer) calls.push({ inputs: [...given], context: { ...context, masks: [...context.masks] } });
    return null;
  };
  return inStep(subject.backend, () => {
    withOtherCall(watch, () => runSubject(subject, inputs, mask));
    const [first] = calls;
    if (!first) throw new StateError(`internal: "${subject.name}" did not call its layer "${layer.name}".`);
    return first;
  });
}

/** A tensor as plain data. */
export function plain(shape: readonly number[], data: ArrayLike<number>): PlainArray {
  return { shape: [...shape], data: Array.from(data) };
}

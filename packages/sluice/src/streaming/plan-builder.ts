import type { HostArray, Storage } from "../backend/backend.ts";
import type { StepBackend, StepCall, StepKernels, StepMatrix } from "../backend/step-kernels.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { ValueError } from "../errors.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";

/** What flows between layers within one step: for each row, the numbers of `shape`. */
export interface StepValue {
  readonly storage: Storage;
  /** Without the batch and time axes. */
  readonly shape: readonly number[];
  /** Numbers of one row. */
  readonly width: number;
  /** Whether the batch form has a time axis here; a recurrent layer that returns its last output ends it. */
  readonly sequence: boolean;
}

/** A weight as a plan reads it. */
export interface StepWeight {
  /** "lstm/kernel" */
  readonly path: string;
  readonly shape: Shape;
  /** A copy, or numbers that nobody changes. */
  readonly numbers: () => HostArray;
}

/** A layer as a plan sees it. */
export interface StepLayer<O extends object = object> {
  readonly type: string;
  readonly name: string;
  readonly options: O;
  /** One of its weights, by its short name. @throws {FormatError} when a file gave it another shape, or none. */
  weight(name: string, shape: Shape): StepWeight;
}

/** One part of what a stream remembers, [capacity, width]. */
export interface StatePart {
  /** "lstm/hiddenState" */
  readonly path: string;
  readonly storage: Storage;
  readonly width: number;
  /** What a row begins with, as the weights are now; zeros when left out. */
  readonly start?: (() => HostArray) | undefined;
}

/** What a row of the state begins with. */
export function startOf({ start, width }: StatePart): HostArray {
  return start?.() ?? new Float32Array(width);
}

/** What the layers of a plan are made with. */
export class PlanBuilder {
  readonly backend: StepBackend;
  readonly steps: StepKernels;
  readonly capacity: number;
  readonly weights: WeightType;
  readonly calls: StepCall[] = [];
  readonly states: StatePart[] = [];
  readonly checks: ((numbers: HostArray, rows: number) => void)[] = [];
  private readonly matrices = new Map<string, StepMatrix>();

  constructor(backend: StepBackend, capacity: number, weights: WeightType) {
    this.backend = backend;
    this.steps = backend.steps;
    this.capacity = capacity;
    this.weights = weights;
  }

  value(shape: readonly number[], sequence: boolean): StepValue {
    const width = sizeOf(shape);
    return { storage: this.backend.allocatePersistent(this.capacity * width), shape, width, sequence };
  }

  /** Memory that goes on from step to step. A layer that is used twice remembers twice. */
  state(path: string, width: number, start?: () => HostArray): Storage {
    const uses = this.states.filter((part) => part.path === path || part.path.startsWith(`${path}#`)).length;
    const storage = this.backend.allocatePersistent(this.capacity * width);
    this.states.push({ path: uses === 0 ? path : `${path}#${uses + 1}`, storage, width, start });
    return storage;
  }

  /** Columns first … last−1 of a weight [K, N], laid out once however often its layer is used. */
  matrix({ path, shape, numbers }: StepWeight, first = 0, last: number = shape[1] as number): StepMatrix {
    const key = `${path} ${first} ${last}`;
    const known = this.matrices.get(key);
    if (known) return known;
    const [K, N] = shape as [number, number];
    const whole = numbers();
    const columns = last - first;
    const part = new Float64Array(K * columns);
    for (let k = 0; k < K; k++) part.set(whole.subarray(k * N + first, k * N + last), k * columns);
    const made = this.steps.matrix(part, K, columns, this.weights, this.capacity);
    this.matrices.set(key, made);
    return made;
  }
}

/** Says that a layer has no streamed form. */
export function cannotStream(layer: Pick<StepLayer, "type" | "name">, reason: string): ValueError {
  return new ValueError(
    `Cannot stream a model with ${layer.type} "${layer.name}": ${reason} A streamed model reads one step at a time, in order.`,
  );
}

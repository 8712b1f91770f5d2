import type { Backend, HostArray, Storage } from "../backend/backend.ts";
import type { StepCall, StepKernels, StepMatrix } from "../backend/step-kernels.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { ValueError } from "../errors.ts";
import type { Layer } from "../layers/layer.ts";
import type { Parameter } from "../layers/parameter.ts";
import { sizeOf } from "../tensor/shape.ts";

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

/** One part of what a stream remembers, [capacity, width]. */
export interface StatePart {
  /** "lstm/hiddenState" */
  readonly path: string;
  readonly storage: Storage;
  readonly width: number;
}

/** What the layers of a plan are made with. */
export class PlanBuilder {
  readonly backend: Backend;
  readonly steps: StepKernels;
  readonly capacity: number;
  readonly weights: WeightType;
  readonly calls: StepCall[] = [];
  readonly states: StatePart[] = [];
  readonly checks: ((numbers: HostArray, rows: number) => void)[] = [];
  private readonly matrices = new Map<string, StepMatrix>();

  constructor(backend: Backend, capacity: number, weights: WeightType) {
    this.backend = backend;
    this.steps = backend.steps;
    this.capacity = capacity;
    this.weights = weights;
  }

  value(shape: readonly number[], sequence: boolean): StepValue {
    const width = sizeOf(shape);
    return { storage: this.backend.allocatePersistent(this.capacity * width), shape, width, sequence };
  }

  /** Memory that goes on from step to step; starts as zeros. A layer that is used twice remembers twice. */
  state(path: string, width: number): Storage {
    const uses = this.states.filter((part) => part.path === path || part.path.startsWith(`${path}#`)).length;
    const storage = this.backend.allocatePersistent(this.capacity * width);
    this.states.push({ path: uses === 0 ? path : `${path}#${uses + 1}`, storage, width });
    return storage;
  }

  numbersOf(parameter: Parameter): HostArray;
  numbersOf(parameter: Parameter | null): HostArray | null;
  numbersOf(parameter: Parameter | null): HostArray | null {
    return parameter && this.backend.readSync(parameter.tensor.storage);
  }

  /** Columns first … last−1 of a weight [K, N], laid out once however often its layer is used. */
  matrix({ path, tensor }: Parameter, first = 0, last: number = tensor.shape[1] as number): StepMatrix {
    const key = `${path} ${first} ${last}`;
    const known = this.matrices.get(key);
    if (known) return known;
    const [K, N] = tensor.shape as [number, number];
    const whole = this.backend.readSync(tensor.storage);
    const columns = last - first;
    const part = new Float64Array(K * columns);
    for (let k = 0; k < K; k++) part.set(whole.subarray(k * N + first, k * N + last), k * columns);
    const made = this.steps.matrix(part, K, columns, this.weights, this.capacity);
    this.matrices.set(key, made);
    return made;
  }
}

/** Says that a layer has no streamed form. */
export function cannotStream(layer: Layer, reason: string): ValueError {
  return new ValueError(
    `Cannot stream a model with ${layer.type} "${layer.name}": ${reason} A streamed model reads one step at a time, in order.`,
  );
}

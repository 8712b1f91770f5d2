import { add, clip, divide, maximum, multiply, sqrt, square } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import type { HostArray } from "../backend/backend.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { Parameter } from "../layers/parameter.ts";
import { inStep, persistent, type Tensor } from "../tensor/tensor.ts";
import { type OptimizerName, type OptimizerSpec, resolve, type UpdateRuleOf } from "./rules.ts";
import { learningRateAt } from "./schedules.ts";

/** Moves parameters along their gradients; its memory (slots, step count) is plain and can be saved. */
export interface Optimizer {
  /** The rule with every default filled in, plain data. */
  readonly spec: OptimizerSpec;
  /** Updates made so far; with gradient accumulation, one for each group of calls. */
  readonly iterations: number;
  /** The learning rate of the next update: the schedule's, times the scale. */
  learningRate(): number;
  /** A factor on top of the schedule; "reduce on plateau" turns it down. Default 1. */
  learningRateScale: number;
  /**
   * One step: clips the gradients, moves each trainable parameter in place, applies its constraint. A null gradient leaves
   * its parameter as it is. Runs inside a step, or opens one.
   */
  apply(parameters: readonly Parameter[], gradients: readonly (Tensor | null)[]): void;
  /** Moments and sums by "parameter path/slot name". They are made at the parameter's first update. */
  slots(): ReadonlyMap<string, Tensor>;
  /** Calls of `apply` since the last update, when gradients are accumulated. */
  readonly accumulated: number;
  /** Continues from saved memory. @throws {ValueError} for a slot of an unknown parameter; {ShapeError} for one of another size. */
  restore(state: OptimizerState, parameters: readonly Parameter[]): void;
}

/** The memory of an optimizer, plain. */
export interface OptimizerState {
  readonly iterations: number;
  readonly accumulated: number;
  readonly learningRateScale: number;
  readonly slots: ReadonlyMap<string, HostArray>;
}

/** @throws {ValueError} for an unknown rule or an option outside its range. */
export function makeOptimizer(spec: OptimizerSpec | OptimizerName): Optimizer {
  return new RuleOptimizer(resolve(spec));
}

class RuleOptimizer implements Optimizer {
  readonly spec: OptimizerSpec;
  iterations = 0;
  accumulated = 0;
  learningRateScale = 1;
  private readonly rule: UpdateRuleOf;
  private readonly memory = new Map<string, Tensor>();

  constructor({ spec, rule }: { spec: OptimizerSpec; rule: UpdateRuleOf }) {
    this.spec = spec;
    this.rule = rule;
  }

  learningRate(): number {
    return learningRateAt(this.spec.learningRate ?? 0, this.iterations) * this.learningRateScale;
  }

  slots(): ReadonlyMap<string, Tensor> {
    return this.memory;
  }

  apply(parameters: readonly Parameter[], gradients: readonly (Tensor | null)[]): void {
    const moving = parameters.flatMap((parameter, k) => {
      const gradient = gradients[k];
      return parameter.trainable && gradient ? [{ parameter, gradient }] : [];
    });
    const first = moving[0];
    if (!first) return;
    inStep(first.parameter.tensor.backend, () => {
      const due = this.accumulate(moving);
      if (due) this.update(due);
    });
  }

  /** Adds up gradients over `gradientAccumulationSteps` calls; gives their mean when a group is full, else null. */
  private accumulate(moving: readonly Moving[]): readonly Moving[] | null {
    const { gradientAccumulationSteps: steps = 1 } = this.spec;
    if (steps <= 1) return moving;
    this.accumulated++;
    const sums = moving.map(({ parameter, gradient }) => {
      const total = this.slot(parameter, "gradientSum", 0);
      const { kernels } = total.backend;
      kernels.binary("add", total.storage, [1], gradient.storage, [1], total.storage, [total.size]);
      return { parameter, total };
    });
    if (this.accumulated < steps) return null;
    this.accumulated = 0;
    return sums.map(({ parameter, total }) => {
      const gradient = divide(total, steps);
      total.backend.kernels.fill(total.storage, 0);
      return { parameter, gradient };
    });
  }

  private update(moving: readonly Moving[]): void {
    const learningRate = this.learningRate();
    const { weightDecay = 0 } = this.spec;
    const hyper = this.rule.hyper(this.iterations + 1, learningRate, learningRate * weightDecay);
    for (const { parameter, gradient } of this.clipped(moving)) {
      const { tensor } = parameter;
      const { kernels } = tensor.backend;
      if (weightDecay > 0 && this.rule.name !== "adam") scaleInPlace(tensor, 1 - learningRate * weightDecay);
      const slots = this.rule.slots.map(({ name, start }) => this.slot(parameter, name, start).storage);
      kernels.update(this.rule.name, tensor.storage, gradient.storage, slots, hyper);
      if (parameter.constraint) {
        const moved = parameter.constraint.apply(tensor);
        const dense = { offset: 0, strides: [1] };
        kernels.copy(moved.storage, dense, tensor.storage, dense, [tensor.size], false);
      }
    }
    this.iterations++;
  }

  private clipped(moving: readonly Moving[]): readonly Moving[] {
    const { clipValue, clipNorm, globalClipNorm } = this.spec;
    if (clipValue !== undefined) return moving.map((m) => ({ ...m, gradient: clip(m.gradient, -clipValue, clipValue) }));
    if (clipNorm !== undefined)
      return moving.map((m) => ({ ...m, gradient: shorten(m.gradient, sqrt(sum(square(m.gradient))), clipNorm) }));
    if (globalClipNorm !== undefined) {
      const norm = globalNorm(moving.map(({ gradient }) => gradient));
      return moving.map((m) => ({ ...m, gradient: shorten(m.gradient, norm, globalClipNorm) }));
    }
    return moving;
  }

  private slot(parameter: Parameter, name: string, start: number): Tensor {
    const key = `${parameter.path}/${name}`;
    let slot = this.memory.get(key);
    if (!slot) {
      slot = persistent(parameter.tensor.shape, parameter.tensor.backend);
      if (start !== 0) slot.backend.kernels.fill(slot.storage, start);
      this.memory.set(key, slot);
    }
    return slot;
  }

  restore(state: OptimizerState, parameters: readonly Parameter[]): void {
    this.iterations = state.iterations;
    this.accumulated = state.accumulated;
    this.learningRateScale = state.learningRateScale;
    for (const key of this.memory.keys()) if (!state.slots.has(key)) this.memory.delete(key);
    const byPath = new Map(parameters.map((parameter) => [parameter.path, parameter]));
    for (const [key, data] of state.slots) {
      const cut = key.lastIndexOf("/");
      const parameter = byPath.get(key.slice(0, cut));
      if (!parameter)
        throw new ValueError(`Cannot restore optimizer slot "${key}": the model has no parameter "${key.slice(0, cut)}".`);
      if (data.length !== parameter.tensor.size) {
        throw new ShapeError(
          `Cannot restore optimizer slot "${key}" from ${data.length} numbers: its parameter has ${parameter.tensor.size}.`,
        );
      }
      const slot = this.slot(parameter, key.slice(cut + 1), 0);
      slot.backend.write(slot.storage, data);
    }
  }
}

interface Moving {
  readonly parameter: Parameter;
  readonly gradient: Tensor;
}

/** sqrt(Σ over all gradients of Σ g²), a scalar. */
function globalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b)));
}

/** g · limit / max(norm, limit): unchanged while norm ≤ limit [Pascanu et al. 2013]. */
function shorten(g: Tensor, norm: Tensor, limit: number): Tensor {
  return multiply(g, divide(limit, maximum(norm, limit)));
}

function scaleInPlace(x: Tensor, factor: number): void {
  const { backend } = x;
  backend.kernels.binary("multiply", x.storage, [1], backend.upload([factor]), [0], x.storage, [x.size]);
}

import type { UpdateRule } from "../backend/kernels.ts";
import { ValueError } from "../errors.ts";
import type { LearningRateSchedule } from "./schedules.ts";

/** Optimizers by name; `OptimizerSpec` defines them. */
export type OptimizerName = "sgd" | "rmsprop" | "adam" | "adamw" | "nadam" | "adagrad" | "adadelta";

/** Options of every optimizer; at most one of the three clips. */
interface CommonOptions {
  readonly learningRate?: LearningRateSchedule;
  /** Entries of each gradient are limited to ± this. */
  readonly clipValue?: number;
  /** Each gradient is shortened to this L2 norm. */
  readonly clipNorm?: number;
  /** All gradients together are shortened to this L2 norm [Pascanu et al. 2013]. */
  readonly globalClipNorm?: number;
  /** Decoupled weight decay: p −= learningRate · weightDecay · p before each update. Default 0; AdamW 0.004. */
  readonly weightDecay?: number;
  /** Gradients of so many calls are averaged into one update. Default 1. */
  readonly gradientAccumulationSteps?: number;
}

/**
 * An optimizer as plain data. Names, rules and defaults are Keras 3's:
 * - sgd [learningRate 0.01, momentum 0, nesterov false]
 * - rmsprop [0.001, rho 0.9, momentum 0, epsilon 1e-7, centered false; Tieleman & Hinton 2012]
 * - adam [0.001, beta1 0.9, beta2 0.999, epsilon 1e-7; Kingma & Ba 2014], adamw [+ weightDecay 0.004; Loshchilov & Hutter 2017]
 * - nadam [0.001, 0.9, 0.999, 1e-7; Dozat 2016]
 * - adagrad [0.001, initialAccumulatorValue 0.1, epsilon 1e-7; Duchi et al. 2011], adadelta [0.001, rho 0.95, epsilon 1e-7; Zeiler 2012]
 */
export type OptimizerSpec = CommonOptions &
  (
    | { readonly type: "sgd"; readonly momentum?: number; readonly nesterov?: boolean }
    | {
        readonly type: "rmsprop";
        readonly rho?: number;
        readonly momentum?: number;
        readonly epsilon?: number;
        readonly centered?: boolean;
      }
    | { readonly type: "adam" | "adamw" | "nadam"; readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number }
    | { readonly type: "adagrad"; readonly initialAccumulatorValue?: number; readonly epsilon?: number }
    | { readonly type: "adadelta"; readonly rho?: number; readonly epsilon?: number }
  );

/** One kernel rule with its numbers for a given update. */
export interface UpdateRuleOf {
  readonly name: UpdateRule;
  readonly slots: readonly { readonly name: string; readonly start: number }[];
  /** The kernel's numbers for update t (from 1). `decay` is learningRate · weightDecay. */
  readonly hyper: (t: number, learningRate: number, decay: number) => readonly number[];
}

const slot = (name: string, start = 0): { name: string; start: number } => ({ name, start });

/** Fills in defaults and picks the kernel rule. @throws {ValueError} for what it does not know or allow. */
export function resolve(given: OptimizerSpec | OptimizerName): { spec: OptimizerSpec; rule: UpdateRuleOf } {
  const asked: OptimizerSpec = typeof given === "string" ? { type: given } : given;
  const spec: OptimizerSpec = { learningRate: asked.type === "sgd" ? 0.01 : 0.001, ...asked };
  check(spec);
  switch (spec.type) {
    case "sgd": {
      const { momentum = 0, nesterov = false } = spec;
      if (momentum === 0) return { spec, rule: { name: "sgd", slots: [], hyper: (_, lr) => [lr] } };
      return { spec, rule: { name: "momentum", slots: [slot("velocity")], hyper: (_, lr) => [lr, momentum, nesterov ? 1 : 0] } };
    }
    case "rmsprop": {
      const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = spec;
      const slots = [slot("meanSquare"), slot("velocity"), slot("meanGradient")];
      return { spec, rule: { name: "rmsprop", slots, hyper: (_, lr) => [lr, rho, epsilon, momentum, centered ? 1 : 0] } };
    }
    case "adam":
    case "adamw": {
      const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = spec;
      const weightDecay = spec.weightDecay ?? (spec.type === "adamw" ? 0.004 : 0);
      const hyper = (t: number, lr: number, decay: number): number[] => {
        return [(lr * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t), beta1, beta2, epsilon, decay];
      };
      return { spec: { ...spec, weightDecay }, rule: { name: "adam", slots: [slot("m"), slot("v")], hyper } };
    }
    case "nadam": {
      const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = spec;
      const hyper = nadamNumbers(beta1, beta2, epsilon);
      return { spec, rule: { name: "nadam", slots: [slot("m"), slot("v")], hyper } };
    }
    case "adagrad": {
      const { initialAccumulatorValue = 0.1, epsilon = 1e-7 } = spec;
      return { spec, rule: { name: "adagrad", slots: [slot("sum", initialAccumulatorValue)], hyper: (_, lr) => [lr, epsilon] } };
    }
    case "adadelta": {
      const { rho = 0.95, epsilon = 1e-7 } = spec;
      return {
        spec,
        rule: { name: "adadelta", slots: [slot("meanSquare"), slot("meanSquareStep")], hyper: (_, lr) => [lr, rho, epsilon] },
      };
    }
    default:
      throw new ValueError(
        `Cannot make optimizer ${JSON.stringify(given)}: optimizers are sgd, rmsprop, adam, adamw, nadam, adagrad and adadelta.`,
      );
  }
}

/**
 * Nadam's momentum schedule u_t = β₁ (1 − ½ · 0.96ᵗ) and its running product, which is remembered for the last t asked for
 * and worked out from 1 otherwise (after a resume).
 */
function nadamNumbers(beta1: number, beta2: number, epsilon: number): UpdateRuleOf["hyper"] {
  const u = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** t);
  let known = { t: 0, product: 1 };
  return (t, lr) => {
    if (known.t > t) known = { t: 0, product: 1 };
    while (known.t < t) known = { t: known.t + 1, product: known.product * u(known.t + 1) };
    const next = known.product * u(t + 1);
    return [lr, beta1, beta2, epsilon, u(t + 1) / (1 - next), (1 - u(t)) / (1 - known.product), 1 / (1 - beta2 ** t)];
  };
}

function check(spec: OptimizerSpec): void {
  const clips = (["clipValue", "clipNorm", "globalClipNorm"] as const).filter((name) => spec[name] !== undefined);
  if (clips.length > 1) throw new ValueError(`Cannot clip gradients by ${clips.join(" and ")} at once: choose one.`);
  const positive = ["clipValue", "clipNorm", "globalClipNorm", "gradientAccumulationSteps"] as const;
  for (const name of positive) {
    const value = spec[name];
    if (value !== undefined && !(value > 0)) throw new ValueError(`Cannot use ${name} ${value}: it is a number above 0.`);
  }
  const { learningRate } = spec;
  if (typeof learningRate === "number" && !(learningRate >= 0 && Number.isFinite(learningRate))) {
    throw new ValueError(`Cannot use learning rate ${learningRate}: it is a finite number from 0 up.`);
  }
}

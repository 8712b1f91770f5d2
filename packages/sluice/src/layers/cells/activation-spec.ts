import { activate, add, clip, less, multiply, relu, subtract, tanh } from "../../autograd/ops/elementwise.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { NamesOf } from "../option-names.ts";
import { checkActivation } from "./cell-options.ts";

/** Activations with numbers of their own. Equations and defaults: see `activateBy`. */
export type ShapedActivationName = "affine" | "leakyRelu" | "thresholdedRelu" | "scaledTanh" | "hardSigmoid" | "elu";

/** An activation by name, or with its numbers; plain data. ONNX's eleven are among them. */
export type ActivationSpec =
  | ActivationName
  | { readonly type: ActivationName | ShapedActivationName; readonly alpha?: number; readonly beta?: number };

interface Shaped {
  readonly alpha: number;
  /** Left out where the function has no beta. */
  readonly beta?: number;
  readonly apply: (x: Tensor, alpha: number, beta: number) => Tensor;
}

function affine(x: Tensor, alpha: number, beta: number): Tensor {
  const scaled = multiply(x, alpha);
  return beta === 0 ? scaled : add(scaled, beta);
}

const shaped: Readonly<Record<ShapedActivationName, Shaped>> = {
  affine: { alpha: 1, beta: 0, apply: affine },
  leakyRelu: { alpha: 0.2, apply: (x, alpha) => add(multiply(x, alpha), multiply(relu(x), 1 - alpha)) },
  thresholdedRelu: { alpha: 1, apply: (x, alpha) => multiply(x, less(alpha, x)) },
  scaledTanh: { alpha: 1, beta: 1, apply: (x, alpha, beta) => multiply(tanh(multiply(x, beta)), alpha) },
  // By the plain one, clip(z/6 + ½, 0, 1).
  hardSigmoid: {
    alpha: 1 / 6,
    beta: 0.5,
    apply: (x, alpha, beta) => activate("hardSigmoid", affine(x, 6 * alpha, 6 * beta - 3)),
  },
  elu: { alpha: 1, apply: (x, alpha) => add(relu(x), multiply(subtract(activate("elu", x), relu(x)), alpha)) },
};

/**
 * y = f(x) by name, or by { type, alpha, beta }:
 *
 *     affine           α x + β                 α = 1, β = 0        elu           x > 0 ? x : α (eˣ − 1)    α = 1
 *     leakyRelu        x > 0 ? x : α x         α = 0.2             hardSigmoid   clip(α x + β, 0, 1)       α = 1/6, β = 0.5
 *     thresholdedRelu  x > α ? x : 0           α = 1               scaledTanh    α tanh(β x)               α = 1, β = 1
 *
 * The defaults are those of the plain names (Keras 3's), which differ from ONNX's for leakyRelu (0.01) and hardSigmoid (α = 0.2).
 */
export function activateBy(spec: ActivationSpec, x: Tensor): Tensor {
  if (typeof spec === "string") return activate(spec, x);
  const { type } = spec;
  if (!isShaped(type)) return activate(type, x);
  const { alpha, beta = 0, apply } = shaped[type];
  return apply(x, spec.alpha ?? alpha, spec.beta ?? beta);
}

/** x within ± limit; null: as it is. */
export function limited(x: Tensor, limit: number | null): Tensor {
  return limit === null ? x : clip(x, -limit, limit);
}

/** How gates and candidate are activated where the numbers of ONNX are wanted. */
export interface ActivationOptions {
  /** Of the candidate: by name, or with alpha and beta. Default "tanh". */
  readonly activation?: ActivationSpec;
  /** Clamp to ± gateClip before each activation, as ONNX's `clip` does; h itself may go further. Default null: no limit. */
  readonly gateClip?: number | null;
}

/** The names of `ActivationOptions`. */
export const shapedActivationNames: NamesOf<ActivationOptions> = { activation: true, gateClip: true };

/** @throws {ValueError} unless gateClip is null or a number above 0. */
export function checkGateClip(gateClip: number | null, layer: string): void {
  if (gateClip !== null && !(gateClip > 0)) {
    throw new ValueError(`Cannot make ${layer} with gateClip ${String(gateClip)}: it is a number above 0, or null for no limit.`);
  }
}

/** @throws {ValueError} for an unknown name, a number the function does not have, or one that is not finite. */
export function checkActivationSpec(spec: ActivationSpec, layer: string, option: string): void {
  if (typeof spec === "string") {
    checkActivation(spec, layer, option);
    return;
  }
  const { type, ...numbers } = spec;
  checkActivation(type, layer, option, ["affine", "thresholdedRelu", "scaledTanh"]);
  const known = isShaped(type) ? Object.keys(shaped[type]).filter((key) => key !== "apply") : [];
  for (const [key, value] of Object.entries(numbers)) {
    if (value === undefined) continue;
    if (!known.includes(key) || !Number.isFinite(value)) {
      throw new ValueError(
        `Cannot make ${layer} with ${option} "${type}" and ${key} ${String(value)}: ` +
          `"${type}" takes ${known.length > 0 ? `${known.join(" and ")}, finite numbers` : "no numbers"}.`,
      );
    }
  }
}

function isShaped(type: string): type is ShapedActivationName {
  return Object.hasOwn(shaped, type);
}

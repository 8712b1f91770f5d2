import type { Storage } from "../backend.ts";
import type { Kernels } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";

/** Each takes the addresses of parameter, gradient and slots, their length, then its numbers. */
export interface UpdateExports {
  updateSgd(p: number, g: number, n: number, lr: number): void;
  updateMomentum(p: number, g: number, v: number, n: number, lr: number, momentum: number, nesterov: boolean): void;
  updateRmsprop(
    p: number,
    g: number,
    s: number,
    v: number,
    a: number,
    n: number,
    lr: number,
    rho: number,
    rest: number,
    epsilon: number,
    momentum: number,
    centered: boolean,
  ): void;
  updateAdam(
    p: number,
    g: number,
    m: number,
    v: number,
    n: number,
    lr: number,
    rest1: number,
    rest2: number,
    epsilon: number,
    decay: number,
  ): void;
  updateNadam(
    p: number,
    g: number,
    m: number,
    v: number,
    n: number,
    lr: number,
    rest1: number,
    rest2: number,
    epsilon: number,
    cM: number,
    cG: number,
    vCorrection: number,
  ): void;
  updateAdagrad(p: number, g: number, a: number, n: number, lr: number, epsilon: number): void;
  updateAdadelta(
    p: number,
    g: number,
    a: number,
    d: number,
    n: number,
    lr: number,
    rho: number,
    rest: number,
    epsilon: number,
  ): void;
}

/** Optimizer steps. The kernels take `rest` = 1 − β, rounded once, in place of β where the rule needs only that. */
export function updateKernels(memory: WasmMemory, wasm: UpdateExports): Pick<Kernels, "update"> {
  return {
    update(rule, parameter, gradient, slots, hyper) {
      const n = parameter.length;
      const p = memory.output(parameter, n);
      const g = memory.input(gradient, n);
      const slot = (index: number): number => memory.optionalOutput((slots[index] as Storage | undefined) ?? null, n);
      const [lr, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0, seventh = 0] = hyper as [number, ...number[]];
      switch (rule) {
        case "sgd":
          return wasm.updateSgd(p, g, n, lr);
        case "momentum":
          return wasm.updateMomentum(p, g, slot(0), n, lr, second, third !== 0);
        case "rmsprop":
          return wasm.updateRmsprop(p, g, slot(0), slot(1), slot(2), n, lr, second, 1 - second, third, fourth, fifth !== 0);
        case "adam":
          return wasm.updateAdam(p, g, slot(0), slot(1), n, lr, 1 - second, 1 - third, fourth, fifth);
        case "nadam":
          return wasm.updateNadam(p, g, slot(0), slot(1), n, lr, 1 - second, 1 - third, fourth, fifth, sixth, seventh);
        case "adagrad":
          return wasm.updateAdagrad(p, g, slot(0), n, lr, second);
        case "adadelta":
          return wasm.updateAdadelta(p, g, slot(0), slot(1), n, lr, second, 1 - second, third);
      }
    },
  };
}

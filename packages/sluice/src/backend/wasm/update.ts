import type { Kernels, UpdateRule } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";
import { type Call, cut, ELEMENT_UNIT, type Team } from "./threads/team.ts";

/** What moving one parameter costs, in multiply-adds: it waits for memory. */
const ELEMENT_WORK = 32;

/** Optimizer steps. The kernels take `rest` = 1 − β, rounded once, in place of β where the rule needs only that. */
export function updateKernels(memory: WasmMemory, team: Team): Pick<Kernels, "update"> {
  return {
    update(rule, parameter, gradient, slots, hyper) {
      const n = parameter.length;
      const { kernel, slots: count, numbers } = RULES[rule];
      const arrays = [memory.output(parameter, n), memory.input(gradient, n)];
      for (let k = 0; k < count; k++) arrays.push(memory.optionalOutput(slots[k] ?? null, n));
      const rest = numbers(hyper);
      const calls = cut(n, team.partsFor(n * ELEMENT_WORK), ELEMENT_UNIT).map<Call>(([from, to]) => [
        kernel,
        ...arrays.map((at) => (at === 0 ? 0 : at + from * 4)),
        to - from,
        ...rest,
      ]);
      team.run(calls, 0);
    },
  };
}

interface Rule {
  /** Takes the addresses of parameter, gradient and slots, their length, then its numbers; see kernels/update.ts. */
  readonly kernel: string;
  /** Slots the kernel has pointers for. */
  readonly slots: number;
  /** The kernel's numbers from those of `UpdateRule`. */
  readonly numbers: (hyper: readonly number[]) => readonly number[];
}

const RULES: Readonly<Record<UpdateRule, Rule>> = {
  sgd: { kernel: "updateSgd", slots: 0, numbers: ([lr = 0]) => [lr] },
  momentum: { kernel: "updateMomentum", slots: 1, numbers: ([lr = 0, momentum = 0, nesterov = 0]) => [lr, momentum, nesterov] },
  rmsprop: {
    kernel: "updateRmsprop",
    slots: 3,
    numbers: ([lr = 0, rho = 0, epsilon = 0, momentum = 0, centered = 0]) => [lr, rho, 1 - rho, epsilon, momentum, centered],
  },
  adam: {
    kernel: "updateAdam",
    slots: 2,
    numbers: ([lr = 0, β1 = 0, β2 = 0, epsilon = 0, decay = 0]) => [lr, 1 - β1, 1 - β2, epsilon, decay],
  },
  nadam: {
    kernel: "updateNadam",
    slots: 2,
    numbers: ([lr = 0, β1 = 0, β2 = 0, epsilon = 0, cM = 0, cG = 0, v = 0]) => [lr, 1 - β1, 1 - β2, epsilon, cM, cG, v],
  },
  adagrad: { kernel: "updateAdagrad", slots: 1, numbers: ([lr = 0, epsilon = 0]) => [lr, epsilon] },
  adadelta: { kernel: "updateAdadelta", slots: 2, numbers: ([lr = 0, rho = 0, epsilon = 0]) => [lr, rho, 1 - rho, epsilon] },
};

import type { Tensor } from "../../tensor/tensor.ts";

/** What the gates, and the candidate they let in, are in one step, by name, each [B, …]. */
export type Gates = Readonly<Record<string, Tensor>>;

let listener: ((gates: Gates) => void) | null = null;

/**
 * Names the gates of the running step for `inspect.trace`. Call it inside a cell's `step`; `gates` is called only while somebody traces,
 * so a run that nobody looks into pays one comparison. Names that end in "Gate" count as gates (`inspect.gateSaturation`), others as
 * candidates.
 * @param gates tensors [B, …] by name; what a step need not compute otherwise may be computed here.
 * @example
 * const z = sigmoid(matmul(x, this.kernel.tensor));
 * reportGates(() => ({ updateGate: z }));
 */
export function reportGates(gates: () => Gates): void {
  listener?.(gates());
}

/** Runs one of several cells of a step; the gates that it reports are named `part/name`. */
export function gatesWithin<T>(part: string | number, step: () => T): T {
  const outer = listener;
  if (!outer) return step();
  const named = (gates: Gates): void =>
    outer(Object.fromEntries(Object.entries(gates).map(([name, gate]) => [`${part}/${name}`, gate])));
  return listening(named, step);
}

/** Runs one step and gathers the gates that it reports, in the order of its reports. */
export function withGates<T>(step: () => T): { readonly result: T; readonly gates: Gates } {
  const gates: Record<string, Tensor> = {};
  const result = listening((reported) => Object.assign(gates, reported), step);
  return { result, gates };
}

function listening<T>(listen: (gates: Gates) => void, compute: () => T): T {
  const outer = listener;
  listener = listen;
  try {
    return compute();
  } finally {
    listener = outer;
  }
}

import { add, multiply, sigmoid, tanh } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";
import { gatesWithin, reportGates } from "./gates.ts";

/** What enters or leaves a block along one dimension: hidden vector and memory, each [B, H]. */
export type GridVector = { readonly h: Tensor; readonly m: Tensor };

/** The weights of a block of N dimensions: kernel [N · H, N · 4H], bias [N · 4H]; for each dimension the blocks i f g o. */
export interface GridWeights {
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
}

/** The weights of `depth` blocks on top of each other, made under "0", "1", …, or once under "shared". */
export function blockWeights(depth: number, tied: boolean, make: (prefix: string) => GridWeights): GridWeights[] {
  if (tied) return new Array<GridWeights>(depth).fill(make("shared"));
  return Array.from({ length: depth }, (_, level) => make(String(level)));
}

/**
 * A block of the grid LSTM [Kalchbrenner et al. 2015, arXiv:1507.01526]: an LSTM transition along each of N dimensions k, from the hidden
 * vectors of all of them:
 *
 *     i, f, g, o = W_k [h_1, …, h_N] + b_k      m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g)      h_k' = σ(o) ⊙ tanh(m_k')
 *
 * `given` names the dimensions, in the order of W; the gates of each are reported as "name/inputGate". The `priority` dimension, if
 * there is one, comes last, and reads h_j' in the place of h_j for every other dimension j.
 */
export function gridBlock<K extends string>(
  given: Readonly<Record<K, GridVector>>,
  { kernel, bias }: GridWeights,
  priority: K | null,
): Readonly<Record<K, GridVector>> {
  const vectors = new Map(Object.entries<GridVector>(given));
  const hidden = (): Tensor => concat([...vectors.values()].map(({ h }) => h));
  const along = (name: string, raw: Tensor): void => {
    const { m } = vectors.get(name) as GridVector;
    vectors.set(
      name,
      gatesWithin(name, () => transition(raw, m)),
    );
  };
  const names = [...vectors.keys()];
  if (priority === null) {
    const raw = split(linear(hidden(), kernel.tensor, bias?.tensor ?? null), names.length);
    names.forEach((name, k) => {
      along(name, raw[k] as Tensor);
    });
    return Object.fromEntries(vectors) as Record<K, GridVector>;
  }
  const kernels = split(kernel.tensor, names.length);
  const biases = bias ? split(bias.tensor, names.length) : [];
  const before = hidden();
  const read = (name: string, h: Tensor): void => {
    const k = names.indexOf(name);
    along(name, linear(h, kernels[k] as Tensor, biases[k] ?? null));
  };
  for (const name of names) if (name !== priority) read(name, before);
  read(priority, hidden());
  return Object.fromEntries(vectors) as Record<K, GridVector>;
}

/** One LSTM transition from its raw blocks i f g o [B, 4H] and memory [B, H]. */
function transition(raw: Tensor, m: Tensor): GridVector {
  const [zi, zf, zg, zo] = split(raw, 4) as [Tensor, Tensor, Tensor, Tensor];
  const [i, f, g, o] = [sigmoid(zi), sigmoid(zf), tanh(zg), sigmoid(zo)];
  reportGates(() => ({ inputGate: i, forgetGate: f, cellCandidate: g, outputGate: o }));
  const next = add(multiply(f, m), multiply(i, g));
  return { h: multiply(o, tanh(next)), m: next };
}

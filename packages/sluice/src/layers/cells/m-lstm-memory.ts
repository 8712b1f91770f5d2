import { abs, add, divide, exp, maximum, multiply, negate, subtract, where } from "../../autograd/ops/elementwise.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { max, sum } from "../../autograd/ops/reduce.ts";
import { concat, expandDims, reshape, slice, squeeze, transpose } from "../../autograd/ops/shape.ts";
import { full, type Tensor, tensor } from "../../tensor/tensor.ts";
import { reportGates } from "./gates.ts";

/** What one head's memory holds, heads and batch rows in one axis G: C [G, d, d], n [G, d], m [G]. */
export interface Memory {
  readonly C: Tensor;
  readonly n: Tensor;
  readonly m: Tensor;
}

/** What L steps bring: q, k (already divided by √d) and v [G, L, d], the raw input gate and log f [G, L]. */
export interface MemoryInput {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly logI: Tensor;
  readonly logF: Tensor;
}

const EPSILON = 1e-6; // the authors': keeps an empty memory from dividing 0 by 0
const NOTHING = -1e30; // the logarithm of a weight of 0, finite so that differences stay numbers

/**
 * L steps of the matrix memory at once, from any state: outputs [G, L, d] and the memory after them.
 *
 *     w_ts = exp(F_t − F_s + ĩ_s − m_t), s ≤ t      w_t = exp(F_t + m − m_t)      F = running sum of log f
 *     h_t = (Σ_s w_ts (q_t·k_s) v_s + w_t Cᵀ q_t) / max(|Σ_s w_ts q_t·k_s + w_t n·q_t|, exp(−m_t))
 *
 * m_t is the largest of the exponents before it is taken off: the same number that the steps one by one arrive at. With L = 1
 * these are the equations of a step, with L = T the parallel form, in between the chunked one.
 */
function readMemory({ q, k, v, logI, logF }: MemoryInput, { C, n, m }: Memory): { h: Tensor; memory: Memory } {
  const [G, L] = logI.shape as [number, number];
  const upTo = triangle(L, logF); //                                                   [s, t]: 1 for s ≤ t
  const F = matmul(logF, upTo); //                                                     [G, L]
  const exponents = subtract(add(expandDims(F, 2), expandDims(logI, 1)), expandDims(F, 1)); // [G, t, s]
  const causal = concat(
    Array.from({ length: G }, () => expandDims(transpose(upTo), 0)),
    { axis: 0 },
  );
  const seen = where(causal, exponents, full([G, L, L], NOTHING, { backend: F.backend }));
  const before = add(F, expandDims(m, 1)); //                                          [G, L]
  const stabilizer = maximum(max(seen, { axis: 2 }), before); //                       m_t
  const w = exp(subtract(seen, expandDims(stabilizer, 2)));
  const kept = exp(subtract(before, stabilizer));
  const scores = multiply(w, matmul(q, transpose(k, [0, 2, 1]))); //                   w_ts q_t·k_s
  const value = add(matmul(scores, v), multiply(expandDims(kept, 2), matmul(q, C)));
  const nq = squeeze(matmul(q, expandDims(n, 2)), 2);
  const norm = abs(add(sum(scores, { axis: 2 }), multiply(kept, nq)));
  const h = divide(value, expandDims(add(maximum(norm, exp(negate(stabilizer))), EPSILON), 2));
  const last = (x: Tensor): Tensor => squeeze(slice(x, L - 1, L, { axis: 1 }), 1);
  const weighed = multiply(expandDims(last(w), 2), k); //                              [G, s, d]
  const keptLast = expandDims(last(kept), 1);
  return {
    h,
    memory: {
      C: add(multiply(expandDims(keptLast, 2), C), matmul(transpose(weighed, [0, 2, 1]), v)),
      n: add(multiply(keptLast, n), sum(weighed, { axis: 1 })),
      m: last(stabilizer),
    },
  };
}

/** The same over T steps in chunks: O(T · chunk) work, and T / chunk rounds. */
function readMemoryInChunks(input: MemoryInput, start: Memory, chunk: number): { h: Tensor; memory: Memory } {
  const T = input.logI.shape[1] as number;
  const outputs: Tensor[] = [];
  let memory = start;
  for (let t = 0; t < T; t += chunk) {
    const cut = (x: Tensor): Tensor => slice(x, t, Math.min(t + chunk, T), { axis: 1 });
    const part = { q: cut(input.q), k: cut(input.k), v: cut(input.v), logI: cut(input.logI), logF: cut(input.logF) };
    const { h, memory: next } = readMemory(part, memory);
    outputs.push(h);
    memory = next;
  }
  return { h: concat(outputs, { axis: 1 }), memory };
}

/** A memory as cells keep it: C [B, n, d, d], its normalizer [B, n, d] and stabilizer [B, n]. */
export type HeadsState = { readonly cellState: Tensor; readonly normalizer: Tensor; readonly stabilizer: Tensor };

/**
 * T steps of n heads, in chunks: q, k (not yet divided) and v [B, T, n · d], gates logI and logF [B, T, n] → h [B, T, n · d] and the
 * memory after them.
 */
export function readHeads(
  { q, k, v, logI, logF }: MemoryInput,
  { cellState, normalizer, stabilizer }: Partial<HeadsState>,
  chunk: number,
): { h: Tensor; memory: HeadsState } {
  const [B, T, H] = q.shape as [number, number, number];
  const [n, d] = (normalizer as Tensor).shape.slice(1) as [number, number];
  const byHead = (y: Tensor): Tensor => reshape(transpose(reshape(y, [B, T, n, d]), [0, 2, 1, 3]), [B * n, T, d]);
  const byGate = (y: Tensor): Tensor => reshape(transpose(y, [0, 2, 1]), [B * n, T]);
  const scaled = multiply(k, 1 / Math.sqrt(d));
  const { h, memory } = readMemoryInChunks(
    { q: byHead(q), k: byHead(scaled), v: byHead(v), logI: byGate(logI), logF: byGate(logF) },
    {
      C: reshape(cellState as Tensor, [B * n, d, d]),
      n: reshape(normalizer as Tensor, [B * n, d]),
      m: reshape(stabilizer as Tensor, [B * n]),
    },
    chunk,
  );
  reportGates(() => {
    const [logNew, logOld] = [squeeze(logI, 1), add(stabilizer as Tensor, squeeze(logF, 1))]; // of one step, T = 1
    const scaled = (log: Tensor): Tensor => exp(subtract(log, maximum(logNew, logOld)));
    return { inputGate: scaled(logNew), forgetGate: scaled(logOld) };
  });
  return {
    h: reshape(transpose(reshape(h, [B, n, T, d]), [0, 2, 1, 3]), [B, T, H]),
    memory: {
      cellState: reshape(memory.C, [B, n, d, d]),
      normalizer: reshape(memory.n, [B, n, d]),
      stabilizer: reshape(memory.m, [B, n]),
    },
  };
}

/** [L, L] with 1 where row ≤ column. */
function triangle(L: number, like: Tensor): Tensor {
  const ones = Float64Array.from({ length: L * L }, (_, k) => (Math.floor(k / L) <= k % L ? 1 : 0));
  return tensor(ones, [L, L], { backend: like.backend });
}

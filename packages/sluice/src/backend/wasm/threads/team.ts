/** A kernel by the name of its export, and its arguments. The last one is scratch memory or stays as it is; see `Team.run`. */
export type Call = readonly [kernel: string, ...args: number[]];

/** The functions a module exports, by name. */
export type WasmFunctions = Readonly<Record<string, (...args: number[]) => void>>;

/** Those who do the work of one backend: the calling thread, and workers beside it. */
export interface Team {
  /** Threads there can be, the caller's included. */
  readonly most: number;
  /** Whether work of about so many multiply-adds may be shared; less is never, since that would cost more than it saves. */
  shares(work: number): boolean;
  /** Into how many calls to cut such work now; 1 where `shares` says no. */
  partsFor(work: number): number;
  /**
   * Runs the calls, in any order and side by side, and returns when all have ended. Thread k adds k·`scratchBytes` to the last
   * argument of a call it takes.
   * @throws {Error} when a call failed, on whichever thread.
   */
  run(calls: readonly Call[], scratchBytes: number): void;
}

/** The calling thread alone. */
export class Alone implements Team {
  readonly most = 1;
  private readonly wasm: WasmFunctions;

  constructor(wasm: WasmFunctions) {
    this.wasm = wasm;
  }

  shares(): boolean {
    return false;
  }

  partsFor(): number {
    return 1;
  }

  run(calls: readonly Call[]): void {
    for (const [kernel, ...args] of calls) this.wasm[kernel]?.(...args);
  }
}

/** Cuts 0 … n−1 into at most `parts` runs [from, to) that begin at multiples of `unit`, as even as that allows. */
export function cut(n: number, parts: number, unit = 1): [from: number, to: number][] {
  const units = Math.ceil(n / unit);
  const count = Math.min(parts, units);
  return Array.from({ length: count }, (_, k) => [
    Math.floor((units * k) / count) * unit,
    Math.min(n, Math.floor((units * (k + 1)) / count) * unit),
  ]);
}

/** Columns of a product may be cut at multiples of this: whole panels in every variant, whole cache lines. */
export const COLUMN_UNIT = 16;
/** Columns of a weight gradient that are made together; cutting there costs nothing. */
export const COLUMN_BLOCK = 512;
/** Dense arrays are cut at multiples of this, whole cache lines. */
export const ELEMENT_UNIT = 16;

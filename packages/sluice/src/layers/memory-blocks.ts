import {
  MemoryBlocksCell,
  type MemoryBlocksCellOptions,
  type MemoryBlocksState,
  memoryBlocksCellNames,
} from "./cells/memory-blocks-cell.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `memoryBlocks`. */
export interface MemoryBlocksOptions extends MemoryBlocksCellOptions, RecurrentOptions {}

const memoryBlocksNames: NamesOf<MemoryBlocksOptions> = { ...memoryBlocksCellNames, ...recurrentNames };

/** The memory blocks of 1997 over a sequence. Equations, weights and sources: see `MemoryBlocksCell`. */
export class MemoryBlocks extends RecurrentLayer<MemoryBlocksOptions, MemoryBlocksState> {
  readonly type: string = "MemoryBlocks";
  readonly cell: MemoryBlocksCell;

  constructor(options: MemoryBlocksOptions) {
    super(options, "memoryBlocks");
    this.cell = new MemoryBlocksCell(options);
  }
}

/**
 * A layer of memory blocks as published in 1997: x [B, T, I] → [B, units + hiddenUnits], or [B, T, …] with `returnSequences`.
 * For the LSTM in use today see `lstm`.
 * @throws {ValueError} when units is no multiple of cellsPerBlock, or an option is outside its rule.
 * @example
 * // Experiment 4 of the paper: two blocks of two cells; with dense({ units: 1 }) on top it has 93 weights.
 * const layer = memoryBlocks({ units: 4, cellsPerBlock: 2, gateBias: { input: { start: -3, step: -3 } } });
 */
export function memoryBlocks(options: MemoryBlocksOptions): MemoryBlocks {
  return new MemoryBlocks(knownOptions("MemoryBlocks", options, memoryBlocksNames));
}

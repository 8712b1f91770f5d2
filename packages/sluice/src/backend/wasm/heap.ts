import { StateError } from "../../errors.ts";

/** Every block starts at a multiple of this and is padded to one, so kernels may read whole vectors past an array's end. */
export const ALIGNMENT = 64;
const PAGE = 65_536;
/** The memory grows by at least this much at a time, since growing replaces every view of it. */
const GROWTH = 4 * 2 ** 20;
/** Most pages a 32-bit WebAssembly memory can have: 4 GiB. */
const MAX_PAGES = 65_536;

/** Bytes of a block that holds `length` float32 numbers. */
export function blockBytes(length: number): number {
  return Math.max(ALIGNMENT, Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT);
}

interface FreeBlock {
  start: number;
  end: number;
}

/**
 * Hands out blocks of one WebAssembly memory: the first free block that is large enough; neighbours that are free are one
 * block. The first page belongs to the module's constants, and the last 64 bytes stay free, so no whole-vector read can
 * leave the memory.
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  /** Free blocks by address; no two touch. */
  private readonly free: FreeBlock[] = [];
  /** Where the blocks end. */
  private end = PAGE;
  private numbers: Float32Array;

  /** @param shared ask for memory that other threads may use; `isShared` tells whether the host gave it. */
  constructor(shared = false) {
    this.memory = (shared && sharedMemory()) || new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    this.numbers = new Float32Array(this.memory.buffer);
  }

  get isShared(): boolean {
    return !(this.memory.buffer instanceof ArrayBuffer);
  }

  /** The whole memory as float32 numbers; byte address p is element p / 4. Replaced when the memory grows. */
  get view(): Float32Array {
    return this.numbers;
  }

  get reservedBytes(): number {
    return this.numbers.byteLength;
  }

  /**
   * The address of a block of `bytes`, a multiple of 64.
   * @throws {StateError} when the memory cannot grow.
   */
  allocate(bytes: number): number {
    let index = this.free.findIndex(({ start, end }) => end - start >= bytes);
    if (index < 0) {
      this.grow(bytes);
      index = this.free.length - 1;
    }
    const block = this.free[index] as FreeBlock;
    const address = block.start;
    block.start += bytes;
    if (block.start === block.end) this.free.splice(index, 1);
    return address;
  }

  /** Takes back the block at `start`, which had `bytes`. */
  release(start: number, bytes: number): void {
    const end = start + bytes;
    let index = this.free.findIndex((block) => block.start > start);
    if (index < 0) index = this.free.length;
    const before = this.free[index - 1];
    const after = this.free[index];
    if (before?.end === start) {
      before.end = end;
      if (after?.start === end) {
        before.end = after.end;
        this.free.splice(index, 1);
      }
    } else if (after?.start === end) after.start = start;
    else this.free.splice(index, 0, { start, end });
  }

  /** Grows the memory until its last block is free and has `bytes`. */
  private grow(bytes: number): void {
    const last = this.free.at(-1);
    const open = last?.end === this.end ? last.end - last.start : 0;
    const wanted = Math.max(bytes - open, GROWTH);
    const pages = Math.ceil((this.end + wanted + ALIGNMENT) / PAGE) - this.numbers.byteLength / PAGE;
    try {
      this.memory.grow(pages);
    } catch {
      throw new StateError(
        `Cannot reserve ${megabytes(bytes)} MB more for tensors: ${megabytes(this.numbers.byteLength)} MB are in use and the ` +
          `engine does not let the memory of the wasm backend grow further (its limit is 4096 MB). Use a smaller batch, ` +
          "shorter windows or fewer units.",
      );
    }
    this.numbers = new Float32Array(this.memory.buffer);
    const end = this.numbers.byteLength - ALIGNMENT;
    this.release(this.end, end - this.end);
    this.end = end;
  }
}

/** Shared memory keeps room for its maximum from the start, which some hosts grant only in part; null when they grant none. */
function sharedMemory(): WebAssembly.Memory | null {
  for (const maximum of [MAX_PAGES, MAX_PAGES / 4]) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch {
      // The next smaller one, then none.
    }
  }
  return null;
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);

interface Chunk {
  readonly start: number;
  end: number;
}

/** A place in an arena, to come back to. */
export interface ArenaMark {
  readonly current: number;
  readonly top: number;
  readonly used: number;
}

/**
 * Memory of one step: a pointer that moves on through chunks of the heap and goes back to the start when the step ends.
 * The chunks stay, so a step like the one before it takes nothing from the heap.
 */
export class Arena {
  private readonly heap: WasmHeap;
  private readonly chunks: Chunk[] = [];
  private current = 0;
  private top = 0;
  /** Bytes handed out since the last `reset`. */
  used = 0;

  constructor(heap: WasmHeap) {
    this.heap = heap;
  }

  /** The address of `bytes`, a multiple of 64. @throws {StateError} when the memory cannot grow. */
  allocate(bytes: number): number {
    let chunk = this.chunks[this.current];
    while (!chunk || this.top + bytes > chunk.end) {
      if (this.current >= this.chunks.length - 1) this.extend(bytes);
      else this.top = (this.chunks[++this.current] as Chunk).start;
      chunk = this.chunks[this.current];
    }
    const address = this.top;
    this.top += bytes;
    this.used += bytes;
    return address;
  }

  mark(): ArenaMark {
    const { current, top, used } = this;
    return { current, top, used };
  }

  /** Takes back all that was handed out since the mark. */
  rewind({ current, top, used }: ArenaMark): void {
    this.current = current;
    this.top = top;
    this.used = used;
  }

  reset(): void {
    this.current = 0;
    this.top = this.chunks[0]?.start ?? 0;
    this.used = 0;
  }

  /** Makes room for `bytes` at the end: the last chunk grows when the heap gives its neighbour, else a chunk is added. */
  private extend(bytes: number): void {
    const size = Math.max(bytes, GROWTH);
    const start = this.heap.allocate(size);
    const last = this.chunks.at(-1);
    if (last?.end === start) last.end += size;
    else {
      this.chunks.push({ start, end: start + size });
      this.current = this.chunks.length - 1;
      this.top = start;
    }
  }
}

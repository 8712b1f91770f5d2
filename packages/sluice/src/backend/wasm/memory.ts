import { StateError, ValueError } from "../../errors.ts";
import type { MemoryReport, Storage } from "../backend.ts";
import { Arena, blockBytes, WasmHeap } from "./heap.ts";

/** The generation of storage that outlives steps. */
const PERSISTENT = -1;
/** The generation of host storage that no step has used yet. */
const UNUSED = 0;

/** Numbers made from a storage in its `version`; not worth a block until that version is read again. */
interface Derived {
  readonly version: number;
  readonly block: Storage | null;
}

/** Storage of the wasm backend. Only `WasmMemory` looks inside. */
class WasmStorage implements Storage {
  readonly length: number;
  readonly owner: WasmMemory;
  /** Byte address, good while `generation` is the running step's, or PERSISTENT. */
  address: number;
  generation: number;
  /** The numbers of host storage, null for the other kinds. */
  readonly host: Float32Array<ArrayBuffer> | null;
  /** Whether a kernel of this step has written to the copy of `host`. */
  changed = false;
  /** Goes up with every write. */
  version = 0;
  /** What `derived` keeps, by key. */
  readonly derived = new Map<string, Derived>();

  constructor(owner: WasmMemory, length: number, address: number, generation: number, host: Float32Array<ArrayBuffer> | null) {
    this.owner = owner;
    this.length = length;
    this.address = address;
    this.generation = generation;
    this.host = host;
  }
}

/**
 * The three kinds of storage (see `Backend`) in one WebAssembly memory. Host storage is copied in when a step first uses
 * it and copied back when the step ends, if a kernel wrote to it.
 */
export class WasmMemory {
  private readonly heap: WasmHeap;
  private readonly arena: Arena;
  /** Number of the running step or scope, or of the next one. */
  private generation = 1;
  /** Numbers of the step and the scopes around the running scope. */
  private readonly outer: number[] = [];
  private generations = 1;
  private changedHosts: WasmStorage[] = [];
  private persistentBytes = 0;
  private peakStepBytes = 0;
  private scratchAddress = 0;
  private scratchBytes = 0;
  private readonly registry = new FinalizationRegistry<{ address: number; length: number }>((block) => this.release(block));
  /** Persistent storage made by the running trial; null outside of one. */
  private onTrial: WasmStorage[] | null = null;
  inStep = false;

  /** @param shared ask for memory that other threads may use. */
  constructor(shared = false) {
    this.heap = new WasmHeap(shared);
    this.arena = new Arena(this.heap);
  }

  get isShared(): boolean {
    return this.heap.isShared;
  }

  /** What the module imports. */
  get wasm(): WebAssembly.Memory {
    return this.heap.memory;
  }

  /** See `Backend.step`. */
  step<T>(run: () => T): T {
    if (this.inStep) return run();
    this.inStep = true;
    try {
      return run();
    } finally {
      this.endStep();
    }
  }

  private endStep(): void {
    this.copyBack();
    this.peakStepBytes = Math.max(this.peakStepBytes, this.arena.used);
    this.arena.reset();
    this.generation = ++this.generations;
    this.inStep = false;
  }

  /** See `Backend.scope`. */
  scope<T>(run: () => T): T {
    if (!this.inStep) return this.step(run);
    const mark = this.arena.mark();
    this.outer.push(this.generation);
    this.generation = ++this.generations;
    try {
      return run();
    } finally {
      this.copyBack();
      this.peakStepBytes = Math.max(this.peakStepBytes, this.arena.used);
      this.arena.rewind(mark);
      this.generation = this.outer.pop() as number;
    }
  }

  /** Host storage gets what kernels wrote to its copies, before the arena that holds them moves back. */
  private copyBack(): void {
    for (const storage of this.changedHosts) {
      const first = storage.address / 4;
      storage.host?.set(this.heap.view.subarray(first, first + storage.length));
      storage.changed = false;
    }
    if (this.changedHosts.length > 0) this.changedHosts = [];
  }

  allocate(length: number): Storage {
    if (!this.inStep) {
      throw new StateError(
        `Cannot allocate ${length} numbers of step memory: no step is running. ` +
          "Wrap the work in backend.step(() => …), or use allocatePersistent for storage that outlives steps.",
      );
    }
    return new WasmStorage(this, length, this.arena.allocate(blockBytes(length)), this.generation, null);
  }

  allocatePersistent(length: number): Storage {
    const address = this.heap.allocate(blockBytes(length));
    this.heap.view.fill(0, address / 4, (address + blockBytes(length)) / 4);
    const storage = new WasmStorage(this, length, address, PERSISTENT, null);
    this.registry.register(storage, { address, length }, storage);
    this.persistentBytes += length * 4;
    this.onTrial?.push(storage);
    return storage;
  }

  private release({ address, length }: { readonly address: number; readonly length: number }): void {
    this.heap.release(address, blockBytes(length));
    this.persistentBytes -= length * 4;
  }

  /** Runs a check that leaves no trace: the persistent storage it made is given back, and its steps do not count as the largest. */
  trial<R>(run: () => R): R {
    const made: WasmStorage[] = [];
    this.onTrial = made;
    try {
      return run();
    } finally {
      this.onTrial = null;
      this.peakStepBytes = 0;
      for (const storage of made) {
        this.registry.unregister(storage);
        this.release(storage);
        storage.generation = UNUSED;
      }
    }
  }

  upload(data: ArrayLike<number>): Storage {
    return new WasmStorage(this, data.length, 0, UNUSED, new Float32Array(data));
  }

  write(storage: Storage, data: ArrayLike<number>, offset = 0): void {
    const own = this.own(storage);
    if (offset < 0 || offset + data.length > own.length) {
      throw new ValueError(
        `Cannot write ${data.length} numbers at ${offset}: the storage has ${own.length}. Allocate more or write fewer.`,
      );
    }
    own.version++;
    own.host?.set(data, offset);
    if (own.host === null) this.bringIn(own);
    if (this.isIn(own)) this.heap.view.set(data, own.address / 4 + offset);
  }

  readSync(storage: Storage): Float32Array<ArrayBuffer> {
    const own = this.own(storage);
    if (own.host !== null && !this.isIn(own)) return own.host.slice();
    const first = this.bringIn(own) / 4;
    return this.heap.view.slice(first, first + own.length);
  }

  /** The address of numbers that a kernel reads, at least `length` of them. @throws {StateError} when their step has ended. */
  input(storage: Storage, length: number): number {
    const own = this.own(storage);
    if (length > own.length) throw tooShort(own, length);
    return this.bringIn(own);
  }

  /** The address of numbers that a kernel writes, at least `length` of them. @throws {StateError} when their step has ended. */
  output(storage: Storage, length: number): number {
    const own = this.own(storage);
    if (length > own.length) throw tooShort(own, length);
    const address = this.bringIn(own);
    own.version++;
    if (own.host !== null && !own.changed) {
      own.changed = true;
      this.changedHosts.push(own);
    }
    return address;
  }

  /** `input`, or 0 for null. */
  optionalInput(storage: Storage | null, length: number): number {
    return storage === null ? 0 : this.input(storage, length);
  }

  /** `output`, or 0 for null. */
  optionalOutput(storage: Storage | null, length: number): number {
    return storage === null ? 0 : this.output(storage, length);
  }

  /** The address of `bytes` for one kernel call, not initialised; the next call of `scratch` gives the same place. */
  scratch(bytes: number): number {
    if (bytes > this.scratchBytes) {
      if (this.scratchBytes > 0) this.heap.release(this.scratchAddress, this.scratchBytes);
      this.scratchBytes = 0;
      this.scratchAddress = this.heap.allocate(blockBytes(bytes / 4));
      this.scratchBytes = blockBytes(bytes / 4);
    }
    return this.scratchAddress;
  }

  /**
   * The address of `length` numbers that are made from a persistent storage and kept beside it, and whether the caller has to make
   * them now, since the storage was written to. Null for storage of a step or the host, and for numbers that are asked for only once
   * between two writes.
   */
  derived(storage: Storage, key: string, length: number): { readonly address: number; readonly stale: boolean } | null {
    const own = this.own(storage);
    if (own.generation !== PERSISTENT) return null;
    const { version } = own;
    const held = own.derived.get(key);
    if (held?.version === version && held.block !== null) return { address: this.input(held.block, length), stale: false };
    const block = held?.version === version ? this.allocatePersistent(length) : (held?.block ?? null);
    own.derived.set(key, { version, block });
    return block && { address: this.input(block, length), stale: true };
  }

  /** Copies `length` numbers between two addresses. */
  copyNumbers(from: number, to: number, length: number): void {
    this.heap.view.copyWithin(to / 4, from / 4, from / 4 + length);
  }

  report(): MemoryReport {
    return {
      backend: "wasm",
      persistentBytes: this.persistentBytes,
      stepBytes: this.arena.used,
      peakStepBytes: Math.max(this.peakStepBytes, this.arena.used),
      reservedBytes: this.heap.reservedBytes,
    };
  }

  private own(storage: Storage): WasmStorage {
    if (storage instanceof WasmStorage && storage.owner === this) return storage;
    throw new ValueError(
      `Cannot use this storage of ${storage.length} numbers on the wasm backend: another backend made it. ` +
        "Read it there, then upload the numbers here.",
    );
  }

  private isIn(storage: WasmStorage): boolean {
    const { generation } = storage;
    return generation === this.generation || generation === PERSISTENT || this.outer.includes(generation);
  }

  /** The address of the numbers, with host storage copied in if this step has not done so yet. */
  private bringIn(storage: WasmStorage): number {
    if (this.isIn(storage)) return storage.address;
    if (storage.host === null) {
      throw new StateError(
        `Cannot use this storage of ${storage.length} numbers: it was made inside a step that has ended; return it from the ` +
          "step, or keep it in storage made by allocatePersistent.",
      );
    }
    storage.address = this.arena.allocate(blockBytes(storage.length));
    storage.generation = this.generation;
    this.heap.view.set(storage.host, storage.address / 4);
    return storage.address;
  }
}

function tooShort(storage: WasmStorage, length: number): RangeError {
  return new RangeError(`internal: a kernel needs ${length} numbers and was given storage of ${storage.length}.`);
}

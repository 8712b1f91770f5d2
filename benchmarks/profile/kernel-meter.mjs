// Times the kernels of sluice from outside: every function that its wasm module exports, and every kernel of the backend's contract that
// calls them. Two clock readings a call, some tens of nanoseconds; nothing in the library knows of it.
import { exportFlops, kernelFlops } from "./kernel-flops.mjs";

/**
 * What ran since `start`: a list of { kernel, part, calls, ms, flops }; `part` is null for a kernel as a whole and names an exported function
 * for its share of the kernel. Work that other threads took is in the whole and in no part.
 */
export class KernelMeter {
  #rows = new Map();
  #kernel = null;
  #on = false;

  /** Meters every wasm module that is made from now on, so call it before `init`. */
  meterExports() {
    const { Instance } = WebAssembly;
    const meter = this;
    WebAssembly.Instance = function metered(module, imports) {
      const { exports } = new Instance(module, imports);
      // The order of the names stays: workers count by it.
      const wrapped = Object.entries(exports).map(([name, value]) => [
        name,
        typeof value === "function" ? (...args) => meter.#run(name, value, args) : value,
      ]);
      return { exports: Object.fromEntries(wrapped) };
    };
  }

  /** Meters the kernels of a backend's contract. */
  meterKernels(backend) {
    for (const [name, kernel] of Object.entries(backend.kernels)) {
      backend.kernels[name] = (...args) => {
        if (!this.#on) return kernel(...args);
        // Rules and functions are named by the first argument: "update adam", "unary tanh".
        this.#kernel = typeof args[0] === "string" ? `${name} ${args[0]}` : name;
        const start = performance.now();
        try {
          return kernel(...args);
        } finally {
          this.#note(this.#kernel, null, performance.now() - start, kernelFlops(name, args));
          this.#kernel = null;
        }
      };
    }
  }

  start() {
    this.#rows.clear();
    this.#on = true;
  }

  stop() {
    this.#on = false;
    return [...this.#rows.values()];
  }

  #run(name, call, args) {
    if (!this.#on) return call(...args);
    const start = performance.now();
    const result = call(...args);
    const ms = performance.now() - start;
    if (this.#kernel === null) this.#note(name, null, ms, exportFlops(name, args));
    else this.#note(this.#kernel, name, ms, exportFlops(name, args));
    return result;
  }

  #note(kernel, part, ms, flops) {
    const key = `${kernel}/${part ?? ""}`;
    const row = this.#rows.get(key) ?? { kernel, part, calls: 0, ms: 0, flops: null };
    this.#rows.set(key, {
      ...row,
      calls: row.calls + 1,
      ms: row.ms + ms,
      flops: flops === null ? row.flops : (row.flops ?? 0) + flops,
    });
  }
}

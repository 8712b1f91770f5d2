import type { MemoryReport } from "./backend/backend.ts";
import { defaultBackend } from "./backend/index.ts";

/**
 * What the default backend holds, in bytes: parameters and slots, the running step, the most any step has used.
 * @example memory().persistentBytes; // the same after 10,000 training steps as after ten
 */
export function memory(): MemoryReport {
  return defaultBackend().memory();
}

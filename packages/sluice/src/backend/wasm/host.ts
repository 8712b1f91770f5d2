import { ValueError } from "../../errors.ts";

/** Node's own modules, without an import that a browser's bundler would trip over. */
interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly versions: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

/** The process of Node or of a runtime like it; null in a browser. */
function nodeProcess(): NodeProcess | null {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.versions?.node && process.getBuiltinModule ? process : null;
}

/** A module of Node's own, or null in a browser. */
export function nodeModule<M>(name: string): M | null {
  return (nodeProcess()?.getBuiltinModule?.(name) as M | undefined) ?? null;
}

/** Node's major version; 0 in a browser. */
export function nodeMajor(): number {
  return Number.parseInt(nodeProcess()?.versions.node ?? "0", 10);
}

/** Most threads a backend can have. */
export const MOST_THREADS = 64;
/** More threads than this are taken only when asked for: a layer's batch seldom feeds them. */
const USUAL_THREADS = 8;

/** @throws {ValueError} when `threads` is no whole number from 1 to 64; `what` names the setting. */
export function checkThreads(threads: number, what: string): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new ValueError(
    `Cannot start the wasm backend with ${what} = ${threads}: it counts the threads that share the work, the caller's included, ` +
      `a whole number from 1 to ${MOST_THREADS}. Leave it out to take one for each core, at most ${USUAL_THREADS}.`,
  );
}

/** How many threads to use, and why so many: asked for, by SLUICE_THREADS, or one for each core. */
export function chooseThreads(asked: number | undefined): { threads: number; why: string } {
  if (asked !== undefined) return { threads: checkThreads(asked, "threads"), why: "asked for" };
  const setting = nodeProcess()?.env.SLUICE_THREADS;
  if (setting) return { threads: checkThreads(Number(setting), "SLUICE_THREADS"), why: "SLUICE_THREADS" };
  const cores = coreCount();
  const threads = Math.min(cores, USUAL_THREADS);
  return { threads, why: cores > threads ? `${USUAL_THREADS} of ${cores} cores` : "one for each core" };
}

function coreCount(): number {
  const os = nodeModule<{ availableParallelism(): number }>("node:os");
  return os?.availableParallelism() ?? (globalThis as { navigator?: Navigator }).navigator?.hardwareConcurrency ?? 1;
}

/** Whether SLUICE_TURBO asks for V8's experimental flags: set, and neither empty nor 0. */
export function turboFromEnvironment(): boolean {
  return !["", "0", undefined].includes(nodeProcess()?.env.SLUICE_TURBO);
}

/** What keeps this thread from sharing memory with others, or null when nothing does. */
export function whyNoThreads(): string | null {
  if (typeof SharedArrayBuffer === "undefined") return "this host has no shared memory (a page needs cross-origin isolation)";
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return null;
  } catch {
    return "this thread may not wait (a page's main thread); training inside a worker may";
  }
}

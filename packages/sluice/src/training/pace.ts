/** How long training may keep the event loop to itself. */
const TURN_MS = 30;

interface HostScheduler {
  readonly yield?: () => Promise<void>;
}

/** Lets timers, input and network have their turn: by the fastest way this host has. */
function turn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: HostScheduler };
  if (typeof setImmediate === "function") return new Promise((resolve) => void setImmediate(resolve));
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** A function to await between steps: it gives the event loop a turn when the last one is 30 ms ago. */
export function pacer(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    return turn().then(() => {
      last = performance.now();
    });
  };
}

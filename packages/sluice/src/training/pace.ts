/** How long training may keep the event loop to itself. */
const TURN_MS = 30;

/**
 * Lets timers, input and network have their turn, as one task among them. Not by `scheduler.yield`, which comes back before them:
 * in a worker of Chromium threads would then never start.
 */
function turn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => void setImmediate(resolve));
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

// A peer is a child process that reads one JSON command a line and answers one JSON object a line.
//   { "set": { config, what, threads } } → { "check": [numbers] } · { "run": n } → { "ms": [n numbers, milliseconds a step] } · { "memory": true } → { rss, heap }
import { createInterface } from "node:readline";

/**
 * Serves a peer. `make(config, what, threads)` returns `{ step, check }`: `step()` does the timed work once and resolves when its
 * result can be read; `check()` returns numbers that every peer must agree on; a peer that cannot agree says why in `note`. Steps too short for a clock are timed in ticks of
 * `stepsPerTick` (default 1), and the answer is the time of one step; a step that returns no promise is not awaited.
 */
export async function serve(make) {
  let peer = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    try {
      if (command.set) {
        peer = await make(command.set);
        say({ check: await peer.check(), about: peer.about ?? null, note: peer.note ?? null });
      } else if (command.run) {
        const ms = [];
        const { stepsPerTick = 1 } = peer;
        for (let k = 0; k < command.run; k++) {
          const start = performance.now();
          for (let s = 0; s < stepsPerTick; s++) {
            const done = peer.step();
            if (done instanceof Promise) await done;
          }
          ms.push((performance.now() - start) / stepsPerTick);
        }
        say({ ms });
      } else if (command.memory) {
        globalThis.gc?.();
        const { rss, heapUsed } = process.memoryUsage();
        say({ rss, heap: heapUsed });
      }
    } catch (error) {
      say({ error: String(error?.message ?? error) });
    }
  }
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

// The processes that are timed: how each starts, what it needs, and how it is asked.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const inNode = (script, needs, ...parameters) => ({ args: ["--expose-gc", here(`peers/${script}`), ...parameters], needs });

/** How each starts, and the npm packages it needs. */
const scripts = {
  sluice: inNode("sluice.mjs", []),
  torch: { python: true, args: [here("peers/torch_peer.py")], needs: [] },
  "tfjs-wasm": inNode("tfjs-wasm.mjs", ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"]),
  "ort-node": inNode("ort.mjs", ["onnxruntime-node", "onnx-proto"], "node"),
  "ort-web": inNode("ort.mjs", ["onnxruntime-web", "onnx-proto"], "web"),
  jaxjs: inNode("jaxjs.mjs", ["@jax-js/jax"]),
  brain: inNode("brain.mjs", ["brain.js"]),
};

export const peerNames = Object.keys(scripts).filter((name) => name !== "sluice");

/** A sentence where a peer's packages are not here, else nothing. */
export function missing(peer) {
  const absent = scripts[peer].needs.filter((name) => !existsSync(here(`node_modules/${name}/package.json`)));
  return absent.length > 0 ? `${absent.join(", ")} is not installed; run "npm ci --ignore-scripts" in benchmarks/` : undefined;
}

/** One process, which answers one question at a time; see peers/serve.mjs. */
export class Peer {
  /** `node` runs it, unless it is Python; `variant` is for sluice alone. */
  constructor({ peer, threads, node, variant }) {
    const { python, args } = scripts[peer];
    const command = python ? (process.env.SLUICE_PYTHON ?? "python3") : node;
    this.name = peer;
    this.child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        OMP_NUM_THREADS: String(threads),
        MKL_NUM_THREADS: String(threads),
        SLUICE_BENCH: JSON.stringify({ variant, threads }),
      },
    });
    this.problem = `${peer} stopped`;
    this.child.on("error", ({ code }) => {
      this.problem = `${command} does not start (${code})`;
    });
    this.child.stdin.on("error", () => {});
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The answer; `{ error }` when the process has ended. */
  async ask(question) {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) return { error: this.problem };
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }

  stop() {
    this.child.stdin.end();
    this.child.kill();
  }
}

// What the first step on a new length costs beside the next one: sluice compiles nothing for a length. PYTHON, with JAX, sets JAX beside it.
import { execFileSync } from "node:child_process";
import { cpuUsage, env } from "node:process";
import { fileURLToPath } from "node:url";
import { dense, lstm, lstmCell, RandomStream, rnn, sequential } from "sluice";
import { main, table } from "../run.mjs";

const [B, I, H] = [32, 16, 64];
const layers = {
  kernel: (T) => lstm({ units: H, inputShape: [T, I] }),
  "cell, step by step": (T) => rnn(lstmCell({ units: H, layerNorm: true }), { inputShape: [T, I] }),
};

/** CPU seconds of this process, its threads included. */
function cpuSeconds() {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds of the first training step of a new model on this length, and the median of the next nine. */
async function firstAndNext(make, T) {
  const random = new RandomStream({ seed: 0, stream: T, step: 0 });
  const x = { shape: [B, T, I], data: Float32Array.from({ length: B * T * I }, () => random.below(1000) / 1000) };
  const y = { shape: [B, 1], data: new Float32Array(B) };
  const model = sequential([make(T), dense({ units: 1 })], { seed: 0 });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const seconds = [];
  for (let k = 0; k < 10; k++) {
    const began = cpuSeconds();
    await model.trainOnBatch(x, y);
    seconds.push(cpuSeconds() - began);
  }
  const [first, ...next] = seconds;
  return { first, next: next.sort((a, b) => a - b)[4] };
}

export async function compileTime({ quick }) {
  const lengths = quick ? [3, 5] : [10, 25, 50, 200, 1000];
  const script = fileURLToPath(new URL("jax_compile.py", import.meta.url));
  const jax = env.PYTHON && !quick ? JSON.parse(execFileSync(env.PYTHON, [script, "10", "25", "50"], { encoding: "utf8" })) : [];
  for (const make of Object.values(layers)) await firstAndNext(make, 2); // loads and warms what every length shares
  const rows = [];
  for (const T of lengths) {
    const runs = [];
    for (const make of Object.values(layers)) runs.push(await firstAndNext(make, T));
    rows.push({ T, runs, jax: jax.find((each) => each.T === T) ?? null });
  }
  const ms = (value) => {
    if (value === undefined) return "";
    return value < 0.1 ? (1000 * value).toPrecision(3) : Math.round(1000 * value).toLocaleString("en-US");
  };
  const text = table(
    [
      "steps",
      ...Object.keys(layers).flatMap((name) => [`${name}: first`, "next"]),
      "JAX scan: compiling",
      "JAX unrolled: compiling",
    ],
    rows.map(({ T, runs, jax }) => [
      T,
      ...runs.flatMap(({ first, next }) => [ms(first), ms(next)]),
      ms(jax?.scan),
      ms(jax?.unrolled),
    ]),
  );
  return { rows, text };
}

await main(import.meta.url, "compile-time", compileTime);

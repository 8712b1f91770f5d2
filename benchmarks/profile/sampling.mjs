// Which functions a step spends its time in, also those inside a kernel: V8 looks every tenth of a millisecond. A function that the engine has
// inlined counts for its caller.
import { existsSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../../packages/sluice/src/kernels", import.meta.url));

/** Names of the functions of a module, by their index: the custom section "name", of which part 1 holds pairs of index and name. */
function readNames(module) {
  const [section] = WebAssembly.Module.customSections(module, "name");
  const bytes = new Uint8Array(section);
  let at = 0;
  const number = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
      shift += 7;
    }
  };
  while (at < bytes.length) {
    const [part, length] = [bytes[at++], number()];
    if (part !== 1) {
      at += length;
      continue;
    }
    const names = new Map();
    for (let left = number(); left > 0; left--) {
      const [index, size] = [number(), number()];
      names.set(index, new TextDecoder().decode(bytes.subarray(at, at + size)));
      at += size;
    }
    return names;
  }
  return new Map();
}

/**
 * Names of the kernels' functions by index. The library ships none, so this compiles the same sources with them (ten seconds and more), and
 * takes the names when all other bytes are those of the build; else there are none and functions stay numbers.
 */
export async function functionNames(variant) {
  const { default: asc } = await import("assemblyscript/asc");
  const features = variant === "simd" ? "simd" : "simd,relaxed-simd";
  const parameters = ["index.ts", "--outFile", "kernels.wasm", "--baseDir", sources, "--runtime", "stub", "--importMemory"];
  parameters.push("--maximumMemory", "65536", "--noAssert", "--use", "abort=", "--use", `WIDE=${Number(variant === "wide")}`);
  parameters.push("--enable", features, "-O3", "--converge", "--debug");
  let named = null;
  await asc.main(parameters, {
    readFile: (name, base) => (existsSync(join(base, name)) ? readFileSync(join(base, name), "utf8") : null),
    listFiles: () => [],
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) named = contents;
    },
  });
  const { bytes } = await import(`../../packages/sluice/dist/backend/wasm/kernels-${variant}.generated.js`);
  const built = Buffer.from(bytes, "base64");
  if (named === null || !built.equals(named.subarray(0, built.length))) return new Map();
  return readNames(new WebAssembly.Module(named));
}

/** Milliseconds a step of each function, most first, while `step` runs `count` times. */
export async function sampled(step, count, names) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  for (let k = 0; k < count; k++) await step();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const own = new Map();
  profile.samples.forEach((id, k) => {
    const { functionName, url } = frames.get(id);
    // The profiler's own start and end, and waiting for it.
    if (functionName === "post" || functionName === "(idle)") return;
    const [, index] = /^wasm-function\[(\d+)\]$/.exec(functionName) ?? [];
    const file = url.split("/").slice(-2).join("/");
    const name =
      index === undefined
        ? `${functionName || "(anonymous)"} ${file}`
        : (names.get(Number(index))?.replace(/<.*>$/, "") ?? functionName);
    own.set(name, (own.get(name) ?? 0) + profile.timeDeltas[k] / 1000 / count);
  });
  const total = [...own.values()].reduce((sum, ms) => sum + ms, 0);
  return [...own].map(([name, ms]) => ({ name, ms, share: ms / total })).sort((a, b) => b.ms - a.ms);
}

// Compiles the kernels (src/kernels, AssemblyScript) once per variant and embeds each module as base64 in
// src/backend/wasm/kernels-<variant>.generated.ts. A variant whose sources have not changed is left alone,
// so a build that has nothing to do takes milliseconds. Pass variant names to build only those.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "../src/kernels");
const target = join(here, "../src/backend/wasm");

/** simd multiplies, then adds; relaxed has one fused instruction for both; wide is relaxed in 16-float pairs. */
const variants = {
  simd: { features: "simd", wide: 0 },
  relaxed: { features: "simd,relaxed-simd", wide: 0 },
  wide: { features: "simd,relaxed-simd", wide: 1 },
};

function compilerArguments({ features, wide }) {
  return [
    ...["index.ts", "--outFile", "kernels.wasm", "--baseDir", sources],
    ...[
      "--runtime",
      "stub",
      "--importMemory",
      "--maximumMemory",
      "65536",
      "--noAssert",
      "--use",
      "abort=",
      "--use",
      `WIDE=${wide}`,
    ],
    ...["--enable", features, "-O3", "--converge"],
  ];
}

const kernelFiles = readdirSync(sources)
  .filter((name) => name.endsWith(".ts"))
  .sort();
const { version } = createRequire(import.meta.url)("assemblyscript/package.json");

function contentHash(options) {
  const hash = createHash("sha256")
    .update(version)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(JSON.stringify(options));
  for (const name of kernelFiles) hash.update(`\n${name}\n`).update(readFileSync(join(sources, name)));
  return hash.digest("hex").slice(0, 32);
}

async function compile(options) {
  const { default: asc } = await import("assemblyscript/asc");
  let module = null;
  const result = await asc.main(compilerArguments(options), {
    readFile: (name, base) => (existsSync(join(base, name)) ? readFileSync(join(base, name), "utf8") : null),
    listFiles: () => [],
    writeFile: (_name, contents) => {
      module = contents;
    },
  });
  if (result.error || !module) throw new Error(`${result.stderr}\n${result.error?.message ?? "no module written"}`);
  return module;
}

/** Where the imported memory's flags stand: 1 asks for a plain memory with a maximum, 3 for a shared one. */
function memoryFlagsAt(module) {
  const head = Buffer.from("\x03env\x06memory\x02\x01", "latin1"); // names with their lengths, kind "memory", flags
  const at = Buffer.from(module).indexOf(head);
  if (at < 0) throw new Error("The module does not import env.memory with a maximum.");
  return at + head.length - 1;
}

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(variants)) {
  const options = variants[name];
  if (!options) throw new Error(`Cannot build the kernels' variant "${name}": there are ${Object.keys(variants).join(", ")}.`);
  const file = join(target, `kernels-${name}.generated.ts`);
  const header = `// Written by scripts/build-kernels.mjs from src/kernels, content ${contentHash(options)}.\n`;
  if (existsSync(file) && readFileSync(file, "utf8").startsWith(header)) continue;
  const started = performance.now();
  const module = await compile(options);
  const base64 = Buffer.from(module).toString("base64");
  const flags = `export const memoryFlagsAt: number = ${memoryFlagsAt(module)};\n`;
  writeFileSync(`${file}.part`, `${header}${flags}export const bytes: string =\n  "${base64}";\n`);
  renameSync(`${file}.part`, file);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`kernels ${name}: ${module.length} bytes, ${seconds} s → ${relative(process.cwd(), file)}`);
}

// Joins the modules of a built package for Node, which reads few files faster than many: dist/bundle/<entry>.js beside the modules in
// dist, which bundlers get, so that they can leave out what a page does not use. What an entry loads later stays a file of its own.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** Bundles the entries that package.json gives to Node. */
export async function bundle(folder) {
  const at = (path) => fileURLToPath(new URL(path, folder));
  const { exports } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const input = {};
  for (const entry of Object.values(exports)) {
    if (!entry.node) continue;
    const name = entry.node.slice("./dist/bundle/".length, -".js".length);
    input[name] = at(entry.default);
  }
  if (Object.keys(input).length === 0) return;
  const missing = Object.values(input).find((file) => !existsSync(file));
  if (missing) throw new Error(`Cannot bundle ${missing}: it is not there. Build the package first.`);
  const build = await rolldown({ input, platform: "node", external: (id) => !/^[./]|^[A-Z]:/.test(id), logLevel: "warn" });
  rmSync(at("dist/bundle"), { recursive: true, force: true });
  await build.write({
    dir: at("dist/bundle"),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "shared/[name]-[hash].js",
    minify: { compress: false, mangle: false, codegen: true },
  });
  await build.close();
}

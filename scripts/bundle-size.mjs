// How large an app is that a page loads: used by benchmarks/footprint.mjs and by the test of the limits.
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/**
 * Bytes of the chunks that load at once when `source` is bundled for browsers and minified, gzipped together. Without `kernels` the
 * modules in base64 count as empty. `conditions` choose the entries of package.json, for example "sluice:source".
 */
export async function firstLoadBytes(source, { kernels, conditions = [] }) {
  const virtual = {
    name: "entry",
    resolveId: (id) => (id === "virtual:entry" ? id : undefined),
    load: (id) => (id === "virtual:entry" ? source : undefined),
    transform: (code, id) =>
      kernels || !/\.generated\.[jt]s$/.test(id) ? undefined : code.replace(/"[A-Za-z0-9+/=]{64,}"/, '""'),
  };
  const conditionNames = [...conditions, "import", "default"];
  const options = { input: "virtual:entry", platform: "browser", plugins: [virtual], resolve: { conditionNames } };
  const build = await rolldown({ ...options, logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  const chunks = new Map(output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const first = new Set();
  const follow = (name) => {
    if (first.has(name) || !chunks.has(name)) return;
    first.add(name);
    for (const next of chunks.get(name).imports) follow(next);
  };
  follow([...chunks.values()].find(({ isEntry }) => isEntry).fileName);
  return gzipSync([...first].map((name) => chunks.get(name).code).join("\n"), { level: 9 }).length;
}

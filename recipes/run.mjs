// What recipes share: their command line, tables in Markdown, and small sums.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, parse } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where data sets lie that are not part of the repository. */
export const dataFolder = fileURLToPath(new URL("../../shared/data", import.meta.url));

/**
 * Runs a recipe from the command line: `node NAME.mjs [--quick] [--seed N] [--data FILE] [--save]`. It prints the tables; --save writes
 * them, with the command, the figures and the pages into results/ beside it, under the name of the data when some are given. `seed` is the
 * first seed unless another is given; `files` names options of its own, each a path.
 */
export async function main(url, name, recipe, { seed = 0, files = [] } = {}) {
  if (url !== pathToFileURL(argv[1] ?? "").href) return;
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      seed: { type: "string", default: String(seed) },
      data: { type: "string" },
      save: { type: "boolean" },
      ...Object.fromEntries(files.map((file) => [file, { type: "string" }])),
    },
  });
  const paths = ["data", ...files].flatMap((file) => (values[file] === undefined ? [] : [[file, values[file]]]));
  const began = performance.now();
  const options = { quick: values.quick ?? false, seed: Number(values.seed), ...Object.fromEntries(paths) };
  const { text, figures = {}, pages = {} } = await recipe(options);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${text}\n\n${seconds} s`);
  if (!values.save) return;
  const folder = new URL("results/", url);
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(url).slice(root.length).replaceAll("\\", "/");
  const given = values.data && basename(values.data).replace(/\.gz$/, "");
  const named = paths.map(([option, path]) => ` --${option} ${basename(path).replace(/\.gz$/, "")}`).join("");
  const command = `node ${file} --save${values.quick ? " --quick" : ""} --seed ${values.seed}${named}`;
  const saved = given ? `${name}-${parse(given).name.toLowerCase()}` : name;
  writeFileSync(new URL(`${saved}.md`, folder), `    ${command}\n\n${text}\n`);
  for (const [figure, svg] of Object.entries(figures)) writeFileSync(new URL(`${figure}.svg`, folder), svg);
  for (const [page, html] of Object.entries(pages)) writeFileSync(new URL(`${page}.html`, folder), html);
}

/** A table in Markdown. Numbers stand on the right. */
export function table(head, rows) {
  const right = head.map((_, k) => rows.every((row) => k > 0 && row[k] !== undefined));
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(right.map((is) => (is ? "---:" : "---"))), ...rows.map(line)].join("\n");
}

export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
export const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** How many numbers a built model can learn. */
export const weightCount = (model) => model.layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0);

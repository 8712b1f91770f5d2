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
 * them, with the command, and the figures into results/ beside it, under the name of the data when some are given. `seed` is the first
 * seed unless another is given.
 */
export async function main(url, name, recipe, { seed = 0 } = {}) {
  if (url !== pathToFileURL(argv[1] ?? "").href) return;
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      seed: { type: "string", default: String(seed) },
      data: { type: "string" },
      save: { type: "boolean" },
    },
  });
  const began = performance.now();
  const { text, figures = {} } = await recipe({ quick: values.quick ?? false, seed: Number(values.seed), data: values.data });
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${text}\n\n${seconds} s`);
  if (!values.save) return;
  const folder = new URL("results/", url);
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(url).slice(root.length).replaceAll("\\", "/");
  const given = values.data && basename(values.data).replace(/\.gz$/, "");
  const command = `node ${file} --save${values.quick ? " --quick" : ""} --seed ${values.seed}${given ? ` --data ${given}` : ""}`;
  const saved = given ? `${name}-${parse(given).name.toLowerCase()}` : name;
  writeFileSync(new URL(`${saved}.md`, folder), `    ${command}\n\n${text}\n`);
  for (const [figure, svg] of Object.entries(figures)) writeFileSync(new URL(`${figure}.svg`, folder), svg);
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

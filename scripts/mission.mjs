// `npm run mission`: what was asked for, row by row, with the files that serve it and what is still open.
// docs/mission.json holds the rows. A file may be a pattern with * in its last part, or "file # words" that must stand in it.
// Fails when a named file, or the words in it, are gone. `--open` lists the open rows alone, `--json` gives all as data.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { rows } = JSON.parse(readFileSync(join(root, "docs/mission.json"), "utf8"));

/** The files behind an entry, relative to the root; none when it is gone. */
function filesOf(entry) {
  const [pattern, words] = entry.split(" # ");
  const folder = dirname(pattern);
  if (!existsSync(join(root, folder))) return [];
  const name = new RegExp(`^${basename(pattern).split("*").map(escaped).join(".*")}$`, "u");
  const files = readdirSync(join(root, folder))
    .filter((file) => name.test(file))
    .map((file) => join(folder, file));
  return words === undefined ? files : files.filter((file) => readFileSync(join(root, file), "utf8").includes(words));
}

function escaped(text) {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}

/** Served: files and nothing open. Begun: files, and something open. */
const found = rows.map((row) => {
  const gone = row.serves.filter((entry) => filesOf(entry).length === 0);
  const state = row.open === undefined && row.serves.length > 0 ? "served" : row.serves.length > 0 ? "begun" : "open";
  return { ...row, state, gone };
});
const count = (state) => found.filter((row) => row.state === state).length;
const gone = found.flatMap((row) => row.gone.map((entry) => `${row.id}: ${entry}`));

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ rows: found, served: count("served"), begun: count("begun"), open: count("open") }));
} else {
  const marks = { served: "✓", begun: "◐", open: "·" };
  for (const { id, title, state, serves, open = "" } of found) {
    if (process.argv.includes("--open") && state === "served") continue;
    console.log(`${marks[state]} ${id.padEnd(5)}${title}${state === "served" ? "" : `; open: ${open}`}`);
    for (const entry of serves) console.log(`         ${entry}`);
  }
  console.log(`\n${found.length} rows: ✓ ${count("served")} served, ◐ ${count("begun")} begun, · ${count("open")} open`);
}
if (gone.length > 0) {
  console.error(`\nNamed in docs/mission.json, but gone (the file, or the words in it):\n  ${gone.join("\n  ")}`);
  process.exitCode = 1;
}

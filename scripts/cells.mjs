// Writes docs/cells.md from the registry of layers: `npm run cells`. Build first.
import { writeFileSync } from "node:fs";
import { layerKinds } from "../packages/sluice/dist/index.js";

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
const row = (name, { equation, paper, parameters, oracle, formats }) =>
  `| ${[name, equation, paper, parameters, oracle, formats].map(cell).join(" | ")} |`;

const head = "| kind | equation | source | parameters | checked against | carried by |\n|---|---|---|---|---|---|";
const documented = layerKinds().filter(({ about }) => about);
const forms = documented.flatMap(({ type, forms: all }) =>
  Object.entries(all ?? {}).map(([name, facts]) => row(`\`${type}\` ${name}`, facts)),
);
const others = layerKinds().filter(({ about }) => !about);

writeFileSync(
  new URL("../docs/cells.md", import.meta.url),
  `# Cells and layers

Written by \`npm run cells\` from the registry. Every recurrent kind passes the recurrent laws (padding is inert, rows are independent, a cut sequence with the
state carried over gives the same outputs, save and load, …) and a gradient check in float64.

${head}
${documented.map(({ type, about }) => row(`\`${type}\``, about)).join("\n")}

## Forms of these by option

${head}
${forms.join("\n")}

## Kinds without an equation of their own

${others.map(({ type, recurrent }) => `\`${type}\`${recurrent ? " (recurrent)" : ""}`).join(", ")}
`,
);

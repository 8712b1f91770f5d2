#!/usr/bin/env node
// Hands over to the built command line.
import { existsSync } from "node:fs";

const entry = new URL("../dist/main.js", import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write("sluice is not built yet: run npm run build first.\n");
  process.exitCode = 1;
}

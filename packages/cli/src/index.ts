/** The `sluice` command as a function; the program itself is `bin/sluice.mjs`. */
export { EXIT, type ExitCode } from "./exit-codes.ts";
export { type Host, processHost, type TextStream } from "./host.ts";
export { main } from "./main.ts";

import type { NumericArray } from "../dataset.ts";
import type { Callback } from "./callback.ts";

/**
 * Writes one line of CSV an epoch, a header first. A resumed run first writes the lines of the checkpoint again, so that
 * epochs which are trained twice do not stand in the file twice.
 * @param write gets lines with their newlines; `append` false means that they replace everything written before.
 * @example csvLogger((text, { append }) => writeFile("log.csv", text, { flag: append ? "a" : "w" }))
 */
export function csvLogger(write: (text: string, how: { readonly append: boolean }) => void | Promise<void>): Callback {
  let lines: string[] = [];
  let names: string[] = [];
  return {
    name: "csvLogger",
    async onTrainBegin({ resumed }) {
      if (!resumed) lines = [];
      if (lines.length > 0) await write(lines.join(""), { append: false });
    },
    async onEpochEnd({ epoch, logs }) {
      const first = lines.length === 0;
      if (first) {
        names = Object.keys(logs);
        lines.push(`${["epoch", ...names].join(",")}\n`);
      }
      lines.push(`${[epoch, ...names.map((name) => logs[name] ?? "")].join(",")}\n`);
      await write(first ? lines.join("") : (lines.at(-1) as string), { append: !first });
    },
    state: () => ({ data: { names }, arrays: new Map([["text", asBytes(lines.join(""))]]) }),
    restore({ data, arrays }) {
      names = [...(data as { names: string[] }).names];
      const text = new TextDecoder().decode(arrays?.get("text")?.data as Uint8Array);
      lines = text.split(/(?<=\n)/).filter((line) => line !== "");
    },
  };
}

function asBytes(text: string): NumericArray {
  const data = new TextEncoder().encode(text);
  return { shape: [data.length], data };
}

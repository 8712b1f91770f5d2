import { readdirSync, readFileSync } from "node:fs";

interface OracleFile {
  readonly cases: readonly { readonly layer?: string; readonly options?: Readonly<Record<string, unknown>> }[];
}

/** The options that some oracle case of a kind sets, by the kind's type; the three ConvLSTMs are one cell and share theirs. */
export function oracleOptions(): (type: string) => ReadonlySet<string> {
  const found = new Map<string, Set<string>>();
  const nameOf = (type: string): string => type.toLowerCase().replace(/^convlstm\dd$/, "convlstm");
  const values = new URL("../../../../../../oracles/values/", import.meta.url);
  for (const file of readdirSync(values)) {
    const { cases } = JSON.parse(readFileSync(new URL(file, values), "utf8")) as OracleFile;
    for (const { layer, options = {} } of cases) {
      if (layer === undefined) continue;
      found.set(nameOf(layer), new Set([...(found.get(nameOf(layer)) ?? []), ...Object.keys(options)]));
    }
  }
  return (type) => found.get(nameOf(type)) ?? new Set();
}

import { count, shown } from "./errors.ts";
import type { FillRule } from "./fill.ts";
import type { DataNote } from "./notes.ts";

type Act = "trimmed" | "dropped" | "filled" | "missingWords";

const RULE_WORDS: Record<FillRule, string> = {
  linear: "on the straight line between their neighbours (at the ends: the nearest value)",
  forward: "by the value before them (at the start: the first value)",
  zero: "by 0",
  drop: "by leaving out the row",
};

/** Adds up over all series what preparing them did, so that a file of a thousand series has one note for each act. */
export class Tally {
  private readonly acts: { readonly act: Act; readonly column: string; n: number }[] = [];

  /** Counts `n` rows, or cells of a column. */
  add(act: Act, n: number, column: string = ""): void {
    const known = this.acts.find((a) => a.act === act && a.column === column);
    if (known !== undefined) known.n += n;
    else if (n > 0) this.acts.push({ act, column, n });
  }

  notes(rule: FillRule): DataNote[] {
    return this.acts.map(({ act, column, n }) => noteOf(act, n, column, rule));
  }
}

function noteOf(act: Act, n: number, column: string, rule: FillRule): DataNote {
  const rows = count(n, "row");
  switch (act) {
    case "trimmed":
      return { kind: act, count: n, text: `${rows} before the first or after the last target value left out of the history.` };
    case "dropped":
      return { kind: act, count: n, text: `${rows} with a missing value left out; the rows around them were joined.` };
    case "missingWords": {
      const text = `Column ${shown(column)}: ${count(n, "missing word takes", "missing words take")} the slot "(other)".`;
      return { kind: "filled", count: n, column, text };
    }
    case "filled": {
      const text = `Column ${shown(column)}: ${count(n, "missing value")} filled ${RULE_WORDS[rule]}.`;
      return { kind: act, count: n, column, text };
    }
  }
}

/** Of more than three notes of one kind on different series, the first, with the sum over the others. */
export function summarized(notes: readonly DataNote[]): DataNote[] {
  const kinds = [...new Set(notes.map((n) => n.kind))];
  return kinds.flatMap((kind) => {
    const same = notes.filter((n) => n.kind === kind);
    const first = same[0] as DataNote;
    if (same.length <= 3) return same;
    const total = same.reduce((sum, n) => sum + n.count, 0);
    const others = count(same.length - 1, "other series", "other series");
    return [{ kind, count: total, text: `${first.text} Likewise in ${others} (${count(total, "case")} in all).` }];
  });
}

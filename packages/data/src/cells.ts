/** What one cell of text means: nothing, a number, or yes and no. Times are read by `time-formats.ts`. */

const MISSING = new Set(["", "na", "n/a", "#n/a", "nan", "null", "none", "-", "?"]);

/** Whether a cell stands for "no value": empty, `NA`, `N/A`, `NaN`, `null`, `none`, `-` or `?`, in any case. */
export function isMissing(cell: string): boolean {
  return cell.length < 16 ? MISSING.has(cell.trim().toLowerCase()) : cell.trim() === "";
}

/**
 * The finite decimal number that a cell writes, or NaN. Spaces around it are allowed; hexadecimal, `Infinity` and
 * thousands separators are not.
 * @param decimalComma read `3,5` as 3.5, as files with `;` between the columns write it.
 */
export function readNumber(cell: string, decimalComma: boolean = false): number {
  const text = decimalComma ? cell.replace(",", ".") : cell;
  const value = Number(text);
  if (!Number.isFinite(value)) return Number.NaN;
  if (value === 0 && text.trim() === "") return Number.NaN;
  if (Number.isInteger(value) && text.length > 2 && /[xob]/i.test(text)) return Number.NaN; // Number("0x1f") is 31
  return value;
}

/** 1 for `true` and `yes`, 0 for `false` and `no`, in any case; NaN for anything else. */
export function readBoolean(cell: string): number {
  switch (cell.trim().toLowerCase()) {
    case "true":
    case "yes":
      return 1;
    case "false":
    case "no":
      return 0;
    default:
      return Number.NaN;
  }
}

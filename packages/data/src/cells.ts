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

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);
const [PLUS, MINUS, ZERO, NINE] = [43, 45, 48, 57];

/**
 * The number in text[from, to) where it is written in at most 15 digits and nothing else but a sign and a decimal sign: the value
 * of `readNumber`, without a string for the cell. NaN for every other way to write a number.
 *
 * Such digits are a whole number below 2⁵³ and the power of ten is exact, so their quotient is the nearest float64 [Clinger 1990].
 */
export function readPlainNumber(text: string, from: number, to: number, decimalSign: number): number {
  const first = text.charCodeAt(from);
  const signed = first === MINUS || first === PLUS;
  let whole = 0;
  let digits = 0;
  let point = -1;
  for (let at = signed ? from + 1 : from; at < to; at++) {
    const c = text.charCodeAt(at);
    if (c >= ZERO && c <= NINE) {
      whole = whole * 10 + (c - ZERO);
      digits++;
    } else if (c === decimalSign && point < 0) point = digits;
    else return Number.NaN;
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  const value = point < 0 ? whole : whole / (POWERS[digits - point] as number);
  return first === MINUS ? -value : value;
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

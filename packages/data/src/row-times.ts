import { addSteps, type Frequency } from "./frequency.ts";

/** The time of each row, epoch ms: a Float64Array where the file has them, a rule where they follow from one. */
export interface RowTimes extends Iterable<number> {
  readonly length: number;
  /** The time of a row; undefined beyond the last; −1 is the last. */
  at(row: number): number | undefined;
  /** Rows [from, to) on the same memory. */
  subarray(from: number, to?: number): RowTimes;
}

/** Row numbers as times: what rows have where they are steps. Takes no memory for them. */
export function stepTimes(rows: number): RowTimes {
  return new ComputedTimes(rows, (row) => row);
}

/** Times, and after their last the next `n` of the frequency; the given ones are not copied. */
export function withNextTimes(times: RowTimes, frequency: Frequency, n: number): RowTimes {
  const known = times.length;
  const last = times.at(-1) ?? 0;
  const timeOf = (row: number) => (row < known ? (times.at(row) as number) : addSteps(last, row - known + 1, frequency));
  return new ComputedTimes(known + n, timeOf);
}

/** Times that follow from the number of their row. */
class ComputedTimes implements RowTimes {
  readonly length: number;
  private readonly timeOf: (row: number) => number;

  constructor(length: number, timeOf: (row: number) => number) {
    this.length = length;
    this.timeOf = timeOf;
  }

  at(row: number): number | undefined {
    const place = row < 0 ? row + this.length : row;
    return place >= 0 && place < this.length ? this.timeOf(place) : undefined;
  }

  subarray(from: number, to: number = this.length): RowTimes {
    const [first, end] = [this.placeOf(from), this.placeOf(to)];
    return new ComputedTimes(Math.max(0, end - first), (row) => this.timeOf(first + row));
  }

  *[Symbol.iterator](): Generator<number> {
    for (let row = 0; row < this.length; row++) yield this.timeOf(row);
  }

  /** A bound as typed arrays read it: from the end when negative, never outside. */
  private placeOf(bound: number): number {
    return bound < 0 ? Math.max(0, bound + this.length) : Math.min(bound, this.length);
  }
}

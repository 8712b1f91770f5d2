import { addSteps, type Frequency, type RowTimes, timeText } from "@sluice/data";

/** What a row is called: its date and time, or its number from 1 where the data has no times. */
export function rowLabel(times: RowTimes, row: number, { frequency, timed }: TimeFacts): string {
  const known = times.at(row);
  if (!timed) return String(row + 1);
  if (known !== undefined) return timeText(known);
  const ahead = row - times.length + 1;
  if (frequency.unit === "step") return `+${ahead}`; // the times are irregular, so the next ones are unknown
  return timeText(addSteps(times.at(-1) ?? 0, ahead, frequency));
}

/** How the rows of a table lie in time. */
export interface TimeFacts {
  readonly frequency: Frequency;
  /** Whether the data has times at all. */
  readonly timed: boolean;
}

import { describe, expect, test } from "vitest";
import { readCsv } from "./csv.ts";
import { guessTimeFormat } from "./time-formats.ts";

const noon = Date.UTC(2024, 1, 29, 12, 30);
const day = Date.UTC(2024, 1, 29);

describe("guessTimeFormat", () => {
  test.each([
    ["2024-02-29", day],
    ["2024/2/29", day],
    ["2024.02.29", day],
    ["2024-02-29 12:30", noon],
    ["2024-02-29T12:30:00Z", noon],
    ["2024-02-29T12:30:00.000Z", noon],
    ["2024-02-29T13:30+01:00", noon],
    ["2024-02-29 07:00:00-0530", noon],
    ["2024-02-28 24:00", day],
    ["29.02.2024", day],
    ["29.2.24 12:30:00", noon],
    ["02/29/2024 12:30 PM", noon],
    ["2/29/24", day],
    ["29/02/2024", day],
    ["29-02-2024", day],
    ["Feb 29, 2024", day],
    ["February 29 2024", day],
    ["29 Feb 2024", day],
    ["29-Feb-24", day],
    ["2024-02", Date.UTC(2024, 1, 1)],
    ["Feb 2024", Date.UTC(2024, 1, 1)],
    ["2024-Q2", Date.UTC(2024, 3, 1)],
    ["2024 q4", Date.UTC(2024, 9, 1)],
  ])("%s", (text, ms) => {
    const guess = guessTimeFormat([text, text], "x");
    expect(guess?.matches).toBe(2);
    expect(guess?.format.read(text)).toBe(ms);
  });

  test.each([
    "2023-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-01-01 25:00",
    "2024-01-01 10:60",
    "13:30 PM",
    "Foo 1 2024",
    "12",
    "1-2",
    "2024-02-29x",
  ])("%s is no time", (text) => expect(guessTimeFormat([text], "x")).toBeUndefined());

  test("tells day and month apart by a number above 12, and says when it cannot", () => {
    expect(guessTimeFormat(["01/02/2024", "13/02/2024"], "d")).toMatchObject({
      format: { name: "DD/MM/YYYY" },
      ambiguous: false,
    });
    expect(guessTimeFormat(["01/02/2024", "02/13/2024"], "d")).toMatchObject({
      format: { name: "MM/DD/YYYY" },
      ambiguous: false,
    });
    expect(guessTimeFormat(["01/02/2024", "03/04/2024"], "d")).toMatchObject({ format: { name: "MM/DD/YYYY" }, ambiguous: true });
  });

  test("an ambiguous column is noted by readCsv", async () => {
    const table = await readCsv("d,y\n01/02/2024,1\n03/04/2024,2\n", { name: "f.csv" });
    expect(table.notes[0]?.kind).toBe("dayOrMonthFirst");
  });

  test("reads 1-01 as the first year's January only under a name that speaks of time", () => {
    expect(guessTimeFormat(["1-01", "1-02"], "score")).toBeUndefined();
    const guess = guessTimeFormat(["1-01", "1-02"], "Month");
    expect(new Date(guess?.format.read("1-02") ?? 0).toISOString()).toBe("0001-02-01T00:00:00.000Z");
  });
});

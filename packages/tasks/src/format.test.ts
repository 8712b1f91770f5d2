import { describe, expect, test } from "vitest";
import { displayWidth, formatCount, formatDuration, formatNumber, formatP, formatPercent, renderTable } from "./format.ts";

test.each([
  [0, "0"],
  [0.83125, "0.8313"],
  [1, "1"],
  [1.5, "1.500"],
  [-12.3456, "−12.35"],
  [999.96, "1,000"],
  [12345.6, "12,346"],
  [1234567, "1,234,567"],
  [-123456, "−123,456"],
  [0.00001234, "1.234e-5"],
  [1e21, "1e21"],
  [Number.NaN, "–"],
  [null, "–"],
])("the number %s reads %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("percent, durations, counts and p-values", () => {
  expect([0.0951, -0.003, 1, -0.00001, 12.5, 6.2e24, null].map(formatPercent)).toEqual([
    "9.5 %",
    "−0.3 %",
    "100.0 %",
    "0.0 %",
    "1,250.0 %",
    "over 10,000 %",
    "–",
  ]);
  expect([0.84, 12.34, 59.99, 68, 3600, 7384, null].map(formatDuration)).toEqual([
    "840 ms",
    "12.3 s",
    "1m00s",
    "1m08s",
    "1h00m",
    "2h03m",
    "–",
  ]);
  expect([formatCount(1, "origin"), formatCount(1234, "origin"), formatCount(0, "series", "series")]).toEqual([
    "1 origin",
    "1,234 origins",
    "0 series",
  ]);
  expect([formatP(0.0001), formatP(0.0312), formatP(0.5)]).toEqual(["p < 0.001", "p = 0.031", "p = 0.50"]);
});

describe("plain-text tables", () => {
  test("align words left and numbers right, without trailing spaces", () => {
    const table = renderTable(
      [{ title: "model" }, { title: "MASE", align: "right" }, { title: "note" }],
      [
        ["LSTM", "0.8312", "best"],
        ["seasonal naive", "1.2", ""],
      ],
    );
    expect(table).toBe(
      [
        "model             MASE  note",
        "──────────────  ──────  ────",
        "LSTM            0.8312  best",
        "seasonal naive     1.2",
      ].join("\n"),
    );
  });

  test("wide glyphs and combining marks keep the columns straight; control characters cannot act", () => {
    expect(displayWidth("東京")).toBe(4);
    expect(displayWidth("e\u0301")).toBe(1);
    const [, , ...rows] = renderTable(
      [{ title: "s" }, { title: "v" }],
      [
        ["東京", "1"],
        ["é", "2"],
        ["\u001b[2J", "3"],
      ],
    ).split("\n");
    expect(rows).toEqual(["東京  1", "é     2", "�[2J  3"]);
  });
});

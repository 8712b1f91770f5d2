import { describe, expect, test } from "vitest";
import type { InsideFindings } from "../inside/findings.ts";
import { renderInside } from "./inside-report.ts";

const course = (length: number, from: number): number[] => Array.from({ length }, (_, k) => from + 0.3 * Math.sin(k) ** 2);
const findings: InsideFindings = {
  schema: "sluice.inspect-on/1",
  windows: 16,
  layers: [
    {
      layer: "lstm<script>",
      kind: "LSTM",
      steps: 100,
      segment: 2,
      units: 8,
      active: 7,
      alike: 1,
      gates: ["inputGate", "0/forgetGate"].map((gate, k) => ({
        gate,
        shut: 0.1 * k,
        open: 0.25,
        byStep: course(100, 0.2),
        units: [3, 1],
        byUnit: [course(100, 0.1), course(100, 0.6)],
      })),
      memory: { halfLife: 4, horizon: null, norms: [1, 0.5, 0.001] },
      gradient: [{ state: "hiddenState", norms: [1e-7, 1e-3, 0.5] }],
    },
    {
      layer: "rnn",
      kind: "SimpleRNN",
      steps: 1,
      segment: 1,
      units: 1,
      active: 0,
      alike: 0,
      gates: [],
      memory: { halfLife: 1, horizon: 1, norms: [0] },
      gradient: [{ state: "hiddenState", norms: [0] }],
    },
  ],
  influence: [1, 7].map((ahead) => ({
    ahead,
    byLag: course(120, 0),
    strongest: [12, 2, 4].map((lag) => ({ lag, norm: 1 / lag })),
  })),
};
const html = renderInside(findings, { title: "Inside <b>", source: "a&b.csv" });

describe("the page about what goes on inside", () => {
  test("stands alone: no script, no network, all text escaped, the same each time", () => {
    expect(html).toMatch(/^<!doctype html>[\s\S]*default-src 'none'[\s\S]*<h1>Inside &lt;b&gt;<\/h1>/);
    expect(html).not.toMatch(/<script|https?:(?!\/\/www\.w3\.org)|NaN|undefined|Infinity/);
    expect(html).toContain("LSTM “lstm&lt;script&gt;”");
    expect(html).toContain("16 windows of a&amp;b.csv");
    expect(renderInside(JSON.parse(JSON.stringify(findings)) as InsideFindings, { title: "Inside <b>", source: "a&b.csv" })).toBe(
      html,
    );
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("says what each chart shows, with its numbers as a table", () => {
    for (const sentence of [
      "7 of 8 units move, 1 pair of them alike; each of its 100 steps reads 2 of the window.",
      "The 0/forget gate is saturated most: 35.0 % of its values",
      "Half of an input is forgotten after 4 steps, 95 % beyond the window.",
      "2e-7 of that at the last. So little teaches nothing about the beginning of the window.",
      "It has no gates: its state is all there is to see.",
      "The forecast 1 step ahead depends most on lags 12, 2 and 4;",
    ]) {
      expect(html).toContain(sentence);
    }
    expect(html.match(/<figure>/g)).toHaveLength(2 + 2 + 2 + 2 + 1);
    expect(html.match(/<details>/g)).toHaveLength(9);
  });

  test("draws a heat map in shades of the page's own colour, long windows as means of neighbours", () => {
    const map = /<svg role="img" aria-label="Connectivity[\s\S]*?<\/svg>/.exec(html)?.[0] ?? "";
    const shades = [...map.matchAll(/fill="var\(--chart-blue,#0b5fa5\)"[^>]*/g)];
    expect(shades).toHaveLength(2 * 56);
    expect(map).toContain(">120</text>");
  });
});

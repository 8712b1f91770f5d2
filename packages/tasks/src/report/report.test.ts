import { describe, expect, test } from "vitest";
import { originMatrix } from "../metrics/origin-matrix.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { errorHistogram } from "./histogram.ts";
import { renderReport } from "./report.ts";
import type { ForecastReport } from "./report-data.ts";

const report = sampleReport();
const html = renderReport(report);

describe("report", () => {
  test("is one file below 1 MB with nothing to fetch and nothing to run", () => {
    expect(html.length).toBeLessThan(1_000_000);
    expect(html).not.toMatch(/<script|<link|<iframe|<object|<img|@import|javascript:|\son\w+=/i);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
  });

  test("opens with the verdict, and names every baseline, the echo test and every note", () => {
    expect(html.indexOf(`<p>${report.targets[0]!.verdict.sentences[0]}</p>`)).toBeLessThan(html.indexOf("<h2>"));
    for (const text of [
      "last value",
      "seasonal naive",
      "drift",
      "mean",
      "ridge regression",
      "No echo: ",
      "duplicate row (2021-03-28)",
    ]) {
      expect(html).toContain(text);
    }
    for (const part of [
      "Leaderboard",
      "Forecasts",
      "Error by horizon",
      "Calibration",
      "Echo test",
      "Worst forecasts",
      "Training",
      "Settings",
    ]) {
      expect(html).toContain(`<h2>${part}</h2>`);
    }
  });

  test("every chart is a figure with title, finding, labelled picture and table", () => {
    const figures = html.match(/<figure>[\s\S]*?<\/figure>/g) ?? [];
    expect(figures).toHaveLength(7); // split, two fans, horizon, calibration, errors, loss
    for (const one of figures) {
      expect(one).toMatch(/<h3>[^<]+<\/h3><p>[^<]{20,}<\/p>/);
      expect(one).toMatch(/<svg role="img" aria-label="[^"]{20,}"/);
      expect(one).toMatch(/<details><summary>[\s\S]*<table>[\s\S]*<td/);
    }
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  test("the same report gives the same file, also from its JSON", () => {
    expect(renderReport(report)).toBe(html);
    expect(renderReport(JSON.parse(JSON.stringify(report)) as ForecastReport)).toBe(html);
  });

  test.each([
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title><svg onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;",
    "`$" + "{alert(1)}`",
    "{a|x}{b|</text><script>1</script>}",
    "javascript:alert(1)",
    "a\u202Egnp.exe\u0000",
  ])("text from the data cannot act: %s", (payload) => {
    const named = structuredClone(report);
    Object.assign(named.targets[0]!, { target: payload, unit: payload });
    named.targets[0]!.methods[1]!.name = payload;
    named.targets[0]!.worst[0]!.series = payload;
    named.targets[0]!.fans[0]!.fan.series = payload;
    named.data.columns[1]!.name = payload;
    named.targets[0]!.fans[0]!.fan.labels[3] = payload;
    named.targets[0]!.fans[0]!.fan.baseline = { name: payload, values: named.targets[0]!.fans[0]!.fan.forecast };
    Object.assign(named, { title: payload, command: payload, modelPath: payload, settings: { [payload]: payload } });
    named.data.notes.push(payload);
    named.training.layers[0]!.name = payload;
    named.training.baseline = { name: payload, value: 0.2 };
    named.next.push({ title: payload, code: payload });
    const evil = renderReport(named);
    expect(tagNames(evil)).toEqual(tagNames(html)); // no new kind of tag
    expect(attributeNames(evil)).toEqual(attributeNames(html)); // and no new attribute
    expect(evil).not.toMatch(/[\0\u202e]/);
  });

  test("a model that loses, echoes, has no quantiles and no epochs still makes a report", () => {
    const poor = sampleReport({ noise: 40 });
    const target = poor.targets[0]!;
    expect(target.verdict.outcome).toBe("baseline");
    target.echo = { ...target.echo, isEcho: true, sentence: "This model is an echo: …" };
    for (const { metrics } of target.methods) Object.assign(metrics, { quantileCoverage: [], intervals: [], mase: null });
    Object.assign(target, { worst: [], residuals: null, fans: [] });
    Object.assign(poor.training, { epochs: [], bestEpoch: null, baseline: null });
    const text = renderReport(poor);
    expect(text).toContain('<p class="warning">This model is an echo: …</p>');
    expect(text).toContain("A simpler model wins:");
    expect(text).not.toContain("NaN");
  });

  test("several targets stand under their names", () => {
    const two = { ...report, targets: [report.targets[0]!, { ...report.targets[0]!, target: "sales" }] };
    const text = renderReport(two);
    expect(text).toContain("<h2>sales: leaderboard</h2>");
  });
});

test("the error histogram counts every error once, splits at 0, and gathers the far ones at the ends", () => {
  const actual = originMatrix(1, 6, Float64Array.of(0, 0, 0, 0, 0, Number.NaN));
  const histogram = errorHistogram(actual, originMatrix(1, 6, Float64Array.of(-2, -0.1, 0.1, 1, 90, 5)), 10)!;
  expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(5);
  expect(histogram.edges.some((edge) => edge === 0)).toBe(true);
  const below = histogram.counts.filter((_, bin) => histogram.edges[bin + 1]! <= 0).reduce((a, b) => a + b, 0);
  expect(below).toBe(2);
  expect(errorHistogram(actual, originMatrix(1, 6, new Float64Array(6)))!.counts.reduce((a, b) => a + b, 0)).toBe(5);
  expect(errorHistogram(originMatrix(1, 1, Float64Array.of(Number.NaN)), originMatrix(1, 1))).toBeNull();
});

/** Kinds of tags, read as a parser reads them: "<" and a letter begins one wherever it stands. */
function tagNames(text: string): string[] {
  return [...new Set([...text.matchAll(/<([a-z][\w-]*)/gi)].map(([, name]) => name as string))].sort();
}

function attributeNames(text: string): string[] {
  const tags = text.match(/<[a-z][^>]*>/gi) ?? [];
  return [
    ...new Set(tags.flatMap((tag) => [...tag.matchAll(/\s([\w:-]+)=(?:"[^"]*"|')/g)].map(([, name]) => name as string))),
  ].sort();
}

import { describe, expect, test } from "vitest";
import { tick } from "./common.ts";
import { fanChart, horizonChart, lossChart, renderSvg, splitChart } from "./index.ts";
import { paletteCss, seriesStyle } from "./palette.ts";

const draw = (option: Parameters<typeof renderSvg>[0], label = "chart") =>
  renderSvg(option, { width: 640, height: 320, label, id: "c" });

describe("charts", () => {
  test("draw without a DOM to an SVG that stands alone and follows the page's colours", () => {
    const svg = draw(
      horizonChart(
        [
          { name: "LSTM", values: [1, 2, 3] },
          { name: "drift", values: [2, null, 4] },
        ],
        "MAE",
      ),
    );
    expect(svg).toMatch(/^<svg role="img" aria-label="chart" width="640"/);
    expect(svg).not.toMatch(/<style|<script|class=|NaN|undefined/);
    for (const text of ["LSTM", "drift", "steps ahead", "MAE"]) expect(svg).toContain(`>${text}</text>`);
    expect(svg).toContain(`stroke="var(--chart-blue,${seriesStyle(0).colour})"`);
  });

  test("the same option gives the same string, and ids carry the given prefix", () => {
    const option = lossChart([{ epoch: 1, train: 2, validation: 3, seconds: 1 }], { bestEpoch: 1, baseline: null, loss: "loss" });
    expect(draw(option)).toBe(draw(option));
    for (const [, id] of draw(option).matchAll(/id="([^"]+)"/g)) expect(id).toMatch(/^c-/);
  });

  test("a label is escaped", () => {
    expect(draw(splitChart([{ name: "train", rows: 3 }]), '"><script>')).toContain('aria-label="&quot;&gt;&lt;script&gt;"');
  });

  test("the first six series differ in colour, dash and marker", () => {
    const styles = Array.from({ length: 6 }, (_, i) => seriesStyle(i));
    for (const key of ["colour", "dash", "symbol"] as const) {
      expect(new Set(styles.map((style) => String(style[key]))).size).toBe(6);
    }
  });

  test("text has a contrast of 4.5 and marks of 3 against the page, light and dark", () => {
    const [light, dark] = paletteCss().split("@media");
    for (const css of [light, dark]) {
      const colours = Object.fromEntries(
        [...(css ?? "").matchAll(/--chart-(\w+):(#\w{6})/g)].map(([, name, value]) => [name, value]),
      );
      const page = luminance(colours.surface!);
      for (const [name, value] of Object.entries<string | undefined>(colours)) {
        if (name === "surface" || name === "grid") continue; // the grid only decorates
        const [low, high] = [page, luminance(value!)].sort((a, b) => a - b);
        expect((high! + 0.05) / (low! + 0.05), name).toBeGreaterThanOrEqual(
          name === "ink" || name === "muted" || name === "blue" ? 4.5 : 3,
        );
      }
    }
  });

  test("a fan with negative values keeps its intervals where they belong", () => {
    const fan = {
      series: "",
      labels: ["a", "b", "c"],
      history: [-5],
      actual: [-4, null],
      forecast: [-4, -3],
      bands: [{ level: 0.8, lower: [-6, -9], upper: [-2, 3] }],
      baseline: null,
    };
    const option = fanChart(fan, { value: "y", time: "t", model: "LSTM" }) as { series: { name: string; data: unknown[] }[] };
    expect(option.series.map(({ name, data }) => [name, data])).toEqual([
      ["below 80 % interval", [-5, -6, -9]],
      ["80 % interval", [0, 4, 12]], // stacked on the lower bound
      ["actual", [-5, -4, null]],
      ["LSTM", [-5, -4, -3]],
    ]);
    expect(draw(option)).not.toContain("NaN");
  });

  test("numbers on axes are short", () => {
    expect([0, 0.25, 1500, 99999, 250000, -4e6, 1.5e9, 0.00002].map(tick)).toEqual([
      "0",
      "0.25",
      "1,500",
      "99,999",
      "250k",
      "−4M",
      "1.5G",
      "2e-5",
    ]);
  });
});

/** Relative luminance of WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

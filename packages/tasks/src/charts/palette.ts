/** A colour of the charts: its name in CSS, its value on a light page and on a dark one. */
interface Colour {
  readonly name: string;
  readonly light: string;
  readonly dark: string;
}

/**
 * Colours that stay apart for colour-blind readers; text 4.5 : 1, marks 3 : 1 against the page, light and dark.
 * Series also differ by dash and marker: see `seriesStyle`.
 */
const COLOURS = {
  surface: { name: "surface", light: "#fefefe", dark: "#14181d" },
  ink: { name: "ink", light: "#1b232c", dark: "#e8edf2" },
  muted: { name: "muted", light: "#52606d", dark: "#aab4bf" },
  grid: { name: "grid", light: "#d9dee3", dark: "#39424d" },
  blue: { name: "blue", light: "#0b5fa5", dark: "#6db3f2" },
  orange: { name: "orange", light: "#b34700", dark: "#f0a060" },
  green: { name: "green", light: "#00795a", dark: "#4ecfa5" },
  pink: { name: "pink", light: "#a2467f", dark: "#e59ac8" },
  grey: { name: "grey", light: "#6b6b6c", dark: "#b0b0b1" },
  gold: { name: "gold", light: "#866a00", dark: "#e0c04c" },
} as const satisfies Record<string, Colour>;

/** The colours as chart options name them: their values on a light page. */
export const ink: string = COLOURS.ink.light;
/** Lines that stand back. */
export const muted: string = COLOURS.muted.light;
/** Grid lines. */
export const grid: string = COLOURS.grid.light;
/** The page behind a chart. */
export const surface: string = COLOURS.surface.light;
/** The model, in every chart. */
export const modelColour: string = COLOURS.blue.light;
/** What asks for attention. */
export const warningColour: string = COLOURS.orange.light;

/** How a series looks: none shares colour, dash or marker with another of the first six. */
export interface SeriesStyle {
  colour: string;
  dash: "solid" | number[];
  symbol: string;
}

const STYLES: readonly SeriesStyle[] = [
  { colour: COLOURS.blue.light, dash: "solid", symbol: "circle" },
  { colour: COLOURS.orange.light, dash: [8, 4], symbol: "rect" },
  { colour: COLOURS.green.light, dash: [2, 3], symbol: "triangle" },
  { colour: COLOURS.pink.light, dash: [10, 3, 2, 3], symbol: "diamond" },
  { colour: COLOURS.grey.light, dash: [4, 4], symbol: "emptyCircle" },
  { colour: COLOURS.gold.light, dash: [14, 4], symbol: "emptyRect" },
];

/** The style of the series at `index`; the model comes first. */
export function seriesStyle(index: number): SeriesStyle {
  return STYLES[index % STYLES.length] as SeriesStyle;
}

/** CSS variables for a page that holds charts: light, and dark where the reader prefers it. */
export function paletteCss(): string {
  const list = (side: "light" | "dark") =>
    Object.values(COLOURS)
      .map((colour) => `--chart-${colour.name}:${colour[side]}`)
      .join(";");
  return `:root{color-scheme:light dark;${list("light")}}@media (prefers-color-scheme:dark){:root{${list("dark")}}}`;
}

/** Paints with the page's variables; alone, without a page, the colours are those of a light one. */
export function themed(svg: string): string {
  return Object.values(COLOURS).reduce(
    (text, { name, light }) => text.replaceAll(`"${light}"`, `"var(--chart-${name},${light})"`),
    svg,
  );
}

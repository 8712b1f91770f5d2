import { formatCount } from "../format.ts";
import { escapeHtml } from "../html.ts";
import type { NeuronCourse, NeuronFindings } from "../inside/findings.ts";
import { reportPage } from "./page.ts";

/**
 * One HTML file in which each unit colours the text that the network read: green where it is active (above 0), blue where it is not,
 * the stronger the fuller; below each token the five likeliest next ones, the likelier the clearer. No script, nothing from the network;
 * the same findings give the same file.
 * @param title such as "Units of a character model". @param notes what there is to say of a unit, by its number.
 * @example await writeFile("neurons.html", renderNeurons(findNeurons({ network, vocabulary, text, units: [7] }), { title: "Unit 7" }));
 */
export function renderNeurons(
  findings: NeuronFindings,
  { title, notes = {} }: { title: string; notes?: Readonly<Record<number, string>> },
): string {
  const { kind, layer, tokens, units } = findings;
  const lead =
    `${formatCount(units.length, "unit")} of ${kind} “${layer}” over ${formatCount(tokens.length, "token")}. First line: green and underlined where the ` +
    "unit is active, blue where it is not, the fuller the stronger. Below: the five likeliest next tokens, the clearer the likelier. " +
    "␣ is a space, ⏎ a line end, ⇥ a tab.";
  const sections = units.map((course) => unitSection(course, findings, notes[course.unit] ?? ""));
  return reportPage(title, lead, `<style>${CSS}</style>\n${sections.join("\n")}`);
}

const CSS = `.read{display:flex;flex-wrap:wrap;row-gap:.8rem;font:.85rem/1.35 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}
.read>li{list-style:none;display:flex;flex-direction:column;align-items:center;min-width:1.1ch;padding:0 1px}
.read bdi{white-space:nowrap}
.read bdi:first-child{align-self:stretch;text-align:center;border-bottom:2px solid transparent}
.read .on:first-child{border-bottom-color:var(--chart-green)}
.break{flex-basis:100%;height:0}
ol.read{margin:0;padding:0}`;

function unitSection({ unit, activations }: NeuronCourse, { tokens, guesses }: NeuronFindings, note: string): string {
  const columns = tokens.map((token, t) => {
    const value = activations[t] ?? Number.NaN;
    const colour = value > 0 ? "green" : "blue";
    const share = Math.round(65 * Math.min(1, Math.abs(value))); // beyond that the letter is hard to read
    const head =
      `<bdi${value > 0 ? ' class="on"' : ""} style="background:color-mix(in srgb,var(--chart-${colour}) ${share}%,transparent)" ` +
      `title="${value.toFixed(2)}">${shownToken(token)}</bdi>`;
    const next = (guesses[t] ?? []).map(
      ({ token: guess, probability }) =>
        `<bdi style="opacity:${Math.max(0.08, probability).toFixed(2)}" title="${(100 * probability).toFixed(0)} %">${shownToken(guess)}</bdi>`,
    );
    return `<li>${head}${next.join("")}</li>${token === "\n" && tokens[t + 1] !== "\n" ? '<li class="break"></li>' : ""}`;
  });
  const [low, high] = [Math.min(...activations), Math.max(...activations)].map((value) => value.toFixed(2).replace("-", "−"));
  const said = `${note === "" ? "" : `${note} `}From ${low} to ${high} here.`;
  return `<h2>Unit ${unit}</h2><p>${escapeHtml(said)}</p>\n<ol class="read" dir="ltr">${columns.join("\n")}</ol>`;
}

/** A token as it can be seen in a cell of its own. */
function shownToken(token: string): string {
  const seen = token
    .replaceAll(" ", "␣")
    .replaceAll(/\r?\n|\r/g, "⏎")
    .replaceAll("\t", "⇥");
  return escapeHtml(/^\p{M}/u.test(seen) ? `◌${seen}` : seen);
}

// What single units of a character model do: gates that are always open or shut, and units that follow something one can name.
import { findNeurons } from "@sluice/tasks";
import { renderNeurons } from "@sluice/tasks/report";
import { inspect, tensor } from "sluice";
import { files, main, percent, table, trained } from "./shared.mjs";

/** What a unit may follow, as a number after each character. */
const features = {
  "characters since the line began": (text) => since(text, (sign) => sign === "\n"),
  "letters of the word so far": (text) => since(text, (sign) => !/[\p{L}']/u.test(sign)),
  "in a speaker's name": (text) => {
    const lines = text.split("\n");
    return lines.flatMap((line, k) => {
      const isName = lines[k - 1] === "" && line.endsWith(":");
      return Array.from(k + 1 < lines.length ? `${line}\n` : line, () => (isName ? 1 : 0));
    });
  },
  "a vowel was read": (text) => Array.from(text, (sign) => (/[aeiou]/i.test(sign) ? 1 : 0)),
};

function since(text, isBegin) {
  let count = 0;
  return Array.from(text, (sign) => {
    count = isBegin(sign) ? 0 : count + 1;
    return count;
  });
}

const signed = (r) => r.toFixed(2).replace("-", "−");

/** Pearson's correlation; 0 where one of them never changes. */
function correlation(a, b) {
  const centred = [a, b].map((values) => {
    const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - middle);
  });
  const dot = (p, q) => p.reduce((sum, value, k) => sum + value * q[k], 0);
  const [one, other] = centred;
  const size = Math.sqrt(dot(one, one) * dot(other, other));
  return size > 0 ? dot(one, other) / size : 0;
}

export async function neurons(options) {
  const { model, vocabulary, ids, cut } = await trained(options);
  const text = Array.from(ids.subarray(cut), (id) => vocabulary.tokens[id - 2]).join("");
  const [rows, length] = options.quick ? [4, 50] : [20, 200];
  const x = tensor(ids.slice(cut, cut + rows * length), [rows, length]);
  const traced = inspect.trace(model, x);
  const gates = Object.entries(inspect.gateSaturation(traced)).map(([gate, { low, high }]) => {
    const mean = (shares) => shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const mostly = (shares) => shares.filter((share) => share > 0.9).length;
    return { gate, low: mean(low), high: mean(high), shut: mostly(low), open: mostly(high) };
  });
  const gateTable = table(
    ["gate", "values below 0.1", "values above 0.9", "units shut at 90 % of the steps", "units open at 90 % of the steps"],
    gates.map(({ gate, low, high, shut, open }) => [gate, percent(low), percent(high), shut, open]),
  );

  const begin = text.indexOf("\n\n") + 1; // the excerpt begins with a speaker
  const excerpt = text.slice(begin, begin + (options.quick ? 400 : 3000));
  const units = Array.from({ length: traced.states.hiddenState.shape[2] }, (_, unit) => unit);
  const watched = findNeurons({ network: model, vocabulary, text: excerpt, units });
  const found = Object.entries(features).map(([feature, measure]) => {
    const values = measure(excerpt);
    const each = watched.units.map(({ unit, activations }) => ({ unit, r: correlation(activations, values) }));
    return { feature, ...each.reduce((best, one) => (Math.abs(one.r) > Math.abs(best.r) ? one : best)) };
  });
  const unitTable = table(
    ["what is followed", "unit", "correlation with tanh(c)"],
    found.map(({ feature, unit, r }) => [feature, unit, signed(r)]),
  );
  const shown = excerpt.slice(0, options.quick ? 60 : 160);
  const chosen = [...new Set(found.map(({ unit }) => unit))];
  const notes = Object.fromEntries(
    chosen.map((unit) => {
      const follows = found.filter((one) => one.unit === unit).map(({ feature, r }) => `“${feature}” (correlation ${signed(r)})`);
      return [unit, `Of all units it goes most with ${follows.join(" and ")}.`];
    }),
  );
  const view = findNeurons({ network: model, vocabulary, text: shown, units: chosen });
  const page = renderNeurons(view, { title: "Units of a character model", notes });
  return {
    gates,
    found,
    text: [gateTable, `Over ${excerpt.length} characters of the test part:`, unitTable].join("\n\n"),
    pages: { neurons: page },
  };
}

await main(import.meta.url, "neurons", neurons, { seed: 1, files });

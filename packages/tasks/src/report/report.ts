import { lossChart, splitChart } from "../charts/line-charts.ts";
import { renderSvg } from "../charts/render-svg.ts";
import { formatCount, formatDuration, formatNumber } from "../format.ts";
import { escapeHtml, figure, htmlTable } from "../html.ts";
import { lossFinding } from "./findings.ts";
import { reportPage } from "./page.ts";
import type { ForecastReport, Setting } from "./report-data.ts";
import { targetSection, verdictSection } from "./target-section.ts";

/**
 * One HTML file about a forecasting run: the verdict first, then data, scores, charts with their tables, training, settings, and how to go on.
 * It holds no script and asks nothing of the network; every text from the data is escaped. The same report gives the same file.
 * @throws {RangeError} when a target has no result of the model.
 * @example
 * await writeFile("report.html", renderReport(report));
 */
export function renderReport(report: ForecastReport): string {
  const several = report.targets.length > 1;
  return reportPage(
    report.title,
    lead(report),
    [
      ...report.targets.map((target) => verdictSection(target, several)),
      dataSection(report),
      ...report.targets.map((target, index) => targetSection(report, target, index)),
      trainingSection(report),
      settingsSection(report),
      nextSection(report),
    ].join("\n"),
  );
}

function lead({ horizon, windowLength, training, createdAt, seed }: ForecastReport): string {
  return (
    `${formatCount(horizon, "step")} ahead from ${formatCount(windowLength, "step")} of the past; ${training.model} with ` +
    `${formatCount(training.parameters, "parameter")}, ${formatCount(training.epochs.length, "epoch")} in ${formatDuration(training.seconds)}; ` +
    `seed ${seed}; ${createdAt}.`
  );
}

function dataSection({ data, split }: ForecastReport): string {
  const facts = {
    source: data.source,
    rows: formatNumber(data.rows),
    series: formatNumber(data.series),
    frequency: data.frequency,
    "first row": data.from,
    "last row": data.to,
    "SHA-256": data.sha256 ?? "not read from a file",
  };
  const notes =
    data.notes.length === 0
      ? "<p>Nothing was dropped, filled or changed.</p>"
      : `<p>What was dropped, filled or changed:</p><ul>${data.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>`;
  const columns = htmlTable(
    "Columns of the data",
    [{ title: "column" }, { title: "used as" }, { title: "type" }, { title: "missing cells", numeric: true }],
    data.columns.map(({ name, role, type, missing }) => ({ cells: [name, role, type, formatNumber(missing)] })),
  );
  const splitTable = htmlTable(
    "Parts of the split",
    [
      { title: "part" },
      { title: "from" },
      { title: "to" },
      { title: "rows", numeric: true },
      { title: "origins", numeric: true },
    ],
    split.map(({ name, from, to, rows, origins }) => ({ cells: [name, from, to, formatNumber(rows), formatNumber(origins)] })),
  );
  const title = "Split by time";
  const test = split.find(({ name }) => name === "test");
  const finding =
    "The model learned from the first part, was chosen on the second, and is judged on the last" +
    (test === undefined ? "." : `: ${formatCount(test.origins, "forecast")} from ${test.from} on.`);
  const svg = renderSvg(splitChart(split), { width: 928, height: 56, label: `${title}. ${finding}`, id: "split" });
  return `<h2>Data</h2>${definitions(facts)}${notes}${columns}${figure({ title, finding, svg, table: splitTable })}`;
}

function trainingSection({ training }: ForecastReport): string {
  const { epochs, bestEpoch, baseline, loss } = training;
  const title = "Loss by epoch";
  const finding = lossFinding(epochs, bestEpoch);
  const curves =
    epochs.length === 0
      ? ""
      : figure({
          title,
          finding: `${finding} ${training.ended}`,
          svg: renderSvg(lossChart(epochs, { bestEpoch, baseline, loss }), {
            width: 928,
            height: 360,
            label: `${title}. ${finding}`,
            id: "loss",
          }),
          table: htmlTable(
            title,
            ["epoch", "training", "validation", "time"].map((heading) => ({ title: heading, numeric: true })),
            epochs.map(({ epoch, train, validation, seconds }) => ({
              emphasis: epoch === bestEpoch,
              cells: [String(epoch), formatNumber(train), formatNumber(validation), formatDuration(seconds)],
            })),
          ),
        });
  const layers = htmlTable(
    `${formatCount(training.parameters, "parameter")} in ${formatCount(training.layers.length, "layer")}`,
    [{ title: "layer" }, { title: "kind" }, { title: "output" }, { title: "parameters", numeric: true }],
    training.layers.map(({ name, kind, outputShape, parameters }) => ({
      cells: [name, kind, outputShape, formatNumber(parameters)],
    })),
  );
  return `<h2>Training</h2>${curves}${layers}`;
}

function settingsSection({ command, seed, settings, versions, environment }: ForecastReport): string {
  const again = command === null ? "" : `<p>This run again:</p>${codeBlock(command)}`;
  const words = (setting: Setting) => (Array.isArray(setting) ? setting.join(", ") : setting === null ? "none" : String(setting));
  const all = Object.entries(settings).map(([name, setting]) => [name, words(setting)] as const);
  return `<h2>Settings</h2>${again}
${definitions(Object.fromEntries([["seed", String(seed)], ...all.filter(([name]) => name !== "seed")]))}
<h3>Made with</h3>${definitions({ ...versions, ...environment })}`;
}

function nextSection({ next, modelPath }: ForecastReport): string {
  const where = modelPath === null ? "" : `<p>The model is saved in <code>${escapeHtml(modelPath)}</code>.</p>`;
  const steps = next.map(({ title, code }) => `<h3>${escapeHtml(title)}</h3>${codeBlock(code)}`).join("\n");
  return next.length === 0 && where === "" ? "" : `<h2>Use the model</h2>${where}${steps}`;
}

function definitions(facts: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(facts).map(([name, fact]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(fact)}</dd>`);
  return `<dl>${pairs.join("")}</dl>`;
}

function codeBlock(code: string): string {
  return `<pre tabindex="0"><code>${escapeHtml(code)}</code></pre>`;
}

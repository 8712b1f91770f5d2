import { type FanData, fanChart } from "../charts/fan-chart.ts";
import { calibrationChart, histogramChart, horizonChart } from "../charts/line-charts.ts";
import { renderSvg } from "../charts/render-svg.ts";
import { formatCorrelation, formatDuration, formatLevel, formatNumber, formatPercent } from "../format.ts";
import { escapeHtml, figure, htmlTable } from "../html.ts";
import { calibrationFinding, fanFinding, horizonFinding, residualFinding } from "./findings.ts";
import { modelOf } from "./model-of.ts";
import type { ForecastReport, MethodResult, TargetReport } from "./report-data.ts";

/** The intervals people ask for; the leaderboard has room for these. */
const USUAL_LEVELS: readonly number[] = [0.5, 0.8, 0.95];

const SIZE = { width: 928, height: 400 };

/** The verdict of one target, to stand at the top: three sentences, and a warning where the model is an echo. */
export function verdictSection({ target, verdict, echo }: TargetReport, several: boolean): string {
  const about = several ? `<h3>${escapeHtml(target)}</h3>` : "";
  const sentences = verdict.sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n");
  const warning = echo.isEcho ? `<p class="warning">${escapeHtml(echo.sentence)}</p>` : "";
  return `<div class="verdict ${verdict.outcome}">${about}${sentences}</div>${warning}`;
}

/** Leaderboard, forecasts, error by horizon, calibration, echo test, errors and worst cases of one target. */
export function targetSection(report: ForecastReport, target: TargetReport, index: number): string {
  const { methods, echo, residuals, verdict } = target;
  const model = modelOf(target.target, methods);
  const others = methods.filter((method) => method !== model);
  const unit = target.unit === null ? target.target : `${target.target} (${target.unit})`;
  const baselineIndex = ({ baseline }: FanData) =>
    1 +
    Math.max(
      0,
      others.findIndex(({ name }) => name === baseline?.name),
    );
  const heading = (text: string) =>
    `<h2>${escapeHtml(report.targets.length > 1 ? `${target.target}: ${text.charAt(0).toLowerCase()}${text.slice(1)}` : text)}</h2>`;
  const svg = (name: string, title: string, option: Parameters<typeof renderSvg>[0]) =>
    renderSvg(option, { ...SIZE, label: title, id: `t${index}-${name}` });
  return [
    heading("Leaderboard"),
    leaderboard(target, verdict.metric),
    heading("Forecasts"),
    ...target.fans.map(({ caption, fan }, f) => {
      const title = `${caption.charAt(0).toUpperCase()}${caption.slice(1)}`;
      const option = fanChart(fan, { value: unit, time: "time", model: model.name, baselineIndex: baselineIndex(fan) });
      const finding = fanFinding(fan);
      return figure({ title, finding, svg: svg(`fan${f}`, `${title}. ${finding}`, option), table: fanTable(fan, model.name) });
    }),
    heading("Error by horizon"),
    horizonFigure(model, others, unit, svg),
    ...(model.metrics.quantileCoverage.length === 0 ? [] : [heading("Calibration"), calibrationFigure(model, svg)]),
    heading("Echo test"),
    `<p>${escapeHtml(echo.sentence)}</p>`,
    `<details><summary>Table of the echo test</summary>${echoTable(target)}</details>`,
    ...(residuals === null ? [] : [heading("Errors"), residualFigure(model, residuals, unit, svg)]),
    ...(target.worst.length === 0 ? [] : [heading("Worst forecasts"), worstTable(target, model.name)]),
  ].join("\n");
}

function leaderboard({ methods, verdict }: TargetReport, metric: string): string {
  const sorted = methods.toSorted((a, b) => (a.metrics.mase ?? Infinity) - (b.metrics.mase ?? Infinity));
  const measured = sorted.find(({ metrics }) => metrics.intervals.length > 0)?.metrics.intervals.map(({ level }) => level) ?? [];
  const usual = measured.filter((level) => USUAL_LEVELS.some((one) => Math.abs(one - level) < 1e-9));
  const levels = usual.length > 0 ? usual : measured.slice(-1); // the calibration table has them all
  const skill = new Map(verdict.skills.map((one) => [one.name, one]));
  const columns = ["method", "MASE", "model better by", "sMAPE", "MAE", "RMSE", "R²", "bias", "pinball"];
  const rows = sorted.map(({ name, kind, metrics, fitSeconds }) => ({
    emphasis: kind === "model",
    cells: [
      name,
      formatNumber(metrics.mase),
      kind === "model" ? "" : formatPercent(skill.get(name)?.skill),
      formatPercent(metrics.smape),
      formatNumber(metrics.mae),
      formatNumber(metrics.rmse),
      formatNumber(metrics.r2),
      formatNumber(metrics.bias),
      formatNumber(metrics.pinball),
      ...levels.map((level) => formatPercent(metrics.intervals.find((one) => one.level === level)?.coverage)),
      formatDuration(fitSeconds),
    ],
  }));
  const titles = [...columns, ...levels.map((level) => `in ${formatLevel(level).replace(" ", "\u00a0")} band`), "fit time"];
  return `${htmlTable(
    "Scores on the test part, lowest MASE first; the model stands bold",
    titles.map((title, c) => ({ title, numeric: c > 0 })),
    rows,
  )}
<details><summary>What the columns mean</summary><dl>
<dt>MASE</dt><dd>mean absolute error divided by the mean absolute error of the seasonal-naive forecast inside the training part; below 1 is better than that</dd>
<dt>sMAPE</dt><dd>200 % · mean of |y − ŷ| / (|y| + |ŷ|)</dd>
<dt>MAE, RMSE, bias</dt><dd>mean |y − ŷ|, root of the mean of (y − ŷ)², mean of ŷ − y, in the unit of the target</dd>
<dt>R²</dt><dd>1 − squared error / squared distance from the mean of the test part</dd>
<dt>pinball</dt><dd>mean of max(q (y − ŷ), (q − 1) (y − ŷ)) over all quantile levels q, not doubled</dd>
<dt>in … band</dt><dd>share of the actual values inside the central interval of that level</dd>
<dt>model better by</dt><dd>1 − ${escapeHtml(metric)} of the model / ${escapeHtml(metric)} of this method</dd>
</dl></details>`;
}

function horizonFigure(model: MethodResult, others: readonly MethodResult[], unit: string, svg: Draw): string {
  const all = [model, ...others];
  const title = "Mean absolute error by steps ahead";
  const finding = horizonFinding(model, others);
  const option = horizonChart(
    all.map(({ name, metrics }) => ({ name, values: metrics.byStep.mae })),
    `mean absolute error, ${unit}`,
  );
  const rows = model.metrics.byStep.mae.map((_, h) => ({
    cells: [String(h + 1), ...all.map(({ metrics }) => formatNumber(metrics.byStep.mae[h]))],
  }));
  const columns = ["step", ...all.map(({ name }) => name)].map((heading) => ({ title: heading, numeric: true }));
  return figure({ title, finding, svg: svg("horizon", `${title}. ${finding}`, option), table: htmlTable(title, columns, rows) });
}

function calibrationFigure({ metrics }: MethodResult, svg: Draw): string {
  const title = "Promised and observed shares";
  const finding = calibrationFinding(metrics);
  const quantiles = htmlTable(
    "Share of the actual values at or below each quantile",
    [
      { title: "promised", numeric: true },
      { title: "observed", numeric: true },
    ],
    metrics.quantileCoverage.map(({ level, below }) => ({ cells: [formatLevel(level), formatPercent(below)] })),
  );
  const intervals = htmlTable(
    "Central intervals: coverage, mean width, interval score (Winkler; lower is better)",
    ["interval", "covers", "mean width", "score"].map((heading) => ({ title: heading, numeric: true })),
    metrics.intervals.map(({ level, coverage, width, score }) => ({
      cells: [formatLevel(level), formatPercent(coverage), formatNumber(width), formatNumber(score)],
    })),
  );
  const picture = svg("calibration", `${title}. ${finding}`, calibrationChart(metrics.quantileCoverage));
  return figure({ title, finding, svg: picture, table: quantiles + intervals });
}

function residualFigure(
  { metrics }: MethodResult,
  histogram: NonNullable<TargetReport["residuals"]>,
  unit: string,
  svg: Draw,
): string {
  const title = "Errors of the model";
  const finding = residualFinding(histogram, metrics);
  const rows = histogram.counts.map((count, bin) => ({
    cells: [`${formatNumber(histogram.edges[bin])} to ${formatNumber(histogram.edges[bin + 1])}`, formatNumber(count)],
  }));
  const table = htmlTable(
    "Errors, forecast − actual; the outermost bins hold all that lies further out",
    [{ title: "error" }, { title: "forecasts", numeric: true }],
    rows,
  );
  const option = histogramChart(histogram, `forecast − actual, ${unit}`);
  return figure({ title, finding, svg: svg("errors", `${title}. ${finding}`, option), table });
}

function fanTable(fan: FanData, model: string): string {
  const columns = [
    "time",
    "actual",
    model,
    ...(fan.baseline ? [fan.baseline.name] : []),
    ...fan.bands.flatMap(({ level }) => [`${formatLevel(level)} from`, "to"]),
  ];
  const rows = fan.forecast.map((value, h) => ({
    cells: [
      fan.labels[fan.history.length + h] ?? String(h + 1),
      formatNumber(fan.actual[h]),
      formatNumber(value),
      ...(fan.baseline ? [formatNumber(fan.baseline.values[h])] : []),
      ...fan.bands.flatMap(({ lower, upper }) => [formatNumber(lower[h]), formatNumber(upper[h])]),
    ],
  }));
  return htmlTable(
    "The forecast step by step",
    columns.map((title, c) => ({ title, numeric: c > 0 })),
    rows,
  );
}

function echoTable({ echo }: TargetReport): string {
  const columns = ["step", "correlation with the last value", "with the actual value", "skill over the last value", "echo"];
  return htmlTable(
    `Best alignment of the one-step forecast: ${echo.bestLag ?? "–"} steps late`,
    columns.map((title, c) => ({ title, numeric: c < 4 })),
    echo.steps.map(({ step, withLast, withActual, skill, isEcho }) => ({
      cells: [
        String(step),
        formatCorrelation(withLast),
        formatCorrelation(withActual),
        formatPercent(skill),
        isEcho ? "yes" : "no",
      ],
    })),
  );
}

function worstTable({ worst, verdict }: TargetReport, model: string): string {
  return htmlTable(
    "Forecasts with the largest scaled error, worst first",
    [{ title: "series" }, { title: "from" }, { title: model, numeric: true }, { title: verdict.bestBaseline, numeric: true }],
    worst.map(({ series, from, loss, baselineLoss }) => ({
      cells: [series === "" ? "–" : series, from, formatNumber(loss), formatNumber(baselineLoss)],
    })),
  );
}

type Draw = (name: string, title: string, option: Parameters<typeof renderSvg>[0]) => string;

import { type ForecastEvent, formatDuration } from "@sluice/tasks";
import type { Host } from "./host.ts";
import { methodName } from "./method-name.ts";
import type { Output } from "./output.ts";

/** Most redraws a second on a terminal: 10. */
const REDRAW_MS = 100;
/** Elsewhere: at least one line a minute, and about ten in all. */
const LINE_MS = 60_000;
const LINES = 10;

type Epoch = Extract<ForecastEvent, { kind: "epoch" }>;
type Batch = Extract<ForecastEvent, { kind: "batch" }>;

/** Shows a run's events as they come. */
export interface Progress {
  show(event: ForecastEvent): void;
  /** Removes the line that was being redrawn. */
  end(): void;
}

/** One redrawn line on a terminal; plain lines, few of them, in a file. */
export function createProgress(output: Output, host: Pick<Host, "now">): Progress {
  let last: Epoch | null = null;
  let shownAt = Number.NEGATIVE_INFINITY;
  const baselines: string[] = [];
  const sayBaselines = () => {
    if (baselines.length > 0) output.log(`Baselines, loss on the validation part: ${baselines.join(", ")}.`, output.dim);
    baselines.length = 0;
  };
  const live = (event: Batch | Epoch) => {
    const now = host.now().getTime();
    if (event.kind === "batch" && now - shownAt < REDRAW_MS) return;
    shownAt = now;
    output.redraw(progressLine(event, last, (output.width ?? 80) - 1));
  };
  const plain = (event: Batch | Epoch) => {
    const now = host.now().getTime();
    const due = event.kind === "epoch" && (event.epoch === 1 || event.epoch % Math.ceil(event.epochs / LINES) === 0);
    if (!due && now - shownAt < LINE_MS) return;
    if (event.kind === "batch" && shownAt === Number.NEGATIVE_INFINITY) {
      shownAt = now; // the first minute begins with the first step
      return;
    }
    shownAt = now;
    output.log(progressLine(event, last));
  };
  return {
    show(event) {
      if (event.kind === "baseline" && event.validationLoss !== null) {
        baselines.push(`${methodName(event.name)} ${short(event.validationLoss)}`);
      }
      if (event.kind === "evaluate") {
        if (output.live) output.redraw(`evaluating ${event.name} on the test part …`);
      }
      if (event.kind !== "batch" && event.kind !== "epoch") return;
      sayBaselines();
      if (event.kind === "epoch") last = event;
      if (output.live) live(event);
      else plain(event);
    },
    end() {
      if (output.live) output.redraw("");
    },
  };
}

/**
 * `epoch 14/40  train .182  val .214 (best .209 @11)  vs seasonal naive .231: 9.5 % better  2 310 windows/s  1m08s left`.
 * Where `width` is too small, the speed goes first, then the baseline, then the validation loss.
 */
export function progressLine(event: Batch | Epoch, last: Epoch | null, width: number = Number.POSITIVE_INFINITY): string {
  const epoch = `epoch ${event.epoch}/${event.epochs}`;
  const train = `train ${short(event.loss)}`;
  const validation =
    last === null
      ? event.kind === "batch" && `step ${event.step}/${event.steps}`
      : `val ${short(last.validationLoss)} (best ${short(last.bestValidationLoss)} @${last.bestEpoch})`;
  const beside = last?.baseline && `vs ${methodName(last.baseline.name)} ${short(last.baseline.value)}${lead(last)}`;
  const speed = `${spaced(event.windowsPerSecond)} windows/s`;
  const left = Number.isFinite(event.secondsLeft) && `${formatDuration(event.secondsLeft)} left`;
  const kept = new Set<unknown>([epoch]);
  let used = epoch.length;
  for (const part of [train, left, validation, beside, speed]) {
    if (!part || used + 2 + part.length > width) continue;
    kept.add(part);
    used += 2 + part.length;
  }
  return [epoch, train, validation, beside, speed, left].filter((part) => kept.has(part)).join("  ");
}

/** How the best epoch stands to the baseline; nothing where the baseline is exact. */
function lead({ bestValidationLoss, baseline }: Epoch): string {
  const skill = baseline === null ? Number.NaN : 1 - bestValidationLoss / baseline.value;
  if (!Number.isFinite(skill)) return "";
  const size = skill < -9.99 ? "far" : `${(100 * Math.abs(skill)).toFixed(1)} %`;
  return `: ${size} ${skill >= 0 ? "better" : "worse"}`;
}

/** Three digits and no idle zero: .182, 1.82, 18.2, 182, 1.8e-5. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1);
  const decimals = size < 1 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return value.toFixed(decimals).replace(/^(-?)0\./, "$1.");
}

function spaced(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

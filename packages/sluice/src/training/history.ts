import type { Logs } from "./meter.ts";
import { prefixed } from "./meter.ts";

/** What training did, as plain data. Every list has one entry an epoch. */
export interface History {
  readonly loss: readonly number[];
  /** Empty without validation data. */
  readonly valLoss: readonly number[];
  /** The learning rate at the end of each epoch. */
  readonly learningRate: readonly number[];
  /** Everything else by name: "mae", "valMae", with several outputs "priceLoss", "valPriceLoss". */
  readonly metrics: Readonly<Record<string, readonly number[]>>;
  /** Epochs completed, those before a resume included. */
  readonly epochs: number;
  /** Training steps completed, likewise. */
  readonly steps: number;
  /** Time spent in fit, likewise. */
  readonly seconds: number;
  /** Null when all epochs were run; "aborted" after the signal; otherwise the reason a callback gave. */
  readonly stopped: string | null;
  /** What went wrong without ending training. */
  readonly warnings: readonly string[];
}

const NAMED = ["loss", "valLoss", "learningRate"];

/** Curves by name, as they grow. */
export class Curves {
  private readonly lists = new Map<string, number[]>();

  add(logs: Logs): void {
    for (const [name, value] of Object.entries(logs)) this.list(name).push(value);
  }

  list(name: string): number[] {
    let list = this.lists.get(name);
    if (!list) {
      list = [];
      this.lists.set(name, list);
    }
    return list;
  }

  get entries(): ReadonlyMap<string, readonly number[]> {
    return this.lists;
  }

  /** The curves as a history has them; copies. */
  toHistory(): Pick<History, "loss" | "valLoss" | "learningRate" | "metrics"> {
    const copy = (name: string): number[] => [...(this.lists.get(name) ?? [])];
    const others = [...this.lists.keys()].filter((name) => !NAMED.includes(name));
    return {
      loss: copy("loss"),
      valLoss: copy("valLoss"),
      learningRate: copy("learningRate"),
      metrics: Object.fromEntries(others.map((name) => [name, copy(name)])),
    };
  }
}

/** The same figures as of the validation: "loss" → "valLoss". */
export function validationLogs(logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [prefixed("val", name), value]));
}

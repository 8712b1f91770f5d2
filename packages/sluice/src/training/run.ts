import type { Network } from "../models/network.ts";
import type { Compiled } from "./compile.ts";
import { Curves, type History } from "./history.ts";
import { Meter } from "./meter.ts";

/** Where a call of fit stands: with the model and the callbacks' memory, all that the rest of training depends on. */
export class TrainingRun {
  /** The epoch that is running. */
  epoch: number;
  /** Steps of it that are done. */
  stepInEpoch = 0;
  /** Figures of it so far. */
  readonly meter: Meter;
  /** Figures of the epochs before. */
  readonly curves: Curves = new Curves();
  /** Why a callback ended training; null while it may go on. */
  stopped: string | null = null;
  /** The lowest valLoss (loss without validation) of an epoch. */
  best: number | null = null;
  /** Time spent before this process. */
  secondsBefore = 0;
  readonly warnings: string[] = [];
  private readonly began: number = performance.now();

  constructor(network: Network, compiled: Compiled, epoch: number) {
    this.epoch = epoch;
    this.meter = new Meter(network, compiled);
  }

  get seconds(): number {
    return this.secondsBefore + (performance.now() - this.began) / 1000;
  }

  /** Whether `loss` is the best so far, which it then is. */
  beats(loss: number): boolean {
    if (Number.isNaN(loss) || (this.best !== null && loss >= this.best)) return false;
    this.best = loss;
    return true;
  }

  toHistory(steps: number, stopped: string | null): History {
    return {
      ...this.curves.toHistory(),
      epochs: this.epoch,
      steps,
      seconds: this.seconds,
      stopped,
      warnings: [...this.warnings],
    };
  }
}

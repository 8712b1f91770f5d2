import { restoreCheckpoint, type Training, writeCheckpoint } from "./checkpoint.ts";
import { StorageError } from "./checkpoint-store.ts";
import type { CheckpointOptions } from "./fit-options.ts";

const EVERY_SECONDS = 30;

/** Writes checkpoints when they are due. */
export class Checkpointer {
  private readonly training: Training;
  private readonly options: CheckpointOptions;
  private readonly warn: (message: string) => void;
  private savedSteps: number;
  private savedAt: number = performance.now();
  private savedPosition = "";

  constructor(training: Training, options: CheckpointOptions, warn: (message: string) => void) {
    this.training = training;
    this.options = options;
    this.warn = warn;
    this.savedSteps = training.model.trainingSteps;
  }

  /** Goes on from the newest sound checkpoint; false when there is none. */
  async resume(): Promise<boolean> {
    const loaded = await this.options.store.load();
    if (!loaded) return false;
    for (const { name, reason } of loaded.skipped)
      this.warn(`Skipped checkpoint ${name}: ${reason} Going on from ${loaded.name}.`);
    const warnings = await restoreCheckpoint(loaded.file, this.training);
    for (const warning of warnings) this.warn(warning);
    this.savedSteps = this.training.model.trainingSteps;
    this.savedPosition = this.position;
    return true;
  }

  /** Whether one is due after the step that has just ended. */
  get due(): boolean {
    const { everySteps, everySeconds = everySteps === undefined ? EVERY_SECONDS : Number.POSITIVE_INFINITY } = this.options;
    const steps = this.training.model.trainingSteps - this.savedSteps;
    return steps >= (everySteps ?? Number.POSITIVE_INFINITY) || (performance.now() - this.savedAt) / 1000 >= everySeconds;
  }

  private get position(): string {
    const { epoch, stepInEpoch, stopped } = this.training.run;
    return `${epoch} ${stepInEpoch} ${stopped}`;
  }

  /**
   * Writes one, unless nothing happened since the last.
   * @throws {StorageError} that is fatal; others become warnings, and the checkpoints before stay.
   */
  async save({ best = false }: { best?: boolean } = {}): Promise<void> {
    if (this.position === this.savedPosition) return;
    const { model, run } = this.training;
    const file = await writeCheckpoint(this.training, this.options.metadata ?? {});
    this.savedSteps = model.trainingSteps;
    this.savedAt = performance.now();
    try {
      await this.options.store.save(file, { step: model.trainingSteps, epoch: run.epoch, best });
      this.savedPosition = this.position;
    } catch (error) {
      if (!(error instanceof StorageError) || error.fatal) throw error;
      this.warn(error.message);
    }
  }
}

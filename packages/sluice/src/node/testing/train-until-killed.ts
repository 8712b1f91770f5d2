/**
 * A process to kill. Arguments: folder of the checkpoints, number of the case, epochs. It goes on from what the folder
 * holds, prints "step N" after each step, and at its end one line of JSON with everything that must be the same.
 */
import { writeSync } from "node:fs";
import { checkpointFolder } from "../../node.ts";
import { outcome, prepareRun, RUN_CASES, type RunCase } from "../../training/testing/recurrent-runs.ts";

const [folder = "", number = "0", epochs = "1"] = process.argv.slice(2);
const run = prepareRun(RUN_CASES[Number(number)] as RunCase, Number(epochs));
const say = (line: string): void => void writeSync(1, `${line}\n`);
const callbacks = [...(run.options.callbacks ?? []), { onBatchEnd: ({ step }: { step: number }) => say(`step ${step}`) }];
const checkpoint = { store: checkpointFolder(folder), everySteps: 2 };
const history = await run.model.fit(run.x, run.y, { ...run.options, callbacks, checkpoint, resume: true });
say(JSON.stringify(await outcome(run, history)));

/** What needs Node: checkpoints as files. Everything else stands in "sluice". */
export { type CheckpointFolderOptions, checkpointFolder } from "./node/checkpoint-folder.ts";
export type { FileSystem, FileWriter } from "./node/file-system.ts";
export { writeFileAtomically } from "./node/write-atomically.ts";

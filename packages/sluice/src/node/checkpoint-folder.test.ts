import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dense, sequential } from "../index.ts";
import { checkpointFolder, writeFileAtomically } from "../node.ts";
import { writeSealed } from "../training/checksum.ts";
import { Died, type Fault, faultyFileSystem } from "./testing/faulty-file-system.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-checkpoints-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A sound checkpoint that says which step it is of. */
const file = (step: number): Promise<Uint8Array> =>
  writeSealed({ metadata: new Map(), tensors: new Map([["step", { shape: [1000], data: new Float64Array(1000).fill(step) }]]) });
const name = (step: number): string => `checkpoint-${String(step).padStart(12, "0")}.safetensors`;
const save = async (step: number, best = false, store = checkpointFolder(folder)): Promise<void> =>
  store.save(await file(step), { step, epoch: step, best });
const stepIn = async (loaded: { file: Uint8Array } | null): Promise<number | null> => {
  if (!loaded) return null;
  for (let step = 0; step < 20; step++) if (Buffer.compare(loaded.file, await file(step)) === 0) return step;
  throw new Error("a checkpoint that nobody wrote");
};
const list = async (): Promise<string[]> => (await readdir(folder)).sort();

describe("a checkpoint folder", () => {
  test("keeps the last two and the best, and names them in its manifest", async () => {
    for (const step of [1, 2, 3, 4, 5]) await save(step, step === 2);
    expect(await list()).toEqual([name(2), name(4), name(5), "checkpoints.json"]);
    const manifest = JSON.parse(await readFile(join(folder, "checkpoints.json"), "utf8"));
    expect(manifest).toEqual({
      version: 1,
      checkpoints: [
        { name: name(2), step: 2, epoch: 2, best: true },
        { name: name(4), step: 4, epoch: 4, best: false },
        { name: name(5), step: 5, epoch: 5, best: false },
      ],
    });
    await save(6, true);
    expect(await list()).toEqual([name(5), name(6), "checkpoints.json"]);
    expect(await stepIn(await checkpointFolder(folder).load())).toBe(6);
  });

  test("is made when it is missing, and holds nothing before the first save", async () => {
    const deeper = join(folder, "runs", "one");
    expect(await checkpointFolder(deeper).load()).toBeNull();
    await save(1, false, checkpointFolder(deeper));
    expect(await stepIn(await checkpointFolder(deeper).load())).toBe(1);
  });

  test("leaves other files alone, clears what killed processes left, and does without its manifest", async () => {
    await writeFile(join(folder, "notes.txt"), "mine");
    await writeFile(join(folder, `${name(7)}.tmp`), "half");
    await writeFile(join(folder, "checkpoints.json"), "{ damaged");
    await save(1);
    expect(await list()).toEqual([name(1), "checkpoints.json", "notes.txt"]);
    await rm(join(folder, "checkpoints.json"));
    expect(await stepIn(await checkpointFolder(folder).load())).toBe(1);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ["cut short", (path) => truncate(path, 200)],
    ["emptied", (path) => truncate(path, 0)],
    [
      "rotten in one bit",
      async (path) => {
        const bytes = await readFile(path);
        bytes[3000]! ^= 4;
        await writeFile(path, bytes);
      },
    ],
  ])("falls back when the newest is %s, and names both", async (_, damage) => {
    for (const step of [1, 2]) await save(step);
    await damage(join(folder, name(2)));
    const loaded = await checkpointFolder(folder).load();
    expect(await stepIn(loaded)).toBe(1);
    expect(loaded?.name).toBe(join(folder, name(1)));
    expect(loaded?.skipped).toEqual([{ name: join(folder, name(2)), reason: expect.stringMatching(/cut short/) }]);
    await save(2); // the damaged one is replaced
    expect(await stepIn(await checkpointFolder(folder).load())).toBe(2);
    await damage(join(folder, name(1)));
    await damage(join(folder, name(2)));
    await expect(checkpointFolder(folder).load()).rejects.toThrow(/no checkpoint is sound/);
  });
});

/** Saves step 3 after 1 and 2, while call `at` goes wrong; says which calls were made and how it ended. */
async function saveWith(fault: Fault | null): Promise<{ calls: readonly string[]; error: unknown }> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const step of [1, 2]) await save(step, step === 1);
  const fileSystem = faultyFileSystem(fault);
  const error = await save(3, false, checkpointFolder(folder, { fileSystem })).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { calls: fileSystem.calls, error };
}

describe("every call of a save", async () => {
  test("is made in the order that makes it durable", async () => {
    const { calls } = await saveWith(null);
    const written = ["create", "write", "sync", "close", "rename", "syncFolder"];
    expect(calls.slice(0, 14)).toEqual(["makeFolder", ...written, "read", ...written]);
    expect(calls.slice(14)).toEqual(["list"]);
  });

  test("may be the last of the process: a sound checkpoint is there, and the next save works", async () => {
    const { calls } = await saveWith(null);
    for (let at = 0; at < calls.length; at++) {
      const { error } = await saveWith({ kind: "dies", at });
      expect(error === null || error instanceof Error, `died in call ${at}, ${calls[at]}`).toBe(true);
      const step = await stepIn(await checkpointFolder(folder).load());
      expect(error === null ? [3] : [2, 3], `after dying in call ${at}, ${calls[at]}`).toContain(step);
      await save(4);
      expect(await stepIn(await checkpointFolder(folder).load())).toBe(4);
      expect((await list()).some((each) => each.endsWith(".tmp"))).toBe(false);
    }
    expect(new Died("")).toBeInstanceOf(Error);
  });

  test.each([
    "ENOSPC",
    "EIO",
    "EACCES",
  ])("may fail with %s: what was there stays, and the error says whether to go on", async (code) => {
    const { calls } = await saveWith(null);
    for (let at = 0; at < calls.length; at++) {
      const { error } = await saveWith({ kind: "fails", code, at });
      const call = calls[at] as string;
      const harmless = ["makeFolder", "read", "list"].includes(call);
      if (harmless) expect(error, call).toBeNull();
      else
        expect(error, call).toMatchObject({
          name: "StorageError",
          fatal: call === "sync" || call === "syncFolder",
          message: expect.stringContaining(code),
        });
      expect(error === null ? [3] : [2, 3]).toContain(await stepIn(await checkpointFolder(folder).load()));
      expect(
        (await list()).some((each) => each.endsWith(".tmp")),
        call,
      ).toBe(false);
    }
  });
});

test("training goes on while the disk is full, says so, and ends when the disk cannot be relied on", async () => {
  const net = sequential([dense({ units: 1, inputShape: [1] })], { backend: "reference" }).compile({ loss: "mse" });
  const train = (fault: Fault) => {
    const store = checkpointFolder(folder, { fileSystem: faultyFileSystem(fault) });
    return net.fit([[1], [2]], [[1], [2]], { batchSize: 1, epochs: 3, checkpoint: { store, everySteps: 1 } });
  };
  const history = await train({ kind: "fails", code: "ENOSPC", at: 2 });
  expect(history.epochs).toBe(3);
  expect(history.warnings).toEqual([
    expect.stringMatching(
      /Cannot write checkpoint-\d+.safetensors in .*: ENOSPC: made to fail. What was there before is untouched/,
    ),
  ]);
  await expect(train({ kind: "fails", code: "EIO", at: 3 })).rejects.toThrow(
    /the disk did not confirm the write \(EIO: made to fail\)/,
  );
});

test("a file is written whole or not at all", async () => {
  const path = join(folder, "model.safetensors");
  await writeFileAtomically(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomically(path, Uint8Array.of(4));
  expect([...(await readFile(path))]).toEqual([4]);
  expect(await list()).toEqual(["model.safetensors"]);
  await expect(writeFileAtomically(join(folder, "missing", "x"), Uint8Array.of(1))).rejects.toThrow(
    /Cannot write x in .*missing: ENOENT/,
  );
});

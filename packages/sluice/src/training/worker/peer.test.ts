import { afterEach, describe, expect, test } from "vitest";
import { FormatError, NumericError, ShapeError, StateError, ValueError } from "../../errors.ts";
import { StorageError } from "../checkpoint-store.ts";
import { Peer, type Port } from "./peer.ts";

type Echo = {
  readonly echo: (value: unknown) => Promise<unknown>;
  readonly fail: (error: unknown) => never;
  /** Calls `fail` on the other side. */
  readonly bounce: () => Promise<unknown>;
};

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** Two peers on one channel; `thrown` is what either side's `fail` throws. */
function twoPeers(thrown: unknown): [Peer<Echo>, Peer<Echo>] {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  for (const port of [port1, port2]) port.start();
  const serviceOf = (other: () => Peer<Echo>): Echo => ({
    echo: async (value) => value,
    fail: () => {
      throw thrown;
    },
    bounce: () => other().call("fail"),
  });
  const here: Peer<Echo> = new Peer(
    port1 as Port,
    serviceOf(() => here),
  );
  const there: Peer<Echo> = new Peer(
    port2 as Port,
    serviceOf(() => there),
  );
  return [here, there];
}

describe("calls between two threads", () => {
  test("many at once, each with its own answer", async () => {
    const [here, there] = twoPeers(null);
    const values = Array.from({ length: 50 }, (_, k) => ({ k, data: Float32Array.of(k, -0, Number.NaN) }));
    expect(await Promise.all(values.map((value, k) => (k % 2 ? here : there).call("echo", value)))).toEqual(values);
  });

  test.each([
    new ShapeError("a shape"),
    new ValueError("a value"),
    new StateError("a state"),
    new FormatError("a format"),
    new NumericError("a number"),
    new StorageError("a disk", { fatal: true }),
    new RangeError("a range"),
    new TypeError("a type"),
  ])("an error arrives as what it is: $name", async (error) => {
    const [here] = twoPeers(error);
    const arrived = await here.call("fail").catch((reason: unknown) => reason);
    expect(arrived).not.toBe(error);
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(error));
    expect(arrived).toMatchObject({ name: error.name, message: error.message, stack: error.stack });
    expect((arrived as StorageError).fatal).toBe((error as StorageError).fatal);
  });

  test("one of another class keeps its name, and what is no error its text", async () => {
    class OwnError extends Error {
      override readonly name = "OwnError";
    }
    expect(await twoPeers(new OwnError("mine"))[0].call("fail").catch(String)).toBe("OwnError: mine");
    expect(await twoPeers("a text")[0].call("fail").catch(String)).toBe("Error: a text");
  });

  test("one that passes through the other thread comes back as the same object", async () => {
    const error = { any: ["thing", () => 1] };
    expect(
      await twoPeers(error)[0]
        .call("bounce")
        .catch((reason: unknown) => reason),
    ).toBe(error);
  });

  test("what cannot be copied is an error of the call, on the way there and on the way back", async () => {
    const [here] = twoPeers(null);
    await expect(here.call("echo", () => 1)).rejects.toThrow(/could not be cloned/);
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    for (const port of [port1, port2]) port.start();
    const asking: Peer<Echo> = new Peer(port1 as Port, {});
    new Peer(port2 as Port, { echo: () => () => 1 });
    await expect(asking.call("echo")).rejects.toThrow(/could not be cloned/);
  });

  test("when the other side is gone, calls under way and later ones fail", async () => {
    const [here] = twoPeers(null);
    const waiting = here.call("echo", 1);
    here.close(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(here.call("echo", 2)).rejects.toThrow("gone");
  });
});

import { describeError, type Failure, reviveError } from "./failure.ts";

/** One end of a channel between two threads: a worker, what a worker sees of its page, or a message port. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** What one side may ask of the other: methods of one argument, which is sent as a copy. */
export type Service = Readonly<Record<string, (argument: never) => unknown>>;

type Result<F extends (argument: never) => unknown> = Awaited<ReturnType<F>>;

interface CallMessage {
  readonly call: number;
  readonly method: string;
  readonly argument: unknown;
}

interface AnswerMessage {
  readonly answer: number;
  readonly value?: unknown;
  readonly failure?: Failure;
  /** The call of the receiver's own whose failure this is, when that is where it came from. */
  readonly origin?: number | undefined;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls between two threads, each of which serves the other. An error arrives with its class, name, message and stack; one that
 * passes through the other thread comes back as the very object that was thrown.
 */
export class Peer<Remote extends Service> {
  private readonly port: Port;
  private readonly own: Service;
  private readonly waiting = new Map<number, Waiting>();
  /** What this side's methods threw, by the number of the other side's call. */
  private readonly thrown = new Map<number, unknown>();
  /** Which call brought an error of the other side's here. */
  private readonly origins = new WeakMap<object, number>();
  private calls = 0;
  private closed: Error | null = null;

  constructor(port: Port, own: Service) {
    this.port = port;
    this.own = own;
    port.addEventListener("message", ({ data }) => {
      if (isCall(data)) void this.serve(data);
      else this.settle(data as AnswerMessage);
    });
  }

  /**
   * Calls a method of the other side.
   * @param transfer buffers that are handed over instead of copied.
   * @throws what the method threw there; {DOMException} when the argument cannot be sent.
   */
  call<K extends keyof Remote & string>(
    method: K,
    argument?: Parameters<Remote[K]>[0],
    transfer: Transferable[] = [],
  ): Promise<Result<Remote[K]>> {
    if (this.closed) return Promise.reject(this.closed);
    const call = this.calls++;
    return new Promise((resolve, reject) => {
      this.port.postMessage({ call, method, argument } satisfies CallMessage, transfer);
      this.waiting.set(call, { resolve, reject });
    });
  }

  /** The other side is gone: every call that waits, and every later one, fails with `reason`. */
  close(reason: Error): void {
    this.closed ??= reason;
    for (const { reject } of this.waiting.values()) reject(this.closed);
    this.waiting.clear();
  }

  private async serve({ call, method, argument }: CallMessage): Promise<void> {
    try {
      const value = await (this.own[method] as (argument: unknown) => unknown)(argument);
      this.port.postMessage({ answer: call, value } satisfies AnswerMessage, []);
    } catch (error) {
      this.thrown.set(call, error);
      const origin = typeof error === "object" && error !== null ? this.origins.get(error) : undefined;
      this.port.postMessage({ answer: call, failure: describeError(error), origin } satisfies AnswerMessage, []);
    }
  }

  private settle({ answer, value, failure, origin }: AnswerMessage): void {
    const waiting = this.waiting.get(answer);
    this.waiting.delete(answer);
    if (!failure) waiting?.resolve(value as never);
    else
      waiting?.reject(origin !== undefined && this.thrown.has(origin) ? this.thrown.get(origin) : this.revive(failure, answer));
  }

  private revive(failure: Failure, call: number): Error {
    const error = reviveError(failure);
    this.origins.set(error, call);
    return error;
  }
}

function isCall(message: unknown): message is CallMessage {
  return typeof message === "object" && message !== null && "call" in message;
}

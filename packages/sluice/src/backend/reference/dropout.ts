import { type RandomKey, RandomStream } from "../../random/philox.ts";
import type { HostArray } from "../backend.ts";

/** out[i] = 0 where word i of the stream is below ⌊rate·2³²⌋, else 1/(1 − rate) [Srivastava et al. 2014, JMLR 15:1929]. */
export function dropoutMask(out: HostArray, rate: number, key: RandomKey): void {
  const words = new RandomStream(key);
  const limit = Math.floor(rate * 2 ** 32);
  for (let i = 0; i < out.length; i++) out[i] = words.word() < limit ? 0 : 1 / (1 - rate);
}

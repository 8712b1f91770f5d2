import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../random/philox.ts";
import { Beam, type Hypothesis } from "./beam.ts";

const V = 4;
const [PAD, START, STOP] = [0, 1, 2];

/** ln p of each next token after a prefix: made up, and the same at each call. */
function scoresAfter(prefix: readonly number[], seed: number, levels: number): number[] {
  const stream = new RandomStream({ seed, stream: prefix.reduce((code, token) => code * 5 + token + 1, 0), step: 0 });
  const raw = Array.from({ length: V }, () => -Math.floor(levels * stream.uniform()) / 4); // few levels make ties
  const sum = raw.reduce((total, score) => total + Math.exp(score), 0);
  return raw.map((score) => score - Math.log(sum));
}

interface Plain {
  readonly tokens: readonly number[];
  readonly sum: number;
}

/** The rule of the search in its plainest form: make every continuation, sort, cut. */
function plainSearch(seed: number, levels: number, beams: number, maxLength: number): { ended: Plain[]; open: Plain[] } {
  const ended: Plain[] = [];
  let open: Plain[] = [{ tokens: [], sum: 0 }];
  for (let length = 0; length <= maxLength && open.length > 0 && ended.length < beams; length++) {
    const all = open.flatMap(({ tokens, sum }) =>
      scoresAfter(tokens, seed, levels).flatMap((score, token) =>
        token === PAD ? [] : [{ tokens: [...tokens, token], sum: sum + score }],
      ),
    );
    all.sort((a, b) => b.sum - a.sum);
    const isStopped = ({ tokens }: Plain): boolean => tokens.at(-1) === STOP;
    const stopped = all.slice(0, beams).filter(isStopped);
    ended.push(...stopped);
    if (length < maxLength) open = all.filter((each) => !isStopped(each)).slice(0, beams);
    else open = open.filter(({ tokens }) => !stopped.some((each) => each.tokens.slice(0, -1).join() === tokens.join()));
  }
  return { ended, open };
}

function plain(hypothesis: Hypothesis): Plain {
  const tokens: number[] = [];
  for (let at = hypothesis; at.before; at = at.before) tokens.unshift(at.token);
  expect(tokens).toHaveLength(hypothesis.length);
  return { tokens, sum: hypothesis.logProbability };
}

describe("beam search", () => {
  test("does what its rule says, also among equals", () => {
    const sizes = { seed: fc.nat(1e6), levels: fc.constantFrom(2, 4, 40), beams: fc.integer({ min: 1, max: 6 }) };
    fc.assert(
      fc.property(fc.record({ ...sizes, maxLength: fc.integer({ min: 1, max: 4 }) }), ({ seed, levels, beams, maxLength }) => {
        const search = new Beam({ start: START, stop: STOP, pad: PAD, beams, maxLength }, 7);
        expect(search.open.map(({ row }) => row)).toEqual([7]);
        while (!search.over) {
          const rows = search.open.map((each) => scoresAfter(plain(each).tokens, seed, levels));
          const before = search.open;
          search.advance(Float64Array.from([0, 0, 0, 0, ...rows.flat()]), V, 1); // one row of another source stands before
          for (const each of search.open) if (!before.includes(each)) expect(before[each.row - 1]).toBe(each.before);
        }
        expect({ ended: search.ended.map(plain), open: search.open.map(plain) }).toEqual(
          plainSearch(seed, levels, beams, maxLength),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("ends where nothing can follow", () => {
    const search = new Beam({ start: START, stop: STOP, pad: PAD, beams: 2, maxLength: 5 }, 0);
    search.advance(new Float64Array(V).fill(Number.NEGATIVE_INFINITY), V, 0);
    expect(search).toMatchObject({ over: true, ended: [], open: [{ length: 0 }] });
  });
});

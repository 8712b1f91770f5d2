import fc from "fast-check";
import { expect, test } from "vitest";
import { ALIGNMENT, Arena, blockBytes, WasmHeap } from "./heap.ts";

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** Fails when two blocks share a byte, one leaves the memory, or one is not aligned. */
function expectApart(blocks: readonly Block[], heap: WasmHeap): void {
  const sorted = blocks.toSorted((a, b) => a.start - b.start);
  for (const [i, { start, bytes }] of sorted.entries()) {
    expect(start % ALIGNMENT).toBe(0);
    expect(start).toBeGreaterThanOrEqual(65_536);
    expect(start + bytes).toBeLessThanOrEqual(sorted[i + 1]?.start ?? heap.reservedBytes - ALIGNMENT);
  }
}

test("blocks never overlap, whatever is taken and given back", () => {
  const heap = new WasmHeap();
  const action = fc.record({ length: fc.integer({ min: 0, max: 400_000 }), giveBack: fc.boolean(), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const held: Block[] = [];
      for (const { length, giveBack, which } of actions) {
        if (giveBack && held.length > 0) {
          const [block] = held.splice(which % held.length, 1) as [Block];
          heap.release(block.start, block.bytes);
        } else {
          const bytes = blockBytes(length);
          held.push({ start: heap.allocate(bytes), bytes });
        }
        expectApart(held, heap);
      }
      for (const { start, bytes } of held) heap.release(start, bytes);
    }),
    { numRuns: 50 },
  );
});

test("given back whole, the memory is one block again", () => {
  const heap = new WasmHeap();
  const blocks = Array.from({ length: 50 }, (_, i) => ({ bytes: blockBytes(1000 * i), start: 0 }));
  for (const block of blocks) block.start = heap.allocate(block.bytes);
  const reserved = heap.reservedBytes;
  for (const order of [0, 1])
    for (const [i, { start, bytes }] of blocks.entries()) if (i % 2 === order) heap.release(start, bytes);
  expect(heap.allocate(reserved - 65_536 - ALIGNMENT)).toBe(65_536);
  expect(heap.reservedBytes).toBe(reserved);
});

test("an arena hands out blocks that lie apart, and the same memory again after a reset", () => {
  const heap = new WasmHeap();
  const arena = new Arena(heap);
  const lengths = [10, 2_000_000, 1, 500_000, 0, 3_000_000, 7];
  const fill = (): Block[] => lengths.map((length) => ({ bytes: blockBytes(length), start: arena.allocate(blockBytes(length)) }));
  const first = fill();
  expectApart(first, heap);
  expect(arena.used).toBe(first.reduce((sum, { bytes }) => sum + bytes, 0));
  const reserved = heap.reservedBytes;
  for (let step = 0; step < 20; step++) {
    arena.reset();
    expect(arena.used).toBe(0);
    heap.allocate(64); // a neighbour the arena must go around when it grows
    expectApart(fill(), heap);
  }
  expect(heap.reservedBytes).toBe(reserved);
});

import { describe, expect, test } from "vitest";
import { StateError, ValueError } from "../../errors.ts";
import { kernelLaws } from "../testing/kernel-laws.ts";
import { decodeKernels, hasRelaxedSimd } from "./encoded.ts";
import * as relaxed from "./kernels-relaxed.generated.ts";
import { compileKernels, loadWide } from "./module.ts";
import { allowRelaxedSimd } from "./testing/relaxed-simd.ts";
import { createWasmBackend, type WasmVariant } from "./wasm-backend.ts";

await allowRelaxedSimd();
await loadWide();

const variants = (["simd", "relaxed", "wide"] as const).filter((variant: WasmVariant) => compileKernels(variant, false) !== null);

for (const variant of variants) kernelLaws(`wasm (${variant})`, () => createWasmBackend({ variant }));

test("the probe for fused instructions says what the engine says of the whole build", () => {
  expect(hasRelaxedSimd()).toBe(WebAssembly.validate(decodeKernels(relaxed, false)));
});

describe("wasm backend", () => {
  test("takes the best variant that runs and says which", () => {
    const backend = createWasmBackend();
    const { variant, variantReason, rejected } = backend.report();
    expect({ variant, rejected }).toEqual(
      variants.includes("relaxed")
        ? { variant: "relaxed", rejected: [] }
        : { variant: "simd", rejected: [{ variant: "relaxed", reason: expect.stringContaining("instructions") }] },
    );
    expect(variantReason).not.toBe("");
    expect(backend.variant).toBe(variant);
    expect(backend.memory()).toMatchObject({ persistentBytes: 0, stepBytes: 0, peakStepBytes: 0 });
  });

  test("host storage that a kernel wrote to keeps the result after the step", () => {
    const backend = createWasmBackend();
    const out = backend.upload([0, 0, 0]);
    backend.step(() => {
      backend.kernels.unary("square", backend.upload([1, 2, 3]), out);
      expect(Array.from(backend.readSync(out))).toEqual([1, 4, 9]);
      backend.write(out, [5], 1);
    });
    expect(Array.from(backend.readSync(out))).toEqual([1, 5, 9]);
    backend.kernels.unary("negate", out, out);
    expect(Array.from(backend.readSync(out))).toEqual([-1, -5, -9]);
  });

  test("storage of another backend is refused", () => {
    const [one, other] = [createWasmBackend(), createWasmBackend()];
    expect(() => one.kernels.fill(other.allocatePersistent(2), 1)).toThrow(ValueError);
  });

  test("a kernel that would leave its storage is stopped before it starts", () => {
    const backend = createWasmBackend();
    const [long, short] = [backend.upload(new Float32Array(9)), backend.allocatePersistent(8)];
    const view = { offset: 0, strides: [1] };
    expect(() => backend.kernels.unary("tanh", long, short)).toThrow(RangeError);
    expect(() => backend.kernels.copy(long, view, short, view, [9], false)).toThrow(RangeError);
    expect(() => backend.kernels.copy(long, { offset: 3, strides: [-1] }, short, view, [5], false)).toThrow(RangeError);
    expect(() => backend.kernels.binary("add", long, [1], short, [1], long, [9])).toThrow(RangeError);
    expect(() => backend.write(short, [1, 2], 7)).toThrow(ValueError);
  });

  test("memory that cannot grow is an error with a way out, and the backend goes on", () => {
    const backend = createWasmBackend();
    expect(() => backend.allocatePersistent(2 ** 30)).toThrow(StateError);
    expect(() => backend.allocatePersistent(2 ** 30)).toThrow(/smaller batch/);
    const kept = backend.allocatePersistent(1);
    backend.kernels.fill(kept, 3);
    expect(Array.from(backend.readSync(kept))).toEqual([3]);
  });
});

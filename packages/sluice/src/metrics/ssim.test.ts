import { expect, test } from "vitest";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";
import { type Images, type SsimOptions, ssim } from "./ssim.ts";

interface ImageCase {
  readonly name: string;
  readonly options: SsimOptions;
  readonly inputs: { readonly actual: OracleTensor; readonly predicted: OracleTensor };
  readonly expected: readonly number[];
}

test.each(oracleCases<ImageCase>("numpy-images"))("agrees with the definition: $name", ({ options, inputs, expected }) => {
  expectClose(ssim(inputs.actual, inputs.predicted, options), expected, { atol: 1e-11 }); // twelve printed digits
});

const images = (values: (k: number) => number, count = 1): Images => ({
  shape: [count, 12, 12, 1],
  data: Float32Array.from({ length: 144 * count }, (_, k) => values(k)),
});
const stripes = images((k) => (k % 4 < 2 ? 1 : 0), 2);

test("equal images have 1, turned ones less than 0, and each image has its own", () => {
  expectClose(ssim(stripes, stripes), [1, 1], { atol: 1e-12 });
  const half = images((k) => (k % 4 < 2 === k < 144 ? 1 : 0), 2);
  const [same, turned] = ssim(stripes, half) as [number, number];
  expect(same).toBeCloseTo(1, 12);
  expect(turned).toBeLessThan(-0.9);
});

test("two even greys differ by their means alone: (2ab + C₁) / (a² + b² + C₁)", () => {
  const [found] = ssim(
    images(() => 0.5),
    images(() => 0.25),
  );
  expect(found).toBeCloseTo((2 * 0.5 * 0.25 + 1e-4) / (0.5 ** 2 + 0.25 ** 2 + 1e-4), 10);
});

test("bytes are judged as fractions are, by their range", () => {
  const [fractions, bytes] = [images((k) => (k % 7) / 8), images((k) => ((k % 7) / 8) * 255)];
  const other = (scale: number) => images((k) => ((k % 5) / 8) * scale);
  expectClose(ssim(bytes, other(255), { dynamicRange: 255 }), ssim(fractions, other(1)), { atol: 1e-6 }); // float32 pixels
});

test("says what it reads", () => {
  expect(() => ssim({ shape: [12, 10, 1], data: [] }, { shape: [12, 10, 1], data: [] })).toThrow(/\[12, 10, 1\].*11 × 11/);
  expect(() =>
    ssim(
      stripes,
      images(() => 0),
    ),
  ).toThrow(/\[2, 12, 12, 1\] and \[1, 12, 12, 1\]/);
  expect(() => ssim(stripes, stripes, { dynamicRange: 0 })).toThrow(/dynamicRange 0/);
});

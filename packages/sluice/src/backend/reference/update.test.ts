import { describe, expect, test } from "vitest";
import type { UpdateRule } from "../kernels.ts";
import { UPDATES } from "./update.ts";

/** p after each of `steps` steps with gradients g_t, from p = 1 and zero slots. */
function walk(rule: UpdateRule, hyper: (t: number) => number[], steps: number, g: (t: number) => number): number[] {
  const p = Float64Array.of(1);
  const slots = [0, 1, 2].map(() => new Float64Array(1));
  return Array.from({ length: steps }, (_, k) => {
    UPDATES[rule](p, Float64Array.of(g(k + 1)), slots, hyper(k + 1));
    return p[0]!;
  });
}

function expectWalk(actual: number[], expected: (t: number) => number): void {
  for (const [k, p] of actual.entries()) expect(p).toBeCloseTo(expected(k + 1), 12);
}

// Constant gradients have closed forms: Σ_{s<t} ρˢ = (1 − ρᵗ)/(1 − ρ).
describe("optimizer rules on a constant gradient", () => {
  const g = 0.5;
  const sumTo = (t: number, term: (s: number) => number): number =>
    Array.from({ length: t }, (_, k) => term(k + 1)).reduce((a, b) => a + b, 0);

  test("sgd walks by lr·g", () =>
    expectWalk(
      walk(
        "sgd",
        () => [0.1],
        4,
        () => g,
      ),
      (t) => 1 - 0.1 * g * t,
    ));

  test("momentum gains speed as (1 − mᵗ)/(1 − m), Nesterov one step ahead", () => {
    const velocity = (s: number): number => (0.1 * g * (1 - 0.9 ** s)) / 0.1;
    expectWalk(
      walk(
        "momentum",
        () => [0.1, 0.9, 0],
        4,
        () => g,
      ),
      (t) => 1 - sumTo(t, velocity),
    );
    expectWalk(
      walk(
        "momentum",
        () => [0.1, 0.9, 1],
        4,
        () => g,
      ),
      (t) => 1 - sumTo(t, (s) => velocity(s + 1)),
    );
  });

  test("rmsprop divides by the root of g²(1 − ρᵗ), centred by that of g²(1 − ρᵗ)ρᵗ", () => {
    const step = (s: number): number => (0.01 * g) / Math.sqrt(g * g * (1 - 0.9 ** s) + 1e-7);
    expectWalk(
      walk(
        "rmsprop",
        () => [0.01, 0.9, 1e-7, 0, 0],
        4,
        () => g,
      ),
      (t) => 1 - sumTo(t, step),
    );
    const centred = (s: number): number => (0.01 * g) / Math.sqrt(g * g * (1 - 0.9 ** s) * 0.9 ** s + 1e-7);
    expectWalk(
      walk(
        "rmsprop",
        () => [0.01, 0.9, 1e-7, 0, 1],
        4,
        () => g,
      ),
      (t) => 1 - sumTo(t, centred),
    );
    const velocity = (s: number): number => sumTo(s, (r) => 0.5 ** (s - r) * step(r));
    expectWalk(
      walk(
        "rmsprop",
        () => [0.01, 0.9, 1e-7, 0.5, 0],
        4,
        () => g,
      ),
      (t) => 1 - sumTo(t, velocity),
    );
  });

  test("adam, its corrections folded in, walks by lr, and decays first", () => {
    const hyper = (decay: number) => (t: number) => [(0.01 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t), 0.9, 0.999, 0, decay];
    expectWalk(
      walk("adam", hyper(0), 5, () => g),
      (t) => 1 - 0.01 * t,
    );
    let p = 1;
    expectWalk(
      walk("adam", hyper(0.02), 5, () => g),
      () => (p = p * 0.98 - 0.01),
    );
  });

  test("nadam mixes the mean with the gradient", () => {
    const hyper = (t: number): number[] => [0.01, 0.9, 0.999, 0, 0.7, 0.2, 1 / (1 - 0.999 ** t)];
    expectWalk(
      walk("nadam", hyper, 4, () => g),
      (t) => 1 - 0.01 * sumTo(t, (s) => 0.7 * (1 - 0.9 ** s) + 0.2),
    );
  });

  test("epsilon stands beside the root for adam and nadam, inside it for adagrad and rmsprop", () => {
    // one step, g = 3: m = 0.3, v = 0.09 (β₂ = 0.99), v·4 = 0.36
    expect(
      walk(
        "adam",
        () => [1, 0.9, 0.99, 0.2, 0],
        1,
        () => 3,
      )[0],
    ).toBeCloseTo(1 - 0.3 / (0.3 + 0.2), 12);
    expect(
      walk(
        "nadam",
        () => [1, 0.9, 0.99, 0.2, 1, 0, 4],
        1,
        () => 3,
      )[0],
    ).toBeCloseTo(1 - 0.3 / (0.6 + 0.2), 12);
    expect(
      walk(
        "adagrad",
        () => [1, 16],
        1,
        () => 3,
      )[0],
    ).toBeCloseTo(1 - 3 / 5, 12);
    expect(
      walk(
        "rmsprop",
        () => [1, 0.5, 4.5, 0, 0],
        1,
        () => 3,
      )[0],
    ).toBeCloseTo(0, 12);
  });

  test("adagrad walks by lr/√t", () =>
    expectWalk(
      walk(
        "adagrad",
        () => [0.1, 0],
        4,
        () => g,
      ),
      (t) => 1 - 0.1 * sumTo(t, (s) => s ** -0.5),
    ));

  test("adadelta: two steps by hand, g = 2 then 1, ρ = ½, ε = 1", () => {
    // a₁ = 2, Δ₁ = 2·√1/√3, d₁ = ½·4/3 = 2/3; a₂ = 1.5, Δ₂ = √(5/3)/√2.5 = √(2/3)
    const p1 = 1 - 2 / Math.sqrt(3);
    expectWalk(
      walk(
        "adadelta",
        () => [1, 0.5, 1],
        2,
        (t) => 3 - t,
      ),
      (t) => (t === 1 ? p1 : p1 - Math.sqrt(2 / 3)),
    );
  });
});

test("a changing gradient reaches adam's two means with their own pace", () => {
  // m: 0.1·1 = 0.1, then 0.19 + … by hand: m₂ = 0.1 + 0.1(3 − 0.1) = 0.39; v₁ = 0.01, v₂ = 0.01 + 0.01(9 − 0.01) = 0.0999
  const after = walk(
    "adam",
    () => [1, 0.9, 0.99, 0.5, 0],
    2,
    (t) => 2 * t - 1,
  );
  expect(after[0]).toBeCloseTo(1 - 0.1 / (0.1 + 0.5), 12);
  expect(after[1]).toBeCloseTo(after[0]! - 0.39 / (Math.sqrt(0.0999) + 0.5), 12);
});

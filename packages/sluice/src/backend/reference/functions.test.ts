import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UnaryName } from "../kernels.ts";
import { GATE_ACTIVATIONS } from "../testing/recurrent-laws.ts";
import { erfc } from "./erf.ts";
import { UNARY } from "./functions.ts";

const NAMES = Object.keys(UNARY) as UnaryName[];

describe("erfc", () => {
  // From CPython's math.erfc (C library).
  test.each([
    [1e-10, 0.999999999887162],
    [0.1, 0.8875370839817152],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [1.4, 0.04771488023735121],
    [1.6, 0.023651616655355985],
    [2, 0.004677734981047265],
    [3, 2.2090496998585438e-5],
    [5, 1.5374597944280351e-12],
    [10, 2.088487583762545e-45],
    [20, 5.3958656116079005e-176],
    [-0.5, 1.5204998778130465],
    [-2, 1.9953222650189528],
    [-10, 2],
  ])("erfc(%f)", (x, expected) => expect(Math.abs(erfc(x) / expected - 1)).toBeLessThan(5e-15));

  test("meets its limits", () => {
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 40, -40].map(erfc)).toEqual([0, 2, 1, 0, 2]);
    expect(erfc(Number.NaN)).toBeNaN();
  });
});

describe("unary functions", () => {
  // Written out in Python from the definitions (log(1 + eˣ), ½x(1 + erf(x/√2)), …), not in the stable forms used here.
  const X = [-3.7, -1.2, -0.3, 0.4, 1.9, 5.5];
  test.each<[UnaryName, number[]]>([
    [
      "sigmoid",
      [0.0241270214176692, 0.23147521650098238, 0.425557483188341, 0.598687660112452, 0.8698915256370021, 0.9959298622841039],
    ],
    [
      "tanh",
      [
        -0.9987782412811312, -0.8336546070121553, -0.2913126124515909, 0.37994896225522495, 0.9562374581277391,
        0.9999665971563038,
      ],
    ],
    ["elu", [-0.9752764735296606, -0.6988057880877978, -0.2591817793182821, 0.4, 1.9, 5.5]],
    [
      "selu",
      [-1.7146329252564503, -1.228569995417489, -0.4556673153791221, 0.4202803949421922, 1.9963318759754127, 5.778855430455143],
    ],
    [
      "softplus",
      [0.024422845933779143, 0.2632824673380313, 0.554355244468527, 0.9130152523999526, 2.0393867582829603, 5.50407844327057],
    ],
    [
      "softsign",
      [
        -0.7872340425531915, -0.5454545454545454, -0.23076923076923075, 0.28571428571428575, 0.6551724137931034,
        0.8461538461538461,
      ],
    ],
    [
      "gelu",
      [-0.000398859013866415, -0.13808360426605, -0.1146265733433142, 0.2621686966441297, 1.8454385363495966, 5.499999895557407],
    ],
    [
      "silu",
      [-0.08926997924537602, -0.2777702598011788, -0.1276672449565023, 0.2394750640449808, 1.652793898710304, 5.477614242562572],
    ],
    [
      "mish",
      [
        -0.09034656750081302, -0.3088357963148626, -0.15113317713833452, 0.2890305340723631, 1.8367436005523152,
        5.499817776787424,
      ],
    ],
    [
      "logSigmoid",
      [
        -3.724422845933779, -1.4632824673380311, -0.8543552444685271, -0.5130152523999526, -0.13938675828296063,
        -0.004078443270570631,
      ],
    ],
    [
      "logCosh",
      [3.007463885462308, 0.5936889715940044, 0.044340769925940306, 0.07795348538783255, 1.228977035894934, 4.806869521001373],
    ],
    ["hardSigmoid", [0, 0.3, 0.45, 0.5 + 0.4 / 6, 0.5 + 1.9 / 6, 1]],
    ["hardTanh", [-1, -1, -0.3, 0.4, 1, 1]],
    ["leakyRelu", [-0.74, -0.24, -0.06, 0.4, 1.9, 5.5]],
    ["relu6", [0, 0, 0, 0.4, 1.9, 5.5]],
    ["relu", [0, 0, 0, 0.4, 1.9, 5.5]],
  ])("%s at six points", (name, expected) => {
    for (const [k, x] of X.entries()) expect(UNARY[name].value(x)).toBeCloseTo(expected[k]!, 12);
  });

  test("stay exact where a plain formula would overflow or cancel", () => {
    expect(UNARY.softplus.value(-50)).toBeCloseTo(Math.exp(-50), 35);
    expect(UNARY.softplus.value(1000)).toBe(1000);
    expect(UNARY.logSigmoid.value(-1000)).toBe(-1000);
    expect(UNARY.logSigmoid.value(50)).toBeCloseTo(-Math.exp(-50), 35);
    expect(UNARY.logCosh.value(1e-9) / 5e-19).toBeCloseTo(1, 12);
    expect(UNARY.logCosh.value(1000)).toBe(1000 - Math.LN2);
    expect(UNARY.gelu.value(-10) / (-10 * 7.61985302416052e-24)).toBeCloseTo(1, 10); // Φ(−10), Abramowitz & Stegun table 26.2
  });

  test.each<[UnaryName, number, number]>([
    ["sigmoid", 0, 1],
    ["tanh", -1, 1],
    ["relu", 0, Infinity],
    ["relu6", 0, 6],
    ["leakyRelu", -Infinity, Infinity],
    ["elu", -1, Infinity],
    ["softplus", 0, Infinity],
    ["softsign", -1, 1],
    ["hardSigmoid", 0, 1],
    ["hardTanh", -1, 1],
    ["exponential", 0, Infinity],
    ["gelu", 0, Infinity],
    ["silu", 0, Infinity],
    ["mish", 0, Infinity],
    ["logSigmoid", -Infinity, 0],
    ["logCosh", Infinity, Infinity],
  ])("%s reaches %d at −∞ and %d at ∞", (name, low, high) => {
    expect(UNARY[name].value(Number.NEGATIVE_INFINITY)).toBeCloseTo(low, 15);
    expect(UNARY[name].value(Number.POSITIVE_INFINITY)).toBeCloseTo(high, 15);
  });

  test.each(NAMES)("%s passes NaN on", (name) => expect(UNARY[name].value(Number.NaN)).toBeNaN());

  test.each(NAMES)("%s has the slope of its values", (name) => {
    const { value, slope } = UNARY[name];
    const low = name === "log1p" ? -0.9 : ["sqrt", "log", "reciprocal"].includes(name) ? 0.1 : -8;
    fc.assert(
      fc.property(fc.double({ min: low, max: 8, noNaN: true }), (x) => {
        const h = 1e-5;
        fc.pre([-3, -1, 0, 1, 3, 6].every((kink) => Math.abs(x - kink) > 2 * h));
        const central = (value(x + h) - value(x - h)) / (2 * h);
        expect(Math.abs(slope(value(x), x) - central)).toBeLessThan(1e-6 * Math.max(1, Math.abs(central)));
      }),
    );
  });

  test.each(GATE_ACTIVATIONS)("the slope of %s needs its output alone", (name) => {
    for (const x of X)
      expect(UNARY[name].slope(UNARY[name].value(x), Number.NaN)).toBe(UNARY[name].slope(UNARY[name].value(x), x));
  });
});

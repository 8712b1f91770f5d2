import { expect, test } from "vitest";
import { days } from "../testing/tables.ts";
import { inputSizes, type Recipe, reachOf } from "./recipe.ts";
import { WindowReader } from "./window-reader.ts";

const rows = 40;
const y = Float64Array.from({ length: rows }, (_, t) => 3 + t + 5 * (t % 4));
const wind = Float64Array.from({ length: rows }, (_, t) => t * t);
const price = Float64Array.from({ length: rows + 6 }, (_, t) => 100 - t);
const recipe: Recipe = {
  version: 1,
  horizon: 6,
  windowLength: 8,
  segment: 2,
  lags: 3,
  columns: { time: null, series: null, covariates: ["wind"], future: ["price"] },
  targets: [{ name: "y", season: 4, base: "season", seasonLags: 2, residual: 0.25 }],
  covariates: [{ name: "wind", mean: 10, std: 5 }],
  future: [{ name: "price", mean: 90, std: 4 }],
  frequency: { unit: "day", count: 1 },
  calendar: { cycles: ["week"] },
  encodings: [],
  levels: [0.1, 0.5, 0.9],
  series: [],
};
const observed = Uint8Array.from({ length: rows }, (_, t) => (t === 25 ? 0 : 1));
const scale = [{ mean: 20, std: 10 }];
const one = {
  id: "",
  rows,
  times: Float64Array.from(days(rows + 6)),
  targets: [y],
  covariates: [wind],
  future: [price],
  observed: [observed],
  scale,
};
const z = (t: number) => (y[t]! - 20) / 10;

test("inputs and targets are what the equations say", () => {
  const reader = new WindowReader(recipe, [one]);
  const origin = 24;
  const [past, lags, ahead] = reader.inputs([
    { series: 0, row: 20 },
    { series: 0, row: origin },
  ]);
  const sizes = inputSizes(recipe);
  expect([past!.shape, lags!.shape, ahead!.shape]).toEqual([
    [2, 8, sizes.past],
    [2, sizes.lags],
    [2, 6, sizes.ahead],
  ]);
  const v = z(origin - 1);
  for (let i = 0; i < 8; i++) {
    const t = origin - 8 + i;
    const wanted = [z(t) - v, (z(t) - z(t - 4)) / 0.25, (wind[t]! - 10) / 5, (price[t]! - 90) / 4];
    for (const [c, value] of wanted.entries()) expect(past!.data[(8 + i) * sizes.past + c]).toBeCloseTo(value, 4);
  }
  const angle = (t: number) => (2 * Math.PI * ((t + 2) % 7)) / 7; // 2020-01-01 was a Wednesday
  const lagged = [21, 22, 23].map((t) => (z(t) - z(t - 4)) / 0.25);
  [...lagged, v, Math.sin(angle(origin)), Math.cos(angle(origin))].forEach((value, i) => {
    expect(lags!.data[sizes.lags + i]).toBeCloseTo(value, 5);
  });
  for (let h = 0; h < 6; h++) {
    const before = origin + h - 4 * (1 + Math.floor(h / 4));
    const wanted = [
      z(before) - v,
      (z(before - 4) - z(before)) / 0.25,
      (price[origin + h]! - 90) / 4,
      Math.sin(angle(origin + h)),
      Math.cos(angle(origin + h)),
      h / 3 - 1,
    ];
    for (const [c, value] of wanted.entries()) expect(ahead!.data[(6 + h) * sizes.ahead + c]).toBeCloseTo(value, 4);
    expect(reader.targets([{ series: 0, row: origin }]).data[h]).toBeCloseTo((z(origin + h) - z(before)) / 0.25, 4);
  }
});

test("no input reads a row at or after the origin, but for what is known ahead", () => {
  const reader = new WindowReader(recipe, [one]);
  const place = [{ series: 0, row: 24 }];
  const before = reader.inputs(place);
  const later = y.map((value, t) => (t >= 24 ? 1e6 : value));
  const windy = wind.map((value, t) => (t >= 24 ? -1e6 : value));
  const after = new WindowReader(recipe, [{ ...one, targets: [later], covariates: [windy] }]).inputs(place);
  expect(after).toEqual(before);
  expect(reachOf(recipe)).toBe(12);
  const early = y.map((value, t) => (t < 24 - reachOf(recipe) ? 1e6 : value));
  expect(new WindowReader(recipe, [{ ...one, targets: [early] }]).inputs(place)).toEqual(before);
});

test("a filled target weighs nothing", () => {
  const reader = new WindowReader(recipe, [one]);
  expect(reader.hasGaps).toBe(true);
  expect([...reader.weights([{ series: 0, row: 22 }]).data]).toEqual([1, 1, 1, 0, 1, 1]);
  expect(new WindowReader(recipe, [{ ...one, observed: [undefined] }]).hasGaps).toBe(false);
});

import { FormatError } from "../errors.ts";
import type { ModelConfig, ValueRef } from "./config.ts";

/** Checks that JSON from outside has the form of a model's configuration. @throws {FormatError} when it has not. */
export function readModelConfig(value: unknown): ModelConfig {
  const { name, seed, inputs, layers, calls, outputs } = record(value, "the model");
  if (typeof name !== "string") throw refuseConfig("the model has no name");
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) throw refuseConfig("its seed is not a whole number from 0 up");
  return {
    name,
    seed: seed as number,
    inputs: list(inputs, "inputs").map((item) => {
      const input = record(item, "an input");
      if (typeof input.name !== "string") throw refuseConfig("an input has no name");
      return { name: input.name, shape: list(input.shape, "an input's shape").map(readSize) };
    }),
    layers: list(layers, "layers").map((item) => {
      const layer = record(item, "a layer");
      if (typeof layer.type !== "string") throw refuseConfig("a layer has no type");
      const options = record(layer.options, `the options of a layer of type "${layer.type}"`);
      if (typeof options.name !== "string") throw refuseConfig(`a layer of type "${layer.type}" has no name`);
      return { type: layer.type, options };
    }),
    calls: list(calls, "calls").map((item) => {
      const call = record(item, "a call");
      if (typeof call.layer !== "string") throw refuseConfig("a call names no layer");
      return { layer: call.layer, inputs: list(call.inputs, "the inputs of a call").map(readRef) };
    }),
    outputs: list(outputs, "outputs").map(readRef),
  };
}

const MAX_ITEMS = 10_000;

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuseConfig(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MAX_ITEMS)
    throw refuseConfig(`${what}: a list of at most ${MAX_ITEMS} items must stand here`);
  return value;
}

function readSize(value: unknown): number | null {
  if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | null;
  throw refuseConfig("an input's size is neither null nor a whole number");
}

function readRef(value: unknown): ValueRef {
  const [use, output, ...more] = list(value, "a reference to a value");
  if (!Number.isSafeInteger(use) || !Number.isSafeInteger(output) || more.length > 0)
    throw refuseConfig("a reference to a value is not two whole numbers");
  return [use as number, output as number];
}

/** What is wrong with a configuration. */
export function refuseConfig(what: string): FormatError {
  return new FormatError(
    `Cannot make a model from this configuration: ${what}. It must be what model.toConfig() wrote, unchanged.`,
  );
}

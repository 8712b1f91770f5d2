import type { HostArray } from "../backend/backend.ts";
import { FormatError } from "../errors.ts";
import type { ModelConfig } from "../models/config.ts";
import type { StepGraph } from "../streaming/plan.ts";
import type { PlanBuilder, StepLayer, StepValue } from "../streaming/plan-builder.ts";
import type { StepForm } from "../streaming/step-forms.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";
import type { NumericArray } from "../training/dataset.ts";

/** The configuration as a plan reads it. No value may be wider than the file has bytes, since a weight stands behind every number. */
export function graphOf(
  config: ModelConfig,
  forms: readonly StepForm[],
  weight: (path: string, shape: Shape) => NumericArray["data"],
  fileBytes: number,
): StepGraph {
  const read = new Map<string, HostArray>(); // each plan asks again
  const planned = new Map(
    config.layers.map(({ type, options }) => {
      const name = options.name as string;
      const form = forms.find((each) => each.type === type);
      if (!form) {
        throw new FormatError(
          `Cannot load this model: its layer "${name}" is of type "${type}", and \`layers\` lists ${forms.map((each) => each.type).join(", ") || "none"}. ` +
            "List that kind too; where sluice/inference does not have it, load the model with the whole library.",
        );
      }
      const layer: StepLayer = {
        ...{ type, name, options },
        weight: (short, shape) => {
          const path = `${name}/${short}`;
          const key = `${path} ${showShape(shape)}`;
          const data = read.get(key) ?? (weight(path, shape) as HostArray);
          read.set(key, data);
          return { path, shape, numbers: () => data };
        },
      };
      return [name, { form, layer }];
    }),
  );
  const calls = config.calls.map(({ layer: name, inputs }) => ({
    inputs,
    plan: (values: readonly StepValue[], builder: PlanBuilder) => {
      const { form, layer } = planned.get(name) ?? unlisted(name);
      const made = form.plan(layer as StepLayer<never>, values, builder);
      for (const { width } of made) checkWidth(width, fileBytes);
      return made;
    },
  }));
  const inputs = config.inputs.map(({ shape }) => [null, ...shape]);
  for (const [, , ...features] of inputs) checkWidth(sizeOf(features.map((size) => size ?? 1)), fileBytes);
  return { name: config.name, inputs, calls, outputs: config.outputs };
}

function unlisted(name: string): never {
  throw new FormatError(`Cannot load this model: layer "${name}" is used but not listed. The file is damaged.`);
}

function checkWidth(width: number, fileBytes: number): void {
  if (width <= fileBytes) return;
  throw new FormatError(
    `Cannot load this model: a step of it has ${width} numbers, and its file has ${fileBytes} bytes. It is damaged.`,
  );
}

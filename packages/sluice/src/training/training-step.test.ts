import { describe, expect, test } from "vitest";
import { dense, lstm } from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import { expectClose, type OracleTensor, oracleCases } from "../testing/oracle.ts";

interface TrainingCase {
  readonly name: string;
  readonly options: { readonly layers: readonly { readonly layer: string; readonly options: { readonly units: number } }[] };
  readonly optimizer: { readonly options: { readonly learningRate: number; readonly epsilon: number } };
  readonly weights: Readonly<Record<string, OracleTensor>>;
  readonly inputs: { readonly x: OracleTensor; readonly y: OracleTensor };
  readonly expected: {
    readonly losses: readonly number[];
    readonly weightsAfter: Readonly<Record<string, Readonly<Record<string, OracleTensor>>>>;
  };
}

const floats = ({ shape, data }: OracleTensor) => ({ shape, data: Float64Array.from(data) });

/** The weights of layer `index` by their short names. */
function weightsOf(all: Readonly<Record<string, OracleTensor>>, index: number): Record<string, OracleTensor> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (name.startsWith(`${index}/`) ? [[name.slice(2), value] as const] : [])),
  );
}

// PyTorch adds epsilon after the bias correction, Keras (and we) before. PyTorch's epsilon times √(1 − β₂) is ours in the first step; by
// the third the two have drifted apart by less than half of it, which moves weights by up to 1e-5.
describe.each([
  ["keras", "reference", 1e-8],
  ["torch", "reference", 2e-5],
  ["keras", "wasm", 1e-5],
  ["torch", "wasm", 2e-5],
] as const)("LSTM + dense + Adam against %s on %s", (framework, backend, atol) => {
  test.each(oracleCases<TrainingCase>(`training-step-${framework}`))("$name", async (given) => {
    const [first, second] = given.options.layers;
    const model = sequential([lstm({ units: first!.options.units }), dense({ units: second!.options.units })], { backend });
    model.build([[null, ...given.inputs.x.shape.slice(1)]]);
    model.layers.forEach((layer, k) => {
      layer.load(weightsOf(given.weights, k));
    });
    const { learningRate, epsilon } = given.optimizer.options;
    model.compile({
      optimizer: { type: "adam", learningRate, epsilon: framework === "torch" ? epsilon * Math.sqrt(1 - 0.999) : epsilon },
      loss: "mse",
    });
    for (let step = 1; step <= 3; step++) {
      const { loss } = await model.trainOnBatch(floats(given.inputs.x), floats(given.inputs.y));
      expectClose([loss!], [given.expected.losses[step - 1]!], { rtol: Math.max(atol, 1e-9) }, `loss of step ${step}`);
      const after = given.expected.weightsAfter[String(step)];
      if (!after) continue;
      model.layers.forEach((layer, k) => {
        for (const [name, value] of Object.entries(weightsOf(after, k))) {
          const parameter = layer.parameters.find(({ path }) => path.endsWith(`/${name}`));
          expect(parameter, name).toBeDefined();
          expectClose(
            parameter!.tensor.dataSync(),
            value.data,
            { atol: step === 1 && backend === "reference" ? 1e-8 : atol },
            `${k}/${name} after step ${step}`,
          );
        }
      });
    }
  });
});

import { describe, test } from "vitest";
import { checkGradients, randomTensor } from "../../autograd/gradient-check.ts";
import { concat, reshape } from "../../autograd/ops/shape.ts";
import { getBackend } from "../../backend/index.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { pairwise } from "../../testing/pairwise.ts";
import type { Layer } from "../layer.ts";
import { type LSTMOptions, lstm } from "../lstm.ts";
import { recurrentLayerLaws } from "../testing/recurrent-layer-laws.ts";
import { type LawOptions, prepared as withRandomWeights } from "../testing/recurrent-samples.ts";
import { lstmCell } from "./lstm-cell.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const prepared = <L extends Layer>(layer: L, I: number): L => withRandomWeights(layer, { I, seed: 0 }, backend);

const forms: Readonly<Record<string, Partial<LSTMOptions>>> = {
  "peepholes and gate recurrence": { variant: "FGR" },
  "projection, full peepholes, clips": {
    peepholes: "full",
    projection: { recurrent: 2, nonRecurrent: 3 },
    cellClip: 0.8,
    gateClip: 1.5,
  },
  "CIFG, zoneout, candidate dropout, weight drop": {
    variant: "CIFG",
    zoneout: { hidden: 0.2, cell: 0.3 },
    candidateDropout: 0.2,
    weightDrop: 0.3,
    learnInitialState: true,
  },
  "layer normalization, no output gate": {
    layerNorm: true,
    outputGate: false,
    recurrentActivation: { type: "hardSigmoid", alpha: 0.2 },
  },
  "the plain equations, fused": { weightDrop: 0.3, learnInitialState: true, gateBias: { chrono: { longest: 9 } } },
};
for (const [name, form] of Object.entries(forms)) {
  const withForm = (options: LawOptions): LSTMOptions => {
    const { gateBias, ...rest } = form;
    return { ...options, ...rest, ...(gateBias && options.useBias !== false && { gateBias }) };
  };
  recurrentLayerLaws({
    name: `LSTM with ${name}`,
    layer: (options) => lstm(withForm(options)),
    cell: (options) => lstmCell(withForm(options)),
  });
}

describe("gradients are slopes in every pair of options", () => {
  const rows = pairwise(
    {
      gates: [{}, { coupledGates: true }, { inputGate: false }, { forgetGate: false }, { outputGate: false }],
      peepholes: [null, "diagonal", "full"] as const,
      outputPeephole: ["new", "previous"] as const,
      gateRecurrence: [false, true],
      recurrentActivation: ["sigmoid", "softsign", { type: "hardSigmoid", alpha: 0.2, beta: 0.5 }] as const,
      cellActivation: ["tanh", "linear", { type: "scaledTanh", alpha: 1.7, beta: 0.6 }] as const,
      outputActivation: ["tanh", "linear", { type: "elu", alpha: 0.7 }] as const,
      projection: [null, 2, { recurrent: 2, nonRecurrent: 1 }],
      cellClip: [null, 0.5],
      gateClip: [null, 0.8],
      layerNorm: [false, true],
      zoneout: [null, { hidden: 0.3, cell: 0.4 }],
      candidateDropout: [0, 0.4],
      weightDrop: [0, 0.4],
      dropout: [0, 0.3],
      recurrentDropout: [0, 0.3],
      learnInitialState: [false, true],
      useBias: [true, false],
      returnSequences: [true, false],
      goBackwards: [false, true],
      masked: [false, true],
      training: [true, false],
    },
    ({ gates, peepholes, outputPeephole }) =>
      outputPeephole !== "previous" || (peepholes !== null && !(gates && "outputGate" in gates)),
  );
  test.each(rows.map((row, k) => [k, row] as const))("row %i", (_, { gates, outputPeephole, masked, training, ...row }) => {
    const previous = outputPeephole === "previous" ? ({ outputPeephole } as const) : {};
    const layer = prepared(lstm({ units: 3, ...gates, ...previous, ...row }), 2);
    const x = random([2, 3, 2], 3);
    const mask = masked ? tensor([1, 0, 1, 0, 1, 1], [2, 3], { backend }) : null;
    checkGradients(
      () => {
        const { output, state } = layer.forward(x, { mask, training, step: 4 });
        return concat([output, ...Object.values<Tensor>(state)].map((y) => reshape(y, [-1])));
      },
      [x, ...layer.parameters.map((each) => each.tensor)],
      { step: 2e-6, rtol: 1e-6 }, // layer normalization of three numbers bends too sharply for a longer step
    );
  });
});

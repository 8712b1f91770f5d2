import type { Cell } from "./cells/cell.ts";
import { dilated } from "./cells/dilated.ts";
import { gruCell } from "./cells/gru-cell.ts";
import { learnedState } from "./cells/learned-state.ts";
import { lstmCell } from "./cells/lstm-cell.ts";
import { StackedCells } from "./cells/stacked-cells.ts";
import { layerKinds } from "./layer-from-config.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import type { LayerKind } from "./registry.ts";
import { rnn } from "./rnn.ts";
import { recurrentLayerLaws } from "./testing/recurrent-layer-laws.ts";
import type { LawOptions } from "./testing/recurrent-samples.ts";

/** Forms of a kind that differ in their equations. */
const forms: Readonly<Record<string, readonly object[]>> = {
  GRU: [
    { resetAfter: true },
    { resetAfter: false },
    { activation: { type: "affine", alpha: 0.5 }, recurrentActivation: { type: "hardSigmoid", beta: 0.4 }, gateClip: 0.7 },
  ],
  SimpleRNN: [{}, { activation: { type: "scaledTanh", beta: 0.5 }, gateClip: 0.7 }],
  MGU: [{ form: "paper" }, { form: "flax" }],
  MUT: [{ variant: 1 }, { variant: 2 }, { variant: 3 }],
  QRNN: [{ pooling: "f" }, { window: 2, pooling: "fo" }, { window: 2, pooling: "ifo", zoneout: 0.3 }],
  IndRNN: [{}, { layerNorm: true, longestSequence: 5 }],
  SRU: [{}, { projection: 2, layerNorm: "before", outputDropout: 0.3 }, { units: 3, highway: false, layerNorm: "after" }],
  SLSTM: [{}, { units: 4, heads: 2, forgetGate: "exponential" }],
  MLSTM: [{ chunkLength: 2 }, { units: 2, heads: 2 }],
  AugmentedLSTM: [
    { units: 3, projection: 2 },
    { units: 2, externalInputGate: false },
  ],
  GridLSTM: [
    { units: 2, depth: 2 },
    { units: 2, depth: 2, tied: true, priority: "depth" },
  ],
  MLSTMBlock: [{ chunkLength: 2 }],
  MinGRU: [{}, { activation: "positive", logSpace: true }],
  MinLSTM: [{}, { activation: "positive", logSpace: true }],
  ConvLSTM1D: [{ kernelSize: 2, recurrentKernelSize: 3, peepholes: "perElement" }],
  ConvLSTM2D: [{ kernelSize: [1, 2], recurrentKernelSize: [2, 1], padding: "same", peepholes: "perChannel" }],
  ConvLSTM3D: [{ kernelSize: [2, 1, 1] }],
  InceptionLSTM: [{ filters: 1, branches: [[1], [2, 2]], innerActivation: "tanh", recurrentActivation: "sigmoid" }],
  PredNet: [{ channels: [1, 1], kernelSize: 2 }],
  MemoryBlocks: [
    { units: 4, cellsPerBlock: 2, hiddenUnits: 1 },
    { forgetGate: true, recurrence: "cells", biasedUnits: "gates" },
  ],
};

/** Kinds that read grids: the axes between time and features. They have `filters`, few of them: a window has many weights. */
const frames: Readonly<Record<string, readonly number[]>> = {
  ConvLSTM1D: [3],
  ConvLSTM2D: [2, 2],
  ConvLSTM3D: [2, 1, 2],
  InceptionLSTM: [2, 2],
  PredNet: [2, 2],
};

/** Kinds whose outputs no activation bounds. */
const unbounded = new Set(["SRU", "QRNN", "MinGRU", "MinLSTM", "MLSTM", "AugmentedLSTM", "SLSTMBlock", "MLSTMBlock"]);

/** What `make` gives for those of the options that it takes: the laws try some that not every kind has. */
function taking(make: (options: object) => unknown, options: Readonly<Record<string, unknown>>): unknown {
  try {
    return make(options);
  } catch (error) {
    const [, untaken] = /with "(\w+)": it has no such option/.exec(String(error)) ?? [];
    if (!untaken) throw error;
    return taking(make, Object.fromEntries(Object.entries(options).filter(([name]) => name !== untaken)));
  }
}

const kinds = layerKinds();
for (const kind of kinds.filter(({ recurrent }) => recurrent)) {
  const cellKind = kinds.find(({ type }) => type === `${kind.type}Cell`) as LayerKind;
  for (const form of forms[kind.type] ?? [{}]) {
    const frame = frames[kind.type];
    const make = ({ create }: LayerKind, options: LawOptions) =>
      taking(create as (options: object) => unknown, {
        ...options,
        ...(frame && { filters: Math.min(options.units, 2) }),
        ...form,
      });
    recurrentLayerLaws({
      name: `${kind.type} ${JSON.stringify(form)}`,
      layer: (options) => make(kind, options) as RecurrentLayer,
      cell: (options) => make(cellKind, options) as Cell,
      ...(frame && { frame }),
      ...(!unbounded.has(kind.type) && { bound: 1 }),
    });
  }
}

const over = (cells: Cell | readonly Cell[], options: LawOptions) =>
  taking((taken) => rnn(cells, taken), { ...options }) as RecurrentLayer;
const oneLstm = (options: LawOptions) => taking(lstmCell as (options: object) => unknown, { ...options }) as Cell;

const stacked = (options: LawOptions) => [
  oneLstm(options),
  taking(gruCell as (options: object) => unknown, { ...options, resetAfter: false }) as Cell,
];
recurrentLayerLaws({
  name: "RNN over a stack of cells",
  layer: (options) => over(stacked(options), options),
  cell: (options) => new StackedCells({ cells: stacked(options) }),
  bound: 1,
});

const skipping = (options: LawOptions) => dilated(oneLstm(options), 2);
recurrentLayerLaws({
  name: "RNN over a dilated cell",
  layer: (options) => over(skipping(options), options),
  cell: skipping,
  bound: 1,
});

const learning = (options: LawOptions) =>
  learnedState(oneLstm(options), { stateInitializer: { type: "randomUniform", min: -0.5, max: 0.5 } });
recurrentLayerLaws({
  name: "RNN over a cell with a learned state",
  layer: (options) => over(learning(options), options),
  cell: learning,
  bound: 1,
});

import {
  dilated,
  gruCell,
  layerKinds,
  learnedState,
  lstmCell,
  type RecurrentLayer,
  rnn,
  simpleRnnCell,
} from "../../layers/index.ts";

/** Where a gate or candidate may lie. */
export type GateRange =
  /** Strictly between 0 and 1: a sigmoid of numbers that are not huge. */
  | "sigmoid"
  /** From 0 to 1, both included: a hard sigmoid, or an exponential over the largest one so far. */
  | "unit"
  /** From −1 to 1, both included: float32 rounds the tanh of 10 to 1. */
  | "tanh"
  /** Strictly between −2 and 2: the squashing g of 1997. */
  | "twice"
  /** Above 0. */
  | "positive"
  /** Any number: a candidate without activation. */
  | "any";

/** A recurrent layer, and every gate its step is to report. */
export interface GateCase {
  readonly name: string;
  readonly make: (options: CaseOptions) => RecurrentLayer;
  readonly gates: Readonly<Record<string, GateRange>>;
  /** Axes between time and features. */
  readonly frame?: readonly number[];
}

/** What a case is made with; it gives every step's output. */
export interface CaseOptions {
  readonly units: number;
  readonly goBackwards: boolean;
  readonly backend: "reference" | "wasm";
}

const sequences = { returnSequences: true } as const;
const lstmGates = { inputGate: "sigmoid", forgetGate: "sigmoid", cellCandidate: "tanh", outputGate: "sigmoid" } as const;
const hardGates = { ...lstmGates, inputGate: "unit", forgetGate: "unit", outputGate: "unit" } as const;
const gruGates = { updateGate: "sigmoid", resetGate: "sigmoid", hiddenCandidate: "tanh" } as const;
const sruGates = { forgetGate: "sigmoid", cellCandidate: "any" } as const;
const stabilized = { inputGate: "unit", forgetGate: "unit", outputGate: "sigmoid" } as const;
const { forgetGate: _f, ...withoutForget } = lstmGates;
const { inputGate: _i, ...withoutInput } = lstmGates;
const { outputGate: _o, ...withoutOutput } = lstmGates;

type Forms = readonly (readonly [options: object, gates: Readonly<Record<string, GateRange>>])[];

/** The registered recurrent kinds with their forms. A kind without gates says so by an empty record. */
const byKind: Readonly<Record<string, Forms>> = {
  LSTM: [
    [{}, lstmGates],
    [{ peepholes: "diagonal" }, lstmGates],
    [{ peepholes: "full", layerNorm: true, projection: 2, zoneout: 0.2 }, lstmGates],
    [{ coupledGates: true, gateRecurrence: true }, lstmGates],
    [{ recurrentActivation: "hardSigmoid" }, hardGates],
    [{ variant: "NIG" }, withoutInput],
    [{ variant: "NFG" }, withoutForget],
    [{ variant: "NOG" }, withoutOutput],
    [{ variant: "NIAF" }, { ...lstmGates, cellCandidate: "any" }],
  ],
  GRU: [
    [{}, gruGates],
    [{ resetAfter: false }, gruGates],
    [{ gateClip: 0.3 }, gruGates],
    [{ recurrentActivation: { type: "hardSigmoid", alpha: 0.4 } }, { ...gruGates, updateGate: "unit", resetGate: "unit" }],
  ],
  SimpleRNN: [
    [{}, {}],
    [{ gateClip: 0.3 }, {}],
  ],
  MemoryBlocks: [
    [
      { units: 4, cellsPerBlock: 2, hiddenUnits: 1 },
      { ...withoutForget, cellCandidate: "twice" },
    ],
    [{ forgetGate: true }, { ...lstmGates, cellCandidate: "twice" }],
  ],
  MGU: [
    [{}, { forgetGate: "sigmoid", hiddenCandidate: "tanh" }],
    [{ form: "flax" }, { forgetGate: "sigmoid", hiddenCandidate: "tanh" }],
  ],
  MUT: [
    [{ variant: 1 }, gruGates],
    [{ variant: 2 }, gruGates],
    [{ variant: 3 }, gruGates],
  ],
  IndRNN: [
    [{}, {}],
    [{ layerNorm: true, longestSequence: 4 }, {}],
  ],
  SRU: [
    [{}, { ...sruGates, highwayGate: "sigmoid" }],
    [
      { projection: 2, layerNorm: "before" },
      { ...sruGates, highwayGate: "sigmoid" },
    ],
    [
      { highway: false, layerNorm: "after" },
      { ...sruGates, outputGate: "sigmoid" },
    ],
  ],
  QRNN: [
    [{ pooling: "f" }, { forgetGate: "sigmoid", cellCandidate: "tanh" }],
    [{ window: 2 }, { forgetGate: "sigmoid", cellCandidate: "tanh", outputGate: "sigmoid" }],
    [{ pooling: "ifo" }, lstmGates],
  ],
  MinGRU: [
    [{ activation: "positive" }, { updateGate: "sigmoid", hiddenCandidate: "positive" }],
    [{ activation: "tanh" }, { updateGate: "sigmoid", hiddenCandidate: "tanh" }],
  ],
  MinLSTM: [[{ activation: "positive" }, { inputGate: "sigmoid", forgetGate: "sigmoid", hiddenCandidate: "positive" }]],
  SLSTM: [
    [{}, { ...lstmGates, ...stabilized }],
    [
      { units: 4, heads: 2, forgetGate: "exponential" },
      { ...lstmGates, ...stabilized },
    ],
  ],
  MLSTM: [
    [{}, stabilized],
    [{ units: 4, heads: 2 }, stabilized],
  ],
  SLSTMBlock: [[{}, { ...lstmGates, ...stabilized }]],
  MLSTMBlock: [[{}, { inputGate: "unit", forgetGate: "unit" }]],
  CanonicalRNN: [[{}, {}]],
  AugmentedLSTM: [
    [{ projection: 2 }, { ...lstmGates, externalInputGate: "sigmoid" }],
    [{ externalInputGate: false }, lstmGates],
  ],
  GridLSTM: [
    [
      { depth: 2 },
      {
        ...within("0/time", lstmGates),
        ...within("0/depth", lstmGates),
        ...within("1/time", lstmGates),
        ...within("1/depth", lstmGates),
      },
    ],
    [
      { tied: true, priority: "time" },
      { ...within("0/time", lstmGates), ...within("0/depth", lstmGates) },
    ],
  ],
  ConvLSTM1D: [[{ kernelSize: 2, peepholes: "perElement" }, lstmGates]],
  ConvLSTM2D: [[{ kernelSize: 2, padding: "same" }, lstmGates]],
  ConvLSTM3D: [[{ kernelSize: [2, 1, 1] }, lstmGates]],
  InceptionLSTM: [[{ branches: [[1], [2, 2]] }, hardGates]],
  PredNet: [
    [
      { channels: [1, 1], kernelSize: 2 },
      { ...within("1", hardGates), ...within("0", hardGates) },
    ],
  ],
};

const frames: Readonly<Record<string, readonly number[]>> = {
  ConvLSTM1D: [3],
  ConvLSTM2D: [2, 2],
  ConvLSTM3D: [2, 1, 2],
  InceptionLSTM: [2, 2],
  PredNet: [2, 2],
};

/** What the kinds named take in place of units and an activation. */
const sized: Readonly<Record<string, (units: number) => object>> = {
  GridLSTM: (units) => ({ units }),
  MLSTM: (units) => ({ units }),
  SLSTMBlock: () => ({}),
  MLSTMBlock: () => ({}),
  ConvLSTM1D: () => ({ filters: 2 }),
  ConvLSTM2D: () => ({ filters: 2 }),
  ConvLSTM3D: () => ({ filters: 2 }),
  InceptionLSTM: () => ({ filters: 2, activation: "tanh" }),
  PredNet: () => ({}),
};

/** What wraps cells and layers. */
const composed: readonly GateCase[] = [
  {
    name: "a stack of cells",
    make: ({ units, ...options }) =>
      rnn([lstmCell({ units }), simpleRnnCell({ units: 2 }), gruCell({ units })], { ...options, ...sequences }),
    gates: { ...within("0", lstmGates), ...within("2", gruGates) },
  },
  {
    name: "a dilated cell",
    make: ({ units, ...options }) => rnn(dilated(lstmCell({ units }), 2), { ...options, ...sequences }),
    gates: lstmGates,
  },
  {
    name: "a learned initial state",
    make: ({ units, ...options }) => rnn(learnedState(gruCell({ units })), { ...options, ...sequences }),
    gates: gruGates,
  },
];

/** Every case: the forms of every registered recurrent kind, and what wraps them. @throws when a kind has no case. */
export function gateCases(): readonly GateCase[] {
  const kinds = layerKinds().filter(({ recurrent }) => recurrent);
  return [
    ...kinds.flatMap(({ type, create }) => {
      const forms = byKind[type];
      if (!forms) throw new Error(`The recurrent kind ${type} has no case: say which gates it reports, or that it has none.`);
      return forms.map(
        ([form, gates]): GateCase => ({
          name: `${type} ${JSON.stringify(form)}`,
          make: ({ units, ...options }) =>
            (create as (options: object) => RecurrentLayer)({
              ...options,
              ...(sized[type]?.(units) ?? { units, activation: "tanh" }),
              ...sequences,
              ...form,
            }),
          gates,
          ...(frames[type] && { frame: frames[type] }),
        }),
      );
    }),
    ...composed,
  ];
}

function within(part: string, gates: Readonly<Record<string, GateRange>>): Record<string, GateRange> {
  return Object.fromEntries(Object.entries(gates).map(([name, range]) => [`${part}/${name}`, range]));
}

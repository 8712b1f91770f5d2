import type { Model, NumericArray } from "sluice";

/** What is looked into: a network and what it reads in some windows. */
export interface InspectedWindows {
  readonly network: Model;
  /** One array for each input; the first is the window over time [B, L, P]. */
  readonly inputs: readonly NumericArray[];
}

/** One gate over all windows. */
export interface GateFindings {
  readonly gate: string;
  /** Share of its values below 0.1, and above 0.9. */
  readonly shut: number;
  readonly open: number;
  /** Its mean at each step. */
  readonly byStep: readonly number[];
  /** Units [U], those whose gate moves most first, and the mean of each at each step [U][T]. */
  readonly units: readonly number[];
  readonly byUnit: readonly (readonly number[])[];
}

/** One recurrent layer at work, as plain data. */
export interface LayerFindings {
  readonly layer: string;
  readonly kind: string;
  /** Steps that it runs in a window; each reads `segment` steps of the data. */
  readonly steps: number;
  readonly segment: number;
  readonly units: number;
  /** Units whose hidden state moves by more than 0.01. */
  readonly active: number;
  /** Pairs of units whose hidden states correlate by more than 0.95 in size. */
  readonly alike: number;
  readonly gates: readonly GateFindings[];
  /** In steps of the data, null where the window is too short to see it; `norms` by lag, in steps of the layer. */
  readonly memory: { readonly halfLife: number | null; readonly horizon: number | null; readonly norms: readonly number[] };
  /** ‖d mean output / d state‖ after each step in the order they are run, for each part of the state: how far an error would reach back. */
  readonly gradient: readonly { readonly state: string; readonly norms: readonly number[] }[];
}

/** What one step of the output depends on. */
export interface InfluenceFindings {
  /** Step of the output, from 1; null for outputs without steps. */
  readonly ahead: number | null;
  /** ‖d forecast / d input‖ for each step of the window, the mean over windows: lag 1 is the last step. */
  readonly byLag: readonly number[];
  /** The lags that act most, the strongest first. */
  readonly strongest: readonly { readonly lag: number; readonly norm: number }[];
}

/** What is found inside a network while it reads some windows, as plain data. */
export interface InsideFindings {
  readonly schema: "sluice.inspect-on/1";
  readonly windows: number;
  readonly layers: readonly LayerFindings[];
  /** Of the first output: its first step, its last, and up to ten evenly between. */
  readonly influence: readonly InfluenceFindings[];
}

/** One unit over a text. */
export interface NeuronCourse {
  readonly unit: number;
  /** From −1 to 1 after each token: tanh(c) of a unit with a cell, else the unit's output. */
  readonly activations: readonly number[];
}

/** Single units and the network's guesses while it reads a text, as plain data. */
export interface NeuronFindings {
  readonly schema: "sluice.neurons/1";
  readonly layer: string;
  readonly kind: string;
  /** What it reads; "�" for a token that the vocabulary does not know. */
  readonly tokens: readonly string[];
  readonly units: readonly NeuronCourse[];
  /** After each token the five likeliest next ones, the likeliest first. */
  readonly guesses: readonly (readonly { readonly token: string; readonly probability: number }[])[];
}

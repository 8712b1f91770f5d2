import type { GatedCellOptions } from "../../cells/cell-options.ts";
import type { Layer } from "../../layer.ts";
import type { RecurrentOptions } from "../../recurrent-layer.ts";
import type { LayerConfig } from "../../registry.ts";

/** Options that most recurrent kinds take; `commonFacts` speaks of them once. */
export type CommonOptions = GatedCellOptions & RecurrentOptions;

/** An option's value as plain data: layers in it as what `layerFromConfig` reads. */
export type Plain<T> = T extends Layer ? LayerConfig : T extends readonly (infer E)[] ? readonly Plain<E>[] : T;

/** What the table of cells says of a kind of layer, in plain text. I features in, H units; other letters are said. */
export interface KindFacts<O extends object = object> {
  readonly equation: string;
  readonly paper: string;
  /** A formula in the letters of `sizes`; behind ";" what else there is to say. */
  readonly parameters: string;
  /** What checks it beside the laws and the gradient check that every recurrent kind passes. */
  readonly oracle: string;
  /** Where else the same cell is found; null where nowhere that we know of. */
  readonly elsewhere: string | null;
  readonly trial: Trial<O>;
  /** Every option that is not a common one. */
  readonly options: OptionFacts<O>;
}

/** A layer of the kind beside the plain LSTM, for the laws and the column of times. */
export interface Trial<O extends object = object> {
  /** What the kind needs; those left out keep their defaults. */
  readonly options: { readonly [K in keyof O]?: Plain<O[K]> };
  /** One input without the batch: time, the grid if there is one, features. Default [50, 16]. */
  readonly input?: readonly number[];
  /** What the plain LSTM beside it reads: the same numbers as [time, features]. Default: each step of `input`, flattened. */
  readonly lstmInput?: readonly [number, number];
  /** Units of that LSTM: as many as the state shown has numbers. Default 64. */
  readonly lstmUnits?: number;
  /** What the letters of `parameters` are here; null where the formula is a sum that no few letters say. */
  readonly sizes: Readonly<Record<string, number>> | null;
}

/** One row for each option that is not common, no more and no fewer. */
export type OptionFacts<O extends object> = { readonly [K in Exclude<keyof O, keyof CommonOptions>]-?: OptionFact<O, K> };

/** What an option changes. */
export interface OptionFact<O extends object = object, K extends keyof O = keyof O> {
  readonly equation: string;
  /** Default: the kind's. */
  readonly paper?: string;
  /** Weights that the option adds ("+ …"), takes away ("− …") or leaves ("in all …"), for the first of `values`. Default: none. */
  readonly parameters?: string;
  /** Default: the kind's. */
  readonly oracle?: string;
  /** What other frameworks and formats call it. Default: nothing does. */
  readonly elsewhere?: string;
  /** Values that are tried and timed, one at least. */
  readonly values: readonly [Plain<NonNullable<O[K]>>, ...Plain<NonNullable<O[K]>>[]];
  /** Letters of `parameters` that are not the trial's, for the first of `values`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Other options that it needs. */
  readonly beside?: { readonly [L in keyof O]?: Plain<O[L]> };
}

/** What an option of any kind changes. */
export type AnyOptionFact = OptionFact<Readonly<Record<string, unknown>>, string>;

/** Facts with their options checked against the kind's own: a missing row does not compile. */
export function factsOf<O extends object>(facts: KindFacts<O>): KindFacts {
  return facts as unknown as KindFacts;
}

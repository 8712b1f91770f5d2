import {
  activation,
  add,
  dense,
  dropout,
  gru,
  input,
  lstm,
  type Model,
  type ModelOptions,
  model,
  reshape,
  type SymbolicTensor,
} from "sluice";
import { inputSizes, type Recipe } from "./recipe.ts";

/** What a forecaster's network is made of. */
export interface NetworkSizes {
  readonly cell: "lstm" | "gru";
  /** Units of the recurrent layer. */
  readonly units: number;
  /** Features of each step of the horizon behind the recurrent layer. */
  readonly features: number;
  /** Share of the recurrent layer's outputs, and of these features, left out in training. */
  readonly dropout: number;
  /** Networks that learn side by side from different random starts; the forecast is their mean. */
  readonly members: number;
}

/**
 * The forecasting network, all steps of the horizon at once (direct multi-step):
 *
 *     state    = LSTM over the window, `segment` steps of it at a time          [B, L, P] → [B, units]
 *     hidden_h = relu(W_h state + U ahead_h), own weights for each step h       [B, H, features]
 *     linear_h = A_h lags + a ahead_h, a linear autoregression beside it        [B, H, T]
 *     quantile = V hidden_h + linear_h, for each target and level               [B, H, T · levels]
 *
 * Reading by segments as SegRNN [Lin et al. 2023, arXiv:2308.11200]; the linear part as LSTNet [Lai et al. 2018,
 * doi:10.1145/3209978.3210006]. V, A and a start at 0, so that training starts from the base (`WindowReader`) exactly. Each member is
 * such a network and an output of the model; nothing is shared between them.
 */
export function forecastNetwork(recipe: Omit<Recipe, "series">, shape: NetworkSizes, options: ModelOptions = {}): Model {
  const sizes = inputSizes(recipe);
  const inputs: Inputs = {
    past: input({ shape: [recipe.windowLength, sizes.past], name: "past" }),
    lags: input({ shape: [sizes.lags], name: "lags" }),
    ahead: input({ shape: [recipe.horizon, sizes.ahead], name: "ahead" }),
  };
  const outputs = Array.from({ length: shape.members }, (_, k) => member(recipe, shape, inputs, k === 0 ? "" : `_${k + 1}`));
  return model({ inputs: [inputs.past, inputs.lags, inputs.ahead], outputs, name: "forecaster", ...options });
}

interface Inputs {
  readonly past: SymbolicTensor;
  readonly lags: SymbolicTensor;
  readonly ahead: SymbolicTensor;
}

/** One member; `mark` ends the names of its layers, from which their random start follows. */
function member(
  recipe: Omit<Recipe, "series">,
  { cell, units, features, dropout: rate }: NetworkSizes,
  { past, lags, ahead }: Inputs,
  mark: string,
): SymbolicTensor {
  const { windowLength: L, horizon: H, segment, targets, levels } = recipe;
  const width = inputSizes(recipe).past;
  const [T, Q] = [targets.length, levels.length];
  const named = (name: string) => ({ name: `${name}${mark}` });
  const thinned = (x: SymbolicTensor): SymbolicTensor => (rate > 0 ? dropout({ rate }).apply(x) : x);

  const segments =
    segment === 1 ? past : reshape({ ...named("segments"), targetShape: [L / segment, segment * width] }).apply(past);
  const recurrent = cell === "gru" ? gru({ units, ...named("gru") }) : lstm({ units, ...named("lstm") });
  const state = thinned(recurrent.apply(segments));

  const steps = reshape({ targetShape: [H, features] }).apply(dense({ units: H * features, ...named("steps") }).apply(state));
  const known = dense({ units: features, useBias: false, ...named("known") }).apply(ahead);
  const hidden = thinned(activation({ activation: "relu" }).apply(add().apply([steps, known])));
  const shape = dense({ units: T * Q, kernelInitializer: "zeros", ...named("quantiles") }).apply(hidden);

  const fromLags = dense({ units: H * T, kernelInitializer: "zeros", ...named("linear") }).apply(lags);
  const fromKnown = dense({ units: T, useBias: false, kernelInitializer: "zeros", ...named("linear_known") }).apply(ahead);
  const linear = add().apply([reshape({ targetShape: [H, T] }).apply(fromLags), fromKnown]);
  const levelled = dense({ units: Q, useBias: false, kernelInitializer: "ones", ...named("levels") });
  const location = levelled.apply(reshape({ targetShape: [H * T, 1] }).apply(linear));
  return add(named("forecast")).apply([shape, reshape({ targetShape: [H, T * Q] }).apply(location)]);
}

/** Multiply-adds of one window in one forward pass. */
export function costOfWindow(recipe: Omit<Recipe, "series">, { cell, units, features, members }: NetworkSizes): number {
  const { windowLength: L, horizon: H, segment, targets } = recipe;
  const sizes = inputSizes(recipe);
  const gates = cell === "gru" ? 3 : 4;
  const reading = (L / segment) * gates * units * (segment * sizes.past + units);
  const forecasting =
    H * features * (units + sizes.ahead + sizes.output) + (sizes.lags + sizes.ahead) * H * targets.length + H * sizes.output;
  return members * (reading + forecasting);
}

/** Numbers that one window holds in one forward pass: inputs, gates and states of every layer step, features, outputs. */
export function valuesOfWindow(recipe: Omit<Recipe, "series">, { units, features, members }: NetworkSizes): number {
  const { windowLength: L, horizon: H, segment } = recipe;
  const sizes = inputSizes(recipe);
  const inputs = L * sizes.past + sizes.lags + H * sizes.ahead;
  return inputs + members * ((L / segment) * 6 * units + H * (4 * features + 4 * sizes.output));
}

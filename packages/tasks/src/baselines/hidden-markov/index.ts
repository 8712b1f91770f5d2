export { type FitOptions, type FitResult, type FitRun, fit, type UpdateOptions, update } from "./fit.ts";
export { likeliestStates, logLikelihood, stateProbabilities, symbolProbabilities } from "./inference.ts";
export type { HiddenMarkovModel, SymbolSequence } from "./model.ts";

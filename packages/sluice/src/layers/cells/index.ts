export * from "./ind-rnn.ts";
export * from "./mgu.ts";
export * from "./min-gru.ts";
export * from "./min-lstm.ts";
export * from "./mut.ts";
export type { CandidateActivation } from "./positive.ts";
export * from "./qrnn.ts";
export * from "./sru.ts";

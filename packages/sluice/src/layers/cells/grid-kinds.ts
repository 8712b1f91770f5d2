import { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions } from "../conv-lstm.ts";
import { PredNet, PredNetLoss, type PredNetLossOptions, type PredNetOptions } from "../pred-net.ts";
import type { LayerKind } from "../registry.ts";
import { ConvLSTM1DCell, ConvLSTM2DCell, ConvLSTM3DCell, type ConvLSTMCellOptions } from "./conv-lstm-cell.ts";
import { InceptionLSTM, InceptionLSTMCell, type InceptionLSTMCellOptions, type InceptionLSTMOptions } from "./inception-lstm.ts";
import { PredNetCell, type PredNetCellOptions } from "./pred-net-cell.ts";

/** The recurrent kinds whose state is a grid, with their cells. */
export const gridKinds: readonly LayerKind[] = [
  { type: "ConvLSTM1D", create: (options: ConvLSTMOptions) => new ConvLSTM1D(options), recurrent: true },
  { type: "ConvLSTM2D", create: (options: ConvLSTMOptions) => new ConvLSTM2D(options), recurrent: true },
  { type: "ConvLSTM3D", create: (options: ConvLSTMOptions) => new ConvLSTM3D(options), recurrent: true },
  { type: "InceptionLSTM", create: (options: InceptionLSTMOptions) => new InceptionLSTM(options), recurrent: true },
  { type: "PredNet", create: (options: PredNetOptions) => new PredNet(options), recurrent: true },
  { type: "PredNetLoss", create: (options: PredNetLossOptions) => new PredNetLoss(options) },
  { type: "PredNetCell", create: (options: PredNetCellOptions) => new PredNetCell(options) },
  { type: "ConvLSTM1DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM1DCell(options) },
  { type: "ConvLSTM2DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM2DCell(options) },
  { type: "ConvLSTM3DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM3DCell(options) },
  { type: "InceptionLSTMCell", create: (options: InceptionLSTMCellOptions) => new InceptionLSTMCell(options) },
];

import { convLstm1d, convLstm2d, convLstm3d } from "../conv-lstm.ts";
import { predNet, predNetLoss } from "../pred-net.ts";
import type { LayerKind } from "../registry.ts";
import { convLstm1dCell, convLstm2dCell, convLstm3dCell } from "./conv-lstm-cell.ts";
import { inceptionLstm, inceptionLstmCell } from "./inception-lstm.ts";
import { predNetCell } from "./pred-net-cell.ts";

/** The recurrent kinds whose state is a grid, with their cells. */
export const gridKinds: readonly LayerKind[] = [
  { type: "ConvLSTM1D", create: convLstm1d, recurrent: true },
  { type: "ConvLSTM2D", create: convLstm2d, recurrent: true },
  { type: "ConvLSTM3D", create: convLstm3d, recurrent: true },
  { type: "InceptionLSTM", create: inceptionLstm, recurrent: true },
  { type: "PredNet", create: predNet, recurrent: true },
  { type: "PredNetLoss", create: predNetLoss },
  { type: "PredNetCell", create: predNetCell },
  { type: "ConvLSTM1DCell", create: convLstm1dCell },
  { type: "ConvLSTM2DCell", create: convLstm2dCell },
  { type: "ConvLSTM3DCell", create: convLstm3dCell },
  { type: "InceptionLSTMCell", create: inceptionLstmCell },
];

import { conv1d, conv2d, conv3d } from "./convolution.ts";
import {
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from "./global-pooling.ts";
import { cropping1d, cropping2d, cropping3d, zeroPadding1d, zeroPadding2d, zeroPadding3d } from "./margins.ts";
import { averagePooling1d, averagePooling2d, averagePooling3d, maxPooling1d, maxPooling2d, maxPooling3d } from "./pooling.ts";
import type { LayerKind } from "./registry.ts";
import { upSampling1d, upSampling2d, upSampling3d } from "./up-sampling.ts";

/** The kinds that slide windows over sequences, images and volumes. */
export const convolutionKinds: readonly LayerKind[] = [
  { type: "Conv1D", create: conv1d },
  { type: "Conv2D", create: conv2d },
  { type: "Conv3D", create: conv3d },
  { type: "MaxPooling1D", create: maxPooling1d },
  { type: "MaxPooling2D", create: maxPooling2d },
  { type: "MaxPooling3D", create: maxPooling3d },
  { type: "AveragePooling1D", create: averagePooling1d },
  { type: "AveragePooling2D", create: averagePooling2d },
  { type: "AveragePooling3D", create: averagePooling3d },
  { type: "GlobalAveragePooling1D", create: globalAveragePooling1d },
  { type: "GlobalAveragePooling2D", create: globalAveragePooling2d },
  { type: "GlobalAveragePooling3D", create: globalAveragePooling3d },
  { type: "GlobalMaxPooling1D", create: globalMaxPooling1d },
  { type: "GlobalMaxPooling2D", create: globalMaxPooling2d },
  { type: "GlobalMaxPooling3D", create: globalMaxPooling3d },
  { type: "UpSampling1D", create: upSampling1d },
  { type: "UpSampling2D", create: upSampling2d },
  { type: "UpSampling3D", create: upSampling3d },
  { type: "ZeroPadding1D", create: zeroPadding1d },
  { type: "ZeroPadding2D", create: zeroPadding2d },
  { type: "ZeroPadding3D", create: zeroPadding3d },
  { type: "Cropping1D", create: cropping1d },
  { type: "Cropping2D", create: cropping2d },
  { type: "Cropping3D", create: cropping3d },
];

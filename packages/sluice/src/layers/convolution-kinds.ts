import { Conv1D, Conv2D, Conv3D, type ConvolutionOptions } from "./convolution.ts";
import {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  type GlobalPoolingOptions,
} from "./global-pooling.ts";
import { AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D, type PoolingOptions } from "./pooling.ts";
import type { LayerKind } from "./registry.ts";
import { UpSampling1D, UpSampling2D, type UpSamplingOptions } from "./up-sampling.ts";

/** The kinds that slide windows over sequences, images and volumes. */
export const convolutionKinds: readonly LayerKind[] = [
  { type: "Conv1D", create: (options: ConvolutionOptions) => new Conv1D(options) },
  { type: "Conv2D", create: (options: ConvolutionOptions) => new Conv2D(options) },
  { type: "Conv3D", create: (options: ConvolutionOptions) => new Conv3D(options) },
  { type: "MaxPooling1D", create: (options: PoolingOptions) => new MaxPooling1D(options) },
  { type: "MaxPooling2D", create: (options: PoolingOptions) => new MaxPooling2D(options) },
  { type: "AveragePooling1D", create: (options: PoolingOptions) => new AveragePooling1D(options) },
  { type: "AveragePooling2D", create: (options: PoolingOptions) => new AveragePooling2D(options) },
  { type: "GlobalAveragePooling1D", create: (options: GlobalPoolingOptions) => new GlobalAveragePooling1D(options) },
  { type: "GlobalAveragePooling2D", create: (options: GlobalPoolingOptions) => new GlobalAveragePooling2D(options) },
  { type: "GlobalMaxPooling1D", create: (options: GlobalPoolingOptions) => new GlobalMaxPooling1D(options) },
  { type: "GlobalMaxPooling2D", create: (options: GlobalPoolingOptions) => new GlobalMaxPooling2D(options) },
  { type: "UpSampling1D", create: (options: UpSamplingOptions) => new UpSampling1D(options) },
  { type: "UpSampling2D", create: (options: UpSamplingOptions) => new UpSampling2D(options) },
];

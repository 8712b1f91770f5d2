import { Conv1D, Conv2D, Conv3D, type ConvolutionOptions } from "./convolution.ts";
import {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  type GlobalPoolingOptions,
} from "./global-pooling.ts";
import {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  type CroppingOptions,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
  type ZeroPaddingOptions,
} from "./margins.ts";
import {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  type PoolingOptions,
} from "./pooling.ts";
import type { LayerKind } from "./registry.ts";
import { UpSampling1D, UpSampling2D, type UpSampling2DOptions, UpSampling3D, type UpSamplingOptions } from "./up-sampling.ts";

/** The kinds that slide windows over sequences, images and volumes. */
export const convolutionKinds: readonly LayerKind[] = [
  { type: "Conv1D", create: (options: ConvolutionOptions) => new Conv1D(options) },
  { type: "Conv2D", create: (options: ConvolutionOptions) => new Conv2D(options) },
  { type: "Conv3D", create: (options: ConvolutionOptions) => new Conv3D(options) },
  { type: "MaxPooling1D", create: (options: PoolingOptions) => new MaxPooling1D(options) },
  { type: "MaxPooling2D", create: (options: PoolingOptions) => new MaxPooling2D(options) },
  { type: "MaxPooling3D", create: (options: PoolingOptions) => new MaxPooling3D(options) },
  { type: "AveragePooling1D", create: (options: PoolingOptions) => new AveragePooling1D(options) },
  { type: "AveragePooling2D", create: (options: PoolingOptions) => new AveragePooling2D(options) },
  { type: "AveragePooling3D", create: (options: PoolingOptions) => new AveragePooling3D(options) },
  { type: "GlobalAveragePooling1D", create: (options: GlobalPoolingOptions) => new GlobalAveragePooling1D(options) },
  { type: "GlobalAveragePooling2D", create: (options: GlobalPoolingOptions) => new GlobalAveragePooling2D(options) },
  { type: "GlobalAveragePooling3D", create: (options: GlobalPoolingOptions) => new GlobalAveragePooling3D(options) },
  { type: "GlobalMaxPooling1D", create: (options: GlobalPoolingOptions) => new GlobalMaxPooling1D(options) },
  { type: "GlobalMaxPooling2D", create: (options: GlobalPoolingOptions) => new GlobalMaxPooling2D(options) },
  { type: "GlobalMaxPooling3D", create: (options: GlobalPoolingOptions) => new GlobalMaxPooling3D(options) },
  { type: "UpSampling1D", create: (options: UpSamplingOptions) => new UpSampling1D(options) },
  { type: "UpSampling2D", create: (options: UpSampling2DOptions) => new UpSampling2D(options) },
  { type: "UpSampling3D", create: (options: UpSamplingOptions) => new UpSampling3D(options) },
  { type: "ZeroPadding1D", create: (options: ZeroPaddingOptions) => new ZeroPadding1D(options) },
  { type: "ZeroPadding2D", create: (options: ZeroPaddingOptions) => new ZeroPadding2D(options) },
  { type: "ZeroPadding3D", create: (options: ZeroPaddingOptions) => new ZeroPadding3D(options) },
  { type: "Cropping1D", create: (options: CroppingOptions) => new Cropping1D(options) },
  { type: "Cropping2D", create: (options: CroppingOptions) => new Cropping2D(options) },
  { type: "Cropping3D", create: (options: CroppingOptions) => new Cropping3D(options) },
];

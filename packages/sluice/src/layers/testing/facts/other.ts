/** What a kind without recurrence computes, in a line. */
export interface OtherFacts {
  readonly computes: string;
  /** Number of weights; null where it has none. */
  readonly parameters: string | null;
  readonly elsewhere: string;
}

const window = (computes: string, elsewhere: string): OtherFacts => ({ computes, parameters: null, elsewhere });

/** The kinds that are neither recurrent nor wrap what is. I features in, U units, k positions in a window, F channels out. */
export const otherFacts: Readonly<Record<string, OtherFacts>> = {
  Input: window("names an input and its shape", "Keras Input"),
  Dense: { computes: "y = f(W x + b)", parameters: "IU + U", elsewhere: "Keras Dense; PyTorch nn.Linear; ONNX Gemm" },
  Embedding: {
    computes: "y = row x of a table",
    parameters: "tokens · U",
    elsewhere: "Keras Embedding; PyTorch nn.Embedding; ONNX Gather",
  },
  LayerNormalization: {
    computes: "y = γ (x − mean) / √(variance + ε) + β over the features",
    parameters: "2I",
    elsewhere: "Keras, ONNX LayerNormalization; PyTorch nn.LayerNorm",
  },
  BatchNormalization: {
    computes: "y = γ (x − mean) / √(variance + ε) + β over batch and time; running statistics in prediction",
    parameters: "2I, and 2I statistics",
    elsewhere: "Keras, ONNX BatchNormalization; PyTorch nn.BatchNorm1d",
  },
  Activation: window("y = f(x)", "Keras Activation"),
  Dropout: window("y = d ⊙ x in training, d 0 or 1 / (1 − rate)", "Keras Dropout; PyTorch nn.Dropout"),
  Masking: window("a mask: 0 at steps that hold nothing but one value", "Keras Masking"),
  TimeDistributed: { computes: "y_t = layer(x_t)", parameters: "those of the layer", elsewhere: "Keras TimeDistributed" },
  Flatten: window("[B, …] → [B, n]", "Keras Flatten; ONNX Flatten"),
  Reshape: window("[B, …] → [B, …] of as many numbers", "Keras Reshape; ONNX Reshape"),
  RepeatVector: window("[B, I] → [B, n, I], the same n times", "Keras RepeatVector"),
  Concatenate: window("y = [x_1, x_2, …] along an axis", "Keras Concatenate; ONNX Concat"),
  Add: window("y = x_1 + x_2 + …", "Keras Add; ONNX Add"),
  Conv1D: { computes: "y = f(W ∗ x + b) along one axis", parameters: "kIF + F", elsewhere: "Keras Conv1D; ONNX Conv" },
  Conv2D: { computes: "y = f(W ∗ x + b) on images", parameters: "kIF + F", elsewhere: "Keras Conv2D; ONNX Conv" },
  Conv3D: { computes: "y = f(W ∗ x + b) on volumes", parameters: "kIF + F", elsewhere: "Keras Conv3D; ONNX Conv" },
  MaxPooling1D: window("the largest in each window", "Keras MaxPooling1D; ONNX MaxPool"),
  MaxPooling2D: window("the largest in each window", "Keras MaxPooling2D; ONNX MaxPool"),
  MaxPooling3D: window("the largest in each window", "Keras MaxPooling3D; ONNX MaxPool"),
  AveragePooling1D: window("the mean of each window", "Keras AveragePooling1D; ONNX AveragePool"),
  AveragePooling2D: window("the mean of each window", "Keras AveragePooling2D; ONNX AveragePool"),
  AveragePooling3D: window("the mean of each window", "Keras AveragePooling3D; ONNX AveragePool"),
  GlobalAveragePooling1D: window("the mean over all steps", "Keras GlobalAveragePooling1D"),
  GlobalAveragePooling2D: window("the mean over all places", "Keras GlobalAveragePooling2D; ONNX GlobalAveragePool"),
  GlobalAveragePooling3D: window("the mean over all places", "Keras GlobalAveragePooling3D; ONNX GlobalAveragePool"),
  GlobalMaxPooling1D: window("the largest over all steps", "Keras GlobalMaxPooling1D"),
  GlobalMaxPooling2D: window("the largest over all places", "Keras GlobalMaxPooling2D; ONNX GlobalMaxPool"),
  GlobalMaxPooling3D: window("the largest over all places", "Keras GlobalMaxPooling3D; ONNX GlobalMaxPool"),
  UpSampling1D: window("each step several times", "Keras UpSampling1D"),
  UpSampling2D: window(
    "each place several times, or what lies between places by bilinear interpolation",
    "Keras UpSampling2D; ONNX Resize",
  ),
  UpSampling3D: window("each place several times", "Keras UpSampling3D; ONNX Resize"),
  ZeroPadding1D: window("0 before the first step and behind the last", "Keras ZeroPadding1D; ONNX Pad"),
  ZeroPadding2D: window("0 around each image", "Keras ZeroPadding2D; ONNX Pad"),
  ZeroPadding3D: window("0 around each volume", "Keras ZeroPadding3D; ONNX Pad"),
  Cropping1D: window("without its first and last steps", "Keras Cropping1D; ONNX Slice"),
  Cropping2D: window("without its margins", "Keras Cropping2D; ONNX Slice"),
  Cropping3D: window("without its margins", "Keras Cropping3D; ONNX Slice"),
  PredNetLoss: window("the weighted sum of PredNet's errors", "the authors' code"),
};

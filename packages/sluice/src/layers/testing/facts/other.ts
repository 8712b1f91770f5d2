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
  Attention: {
    computes: "y_i = Σ_j a_ij v_j, a_i = softmax of q_i · k_j, of q_i · k_j / √I or of q_i · k_j W",
    parameters: 'none; I² with score "general"; + 1 with useScale',
    elsewhere: "Keras Attention; PyTorch scaled_dot_product_attention",
  },
  AdditiveAttention: {
    computes: "y_i = Σ_j a_ij v_j, a_i = softmax of v · tanh(W q_i + R k_j)",
    parameters: "2IU + U; I without units",
    elsewhere: "Keras AdditiveAttention",
  },
  MultiHeadAttention: {
    computes: "n attentions by q W_q and k W_k side by side, joined by W_o",
    parameters: "4(I² + I); other sizes with keySize, valueSize, units",
    elsewhere: "Keras MultiHeadAttention; PyTorch nn.MultiheadAttention; ONNX Attention",
  },
  AttentionPooling: {
    computes: "y = Σ_t a_t x_t, a = softmax over time of u · tanh(W x_t + b)",
    parameters: "IU + 2U",
    elsewhere: "Hierarchical attention networks, Yang et al. 2016",
  },
  TransformerBlock: {
    computes: "y = x + attention(norm(x)), z = y + W_down f(W_up norm(y))",
    parameters: "4(I² + I) + 2IF + F + 5I; F inside the feed-forward part",
    elsewhere: "PyTorch nn.TransformerEncoderLayer with norm_first",
  },
  Positions: {
    computes: "y_t = x_t + p_t, p_t sines and cosines of t, or learned",
    parameters: "none; maxLength · I learned",
    elsewhere: "sinusoidal as in Vaswani et al. 2017",
  },
  PredNetLoss: window("the weighted sum of PredNet's errors", "the authors' code"),
};

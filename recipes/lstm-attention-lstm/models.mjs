// The models that forecast K steps of one series from a window [T, I], by name. Each gives [batch, K]: how far the target moves from its
// last value.
import {
  additiveAttention,
  attentionPooling,
  concatenate,
  dense,
  flatten,
  input,
  Layer,
  lstm,
  lstmCell,
  model,
  ops,
  positions,
  repeatVector,
  transformerBlock,
} from "sluice";

/**
 * LSTM, attention, LSTM, all steps ahead at once: the state that the encoder ends in, beside what each step ahead has learned of its
 * place, asks what the encoder saw; a decoder that starts from that state reads the answers.
 */
export function lstmAttentionLstm({ T, I, K }, units) {
  const x = input({ shape: [T, I] });
  const [encoded, h, c] = lstm({ units, returnSequences: true, returnState: true }).applyAll(x);
  const asked = positions({ encoding: "learned", maxLength: K }).apply(repeatVector({ n: K }).apply(h));
  const [found, weights] = additiveAttention({ units, returnWeights: true }).applyAll([asked, encoded]);
  const decoded = lstm({ units, returnSequences: true }).apply([found, h, c]);
  const y = flatten().apply(dense({ units: 1 }).apply(concatenate().apply([decoded, found])));
  return { x, y, weights };
}

/**
 * The decoder that asks at each step with its own state and reads its own last answer [Wen & Li 2023, doi:10.1109/ACCESS.2023.3276628, as
 * far as its abstract tells]:
 *
 *     a = softmax_j(v · tanh(W s_{k−1} + R h_j))      ctx = Σ_j a_j h_j      s_k = LSTM([y_{k−1}; ctx], s_{k−1})      y_k = w · [s_k; ctx] + b
 *
 * Inputs: encoded [B, T, H], its last state s_0 = h, c [B, H]; y_0 = 0, no move yet. Output [B, K].
 */
class AttentionDecoder extends Layer {
  type = "AttentionDecoder";

  constructor(options) {
    super(options, "attentionDecoder");
    this.attention = additiveAttention({ units: options.units });
    this.cell = lstmCell({ units: options.units });
    this.head = dense({ units: 1 });
  }

  get sublayers() {
    return [this.attention, this.cell, this.head];
  }

  outputShape([encoded]) {
    return [encoded[0], this.options.steps];
  }

  buildParameters([encoded, h], context) {
    const [H, units] = [encoded.at(-1), h.at(-1)];
    const inside = (name) => ({ ...context, path: `${context.path}/${name}` });
    this.attention.build([h, encoded], inside("attention"));
    this.cell.build([[null, 1 + H]], inside("cell"));
    this.head.build([[null, units + H]], inside("head"));
  }

  call([encoded, hiddenState, cellState], context) {
    const memory = this.attention.remember(encoded);
    const plain = { ...context, masks: [null], state: null };
    const answers = [];
    let state = { hiddenState, cellState };
    let y = ops.multiply(ops.slice(hiddenState, 0, 1, { axis: 1 }), 0);
    for (let k = 0; k < this.options.steps; k++) {
      const found = this.attention.attend(state.hiddenState, memory).context;
      state = this.cell.step(ops.concat([y, found]), state);
      y = this.head.run([ops.concat([state.hiddenState, found])], plain).outputs[0];
      answers.push(y);
    }
    return { outputs: [ops.concat(answers)], masks: [null] };
  }
}

function stepByStep({ T, I, K }, units) {
  const x = input({ shape: [T, I] });
  const [encoded, h, c] = lstm({ units, returnSequences: true, returnState: true }).applyAll(x);
  return { x, y: new AttentionDecoder({ units, steps: K }).apply([encoded, h, c]) };
}

/** The target's own past alone, one weight for each step and step ahead; with the last value taken off this is NLinear. */
function linear({ T, K }) {
  const x = input({ shape: [T, 1] });
  return { x, y: dense({ units: K }).apply(flatten().apply(x)) };
}

function plainLstm({ T, I, K }, units) {
  const x = input({ shape: [T, I] });
  return { x, y: dense({ units: K }).apply(lstm({ units }).apply(x)) };
}

function encoderDecoder({ T, I, K }, units) {
  const x = input({ shape: [T, I] });
  const [last, h, c] = lstm({ units, returnState: true }).applyAll(x);
  const decoded = lstm({ units, returnSequences: true }).apply([repeatVector({ n: K }).apply(last), h, c]);
  return { x, y: flatten().apply(dense({ units: 1 }).apply(decoded)) };
}

function transformer({ T, I, K }, units) {
  const x = input({ shape: [T, I] });
  const block = transformerBlock({ heads: 4, forwardUnits: 2 * units });
  const seen = block.apply(positions().apply(dense({ units }).apply(x)));
  return { x, y: dense({ units: K }).apply(attentionPooling().apply(seen)) };
}

const built = ({ x, y }, seed) => model({ inputs: x, outputs: y, seed });

/** By name: what makes the model for sizes { T, I, K }, units and a seed, and whether it reads the target alone. */
export const models = {
  "linear, target alone": { make: (sizes, _, seed) => built(linear(sizes), seed), targetAlone: true },
  LSTM: { make: (sizes, units, seed) => built(plainLstm(sizes, units), seed) },
  "LSTM, LSTM (no attention)": { make: (sizes, units, seed) => built(encoderDecoder(sizes, units), seed) },
  "LSTM, attention, LSTM": { make: (sizes, units, seed) => built(lstmAttentionLstm(sizes, units), seed) },
  "LSTM, attention, LSTM step by step": { make: (sizes, units, seed) => built(stepByStep(sizes, units), seed) },
  Transformer: { make: (sizes, units, seed) => built(transformer(sizes, units), seed) },
};

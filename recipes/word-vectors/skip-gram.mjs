// Skip-gram with negative sampling [Mikolov et al. 2013, arXiv 1310.4546] over the public API: what is read, the loss, one step, training.
import { embedding, inStep, makeOptimizer, ops, RandomStream, sequential, tensor, valueAndGradients } from "sluice";

/** Words that occur `minCount` times or more, the most frequent first, and the sentences as their numbers; other words are left out. */
export function readWords(sentences, minCount) {
  const seen = new Map();
  for (const word of sentences.flat()) seen.set(word, (seen.get(word) ?? 0) + 1);
  const kept = [...seen].filter(([, count]) => count >= minCount).sort((a, b) => b[1] - a[1]);
  const index = new Map(kept.map(([word], k) => [word, k]));
  return {
    words: kept.map(([word]) => word),
    counts: kept.map(([, count]) => count),
    index,
    sentences: sentences.map((sentence) => sentence.flatMap((word) => index.get(word) ?? [])),
  };
}

/** Draws k with probability weights[k] / Σ weights, in constant time by the alias method [Walker 1977, Vose 1991]. */
export function sampler(weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  const share = weights.map((weight) => (weight * weights.length) / sum);
  const alias = weights.map((_, k) => k);
  const small = share.flatMap((p, k) => (p < 1 ? [k] : []));
  const large = share.flatMap((p, k) => (p < 1 ? [] : [k]));
  while (small.length > 0 && large.length > 0) {
    const [low, high] = [small.pop(), large.at(-1)];
    alias[low] = high;
    share[high] -= 1 - share[low];
    if (share[high] < 1) small.push(large.pop());
  }
  return (random) => {
    const k = random.below(weights.length);
    return random.uniform() < share[k] ? k : alias[k];
  };
}

/** Negative samples come from count^0.75: rare words more often than they occur. */
export const noiseOf = (counts) => sampler(counts.map((count) => count ** 0.75));

/** Kept with probability √(t / f) where f, the word's share of the text, is above t. */
export function keptShares(counts, t) {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.min(1, Math.sqrt((t * total) / count)));
}

/**
 * Pairs of words that stand together, in batches of `batchSize` pairs with `negatives` other words each; the last batch may be smaller. Frequent
 * words are passed over by chance first, which brings the others closer; then each word looks 1 … `window` words to either side, drawn for each.
 * centres [B]; targets [B, 1 + negatives], the neighbour first; `read` is the share of the sentences read so far. The
 * arrays are written again for the next batch.
 */
export function* batches({ sentences, counts }, { window, negatives, subsample, batchSize, seed, epoch }) {
  const random = new RandomStream({ seed, stream: 1, step: epoch });
  const kept = keptShares(counts, subsample);
  const noise = noiseOf(counts);
  const width = 1 + negatives;
  const centres = new Float32Array(batchSize);
  const targets = new Float32Array(batchSize * width);
  let filled = 0;
  for (const [number, sentence] of sentences.entries()) {
    const words = sentence.filter((word) => random.uniform() < kept[word]);
    for (const [at, centre] of words.entries()) {
      const reach = 1 + random.below(window);
      for (let place = Math.max(0, at - reach); place <= Math.min(words.length - 1, at + reach); place++) {
        if (place === at) continue;
        centres[filled] = centre;
        targets[filled * width] = words[place];
        for (let n = 1; n < width; n++) {
          do targets[filled * width + n] = noise(random);
          while (targets[filled * width + n] === words[place]);
        }
        if (++filled < batchSize) continue;
        yield { centres, targets, width, read: number / sentences.length };
        filled = 0;
      }
    }
  }
  if (filled > 0) yield { centres: centres.subarray(0, filled), targets: targets.subarray(0, filled * width), width, read: 1 };
}

/**
 * −Σ [log σ(v_o · u_c) + Σ_n log σ(−v_n · u_c)] over the pairs of a batch: neighbours shall be told from words drawn at random.
 * inside, outside [V, D] are the tables of u and v; centres [B], targets [B, 1 + negatives].
 */
export function loss(inside, outside, centres, targets) {
  const [B, K] = targets.shape;
  const u = ops.reshape(ops.gatherRows(inside, centres), [B, inside.shape[1], 1]);
  const scores = ops.reshape(ops.matmul(ops.gatherRows(outside, targets), u), [B, K]);
  const signs = tensor([1, ...new Array(K - 1).fill(-1)], [1, K], { backend: inside.backend });
  return ops.negate(ops.sum(ops.logSigmoid(ops.multiply(scores, signs))));
}

/** Both tables as layers: u starts in ±0.5 / D, v at 0. `backend` names another one than the default. */
export function tables(size, dimensions, { seed, backend }) {
  const table = (name, embeddingsInitializer) =>
    embedding({ inputDim: size, outputDim: dimensions, inputShape: [null], name, embeddingsInitializer });
  const inside = table("inside", { type: "randomUniform", min: -0.5 / dimensions, max: 0.5 / dimensions });
  const outside = table("outside", "zeros");
  sequential([inside], { seed, backend });
  sequential([outside], { seed, backend });
  return [inside.embeddings, outside.embeddings];
}

/** One step of gradient descent on the sum over the batch, so that each pair moves its words as far as it would alone. Gives the loss of a pair. */
export function trainStep([inside, outside], optimizer, { centres, targets, width }) {
  const { backend } = inside.tensor;
  return inStep(backend, () => {
    const c = tensor(centres, [centres.length], { backend });
    const t = tensor(targets, [centres.length, width], { backend });
    const { value, gradients } = valueAndGradients(
      () => loss(inside.tensor, outside.tensor, c, t),
      [inside.tensor, outside.tensor],
    );
    optimizer.apply([inside, outside], gradients);
    return value.dataSync()[0] / centres.length;
  });
}

/**
 * Trains vectors for a text as `readWords` gives it; the learning rate falls from `learningRate` to 0 over all epochs, by the share of the
 * sentences read. Gives the vectors [V, D], and the mean loss of a pair in each epoch.
 */
export async function skipGram(text, { dimensions, epochs, learningRate = 0.025, seed, onEpoch, ...options }) {
  const weights = tables(text.words.length, dimensions, { seed });
  const optimizer = makeOptimizer({ type: "sgd", learningRate });
  const losses = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [sum, pairs] = [0, 0];
    for (const batch of batches(text, { ...options, seed, epoch })) {
      optimizer.learningRateScale = 1 - (epoch + batch.read) / epochs;
      sum += batch.centres.length * trainStep(weights, optimizer, batch);
      pairs += batch.centres.length;
    }
    losses.push(sum / pairs);
    onEpoch?.({ epoch, loss: sum / pairs, pairs });
  }
  return { vectors: await weights[0].tensor.data(), losses };
}

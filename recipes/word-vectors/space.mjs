// Vectors of words as directions: which words are near, and what a is to b as c is to.
import { inStep, ops, tensor } from "sluice";

/** Questions answered at a time: so many rows of similarities to all words are held at once. */
const together = 200;

/** The words with their vectors, row-major [V, D], each shortened to length 1, so that a product is a cosine. */
export function wordSpace(words, vectors) {
  const V = words.length;
  const index = new Map(words.map((word, k) => [word, k]));
  const given = tensor(vectors, [V, vectors.length / V]);
  const unit = ops.divide(given, ops.sqrt(ops.add(ops.sum(ops.square(given), { axis: 1, keepDims: true }), 1e-12)));
  const across = ops.transpose(unit);

  /** For each question the words closest to where it points, without the words it names: [Q] lists of [word, cosine]. */
  const answers = (questions, directionOf, count) => {
    const found = [];
    for (let from = 0; from < questions.length; from += together) {
      const part = questions.slice(from, from + together);
      const similarities = inStep(unit.backend, () => {
        const row = (place) =>
          ops.gatherRows(
            unit,
            tensor(
              part.map((question) => index.get(question[place])),
              [part.length],
            ),
          );
        const direction = directionOf(row);
        const norm = ops.sqrt(ops.sum(ops.square(direction), { axis: 1, keepDims: true }));
        return ops.matmul(ops.divide(direction, norm), across).dataSync();
      });
      part.forEach((question, q) => {
        const named = new Set(question.map((word) => index.get(word)));
        found.push(highest(similarities.subarray(q * V, (q + 1) * V), named, count).map(([k, cosine]) => [words[k], cosine]));
      });
    }
    return found;
  };

  const third = (questions, directionOf) =>
    answers(
      questions.map((question) => question.slice(0, 3)),
      directionOf,
      1,
    ).map(([[word]]) => word);

  return {
    has: (word) => index.has(word),
    /** The `count` nearest words to each of some words. */
    nearest: (asked, count) =>
      answers(
        asked.map((word) => [word]),
        (row) => row(0),
        count,
      ),
    /** d of a : b = c : d for each [a, b, c, …], as the word nearest to b − a + c that is none of the three. */
    analogies: (questions) => third(questions, (row) => ops.add(ops.subtract(row(1), row(0)), row(2))),
    /** The word nearest to c that is neither a nor b: what analogies get right beyond this, a and b have told. */
    nearestToThird: (questions) => third(questions, (row) => row(2)),
  };
}

/** The largest entries but for some, as [index, value], the largest first. */
function highest(values, without, count) {
  const best = [];
  values.forEach((value, k) => {
    if (without.has(k) || (best.length === count && value <= best[count - 1][1])) return;
    const place = best.findIndex(([, other]) => other < value);
    best.splice(place < 0 ? best.length : place, 0, [k, value]);
    best.length = Math.min(best.length, count);
  });
  return best;
}

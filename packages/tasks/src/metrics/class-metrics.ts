/** Share of the examples whose class is told right. @throws {RangeError} for none, or other counts. */
export function accuracy(actual: ArrayLike<number>, told: ArrayLike<number>): number {
  requireAsMany("accuracy", actual, told);
  let right = 0;
  for (let n = 0; n < actual.length; n++) if (actual[n] === told[n]) right++;
  return right / actual.length;
}

/**
 * The mean of F1 = 2·TP / (2·TP + FP + FN) over the classes that occur, as actual class or as answer: each class counts the same,
 * however rare. Equals scikit-learn's `f1_score(average="macro")`.
 * @throws {RangeError} for none, or other counts.
 */
export function macroF1(actual: ArrayLike<number>, told: ArrayLike<number>): number {
  requireAsMany("macro F1", actual, told);
  const classes = new Map<number, { right: number; seen: number }>(); // seen = 2·TP + FP + FN
  const of = (label: number) => {
    const one = classes.get(label) ?? { right: 0, seen: 0 };
    classes.set(label, one);
    return one;
  };
  for (let n = 0; n < actual.length; n++) {
    const [is, said] = [actual[n] as number, told[n] as number];
    of(is).seen++;
    of(said).seen++;
    if (is === said) of(is).right++;
  }
  return [...classes.values()].reduce((sum, { right, seen }) => sum + (2 * right) / seen, 0) / classes.size;
}

/** The class with the highest value in each row of [N, classes], the first of several. */
export function mostLikely(values: ArrayLike<number>, classes: number): number[] {
  return Array.from({ length: values.length / classes }, (_, n) => {
    let told = 0;
    for (let c = 1; c < classes; c++) {
      if ((values[n * classes + c] as number) > (values[n * classes + told] as number)) told = c;
    }
    return told;
  });
}

function requireAsMany(what: string, actual: ArrayLike<number>, told: ArrayLike<number>): void {
  if (actual.length === told.length && actual.length > 0) return;
  throw new RangeError(
    `Cannot compute ${what} of ${told.length} answers to ${actual.length} examples: give one answer for each.`,
  );
}

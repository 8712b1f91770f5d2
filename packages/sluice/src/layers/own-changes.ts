let held: (() => void)[] | null = null;

/** What a layer changes in itself by running in training, such as running statistics: at once, or when a training step makes it. */
export function ownChange(make: () => void): void {
  if (held) held.push(make);
  else make();
}

/** Runs `compute`; what layers would change in themselves waits for `make`, so that a step that fails can leave it out. */
export function holdingChanges<T>(compute: () => T): { readonly result: T; readonly make: () => void } {
  const outer = held;
  const changes: (() => void)[] = [];
  held = changes;
  try {
    return { result: compute(), make: () => changes.forEach((make) => void make()) };
  } finally {
    held = outer;
  }
}

/**
 * One thing that was changed, left out or assumed on the way from file to numbers. Nothing is silent: whoever shows a
 * result shows these beside it.
 */
export interface DataNote {
  /** What happened, for programs. */
  readonly kind:
    | "blankLines"
    | "renamedColumns"
    | "emptyColumn"
    | "missingValues"
    | "dayOrMonthFirst"
    | "missingTimes"
    | "sorted"
    | "merged"
    | "insertedGaps"
    | "movedToGrid"
    | "irregular"
    | "filled"
    | "dropped"
    | "trimmed"
    | "unknownCategories"
    | "rareCategories"
    | "unknownTokens"
    | "rareTokens"
    | "shortSeries";
  /** How many rows, cells or columns it concerns. */
  readonly count: number;
  /** The same, for people: one sentence. */
  readonly text: string;
  readonly column?: string;
  readonly series?: string;
}

/** Everything that happened, in the order in which it happened. */
export type DataNotes = readonly DataNote[];

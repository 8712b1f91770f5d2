/** What a text is cut into: code points, user-perceived characters (grapheme clusters), or words with what stands between them. */
export type TextUnit = "codePoint" | "character" | "word";

/** Code units that are segmented at a time: some engines take quadratic time for a long text. */
const WINDOW = 1024;
/** A boundary that lies this close to the cut end of a window may be another one when the text goes on. */
const MARGIN = 128;

/**
 * The pieces of a text, in order; together they are the text. Characters and words are those of Unicode (UAX #29), words of
 * scripts without spaces (Chinese, Japanese, Thai, …) those of the host's dictionary: another release of Node or of a browser may
 * cut them otherwise.
 */
export function* textPieces(text: string, by: TextUnit): Generator<string> {
  if (by === "codePoint") yield* text;
  else yield* segments(text, new Intl.Segmenter("und", { granularity: by === "character" ? "grapheme" : "word" }));
}

function* segments(text: string, segmenter: Intl.Segmenter): Generator<string> {
  let size = WINDOW;
  for (let from = 0; from < text.length; ) {
    const to = Math.min(text.length, from + size);
    const sure = to === text.length ? to : to - MARGIN;
    let done = from;
    for (const { segment } of segmenter.segment(text.slice(from, to))) {
      if (done + segment.length > sure) break;
      yield segment;
      done += segment.length;
    }
    size = done > from ? WINDOW : 2 * size; // a piece longer than the window
    from = done;
  }
}

/** At most the first `length` code units of a text, for a message or a name; no surrogate pair is cut in two. */
export function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

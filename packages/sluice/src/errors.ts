/** What can go wrong, by whose fault. Every message names what was attempted, the value, the rule and the way out. */

/** A shape that does not fit: wrong rank, wrong axis, sizes that do not match. */
export class ShapeError extends Error {
  override readonly name: string = "ShapeError";
}

/** An option or argument outside its rule. */
export class ValueError extends Error {
  override readonly name: string = "ValueError";
}

/** A call at the wrong time: before build or compile, after a step has ended, on a disposed object. */
export class StateError extends Error {
  override readonly name: string = "StateError";
}

/** A file that is not what it claims to be, or is newer than this library. */
export class FormatError extends Error {
  override readonly name: string = "FormatError";
}

/** NaN or infinity where training or inference needs a finite number. */
export class NumericError extends Error {
  override readonly name: string = "NumericError";
}

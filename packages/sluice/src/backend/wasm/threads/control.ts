/**
 * The block of shared memory through which a pool and its workers speak. Cells that different threads write lie on cache
 * lines of their own.
 *
 * A job is a list of calls. TICKET holds (number of the job << 8 | calls nobody has taken yet); a thread takes a call by lowering
 * it with a compare-and-exchange, which fails when the job it read from is over. PENDING counts the calls that have not ended.
 */
export const TICKET = 0;
/** Where a job counts the calls that are not done. */
export const PENDING = 16;
/** Workers that wait for a ticket. */
export const SLEEPERS = 32;
/** Workers that have started. */
export const STARTED = 48;
/** Length of the text at `MESSAGE_AT`, 0 while no call has failed. */
export const FAILED = 64;

/** Byte address of what a failed call said, in UTF-16. */
export const MESSAGE_AT = 512;
/** UTF-16 units of an error message. */
export const MESSAGE_UNITS = 200;

/** Byte address of the bytes of scratch memory that lie between two threads. */
export const SCRATCH_AT = 1016;
/** Byte address of the calls: each a number of arguments, the kernel's number, then the arguments; the last one is scratch. */
export const CALLS_AT = 1024;
/** Numbers of one call: the function and its arguments. */
export const CALL_NUMBERS = 32;
/** Calls of one job at most. */
export const MOST_CALLS = 255;
/** Bytes of the whole control block. */
export const CONTROL_BYTES: number = CALLS_AT + MOST_CALLS * CALL_NUMBERS * 8;

/** Looks at a cell before a thread goes to sleep: about as long as waking it would take. */
export const SPINS = 2000;

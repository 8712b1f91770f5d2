import type { Callback } from "./callback.ts";

/**
 * Ends training when the loss is NaN or infinite, with the weights of the step before, instead of throwing.
 * `history.stopped` names the step and the first layer or weight that is not finite.
 */
export function terminateOnNaN(): Callback {
  return {
    name: "terminateOnNaN",
    onNonFinite({ stop }, report) {
      stop(`terminateOnNaN: ${report}`);
    },
  };
}

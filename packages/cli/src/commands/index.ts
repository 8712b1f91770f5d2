import type { CommandSpec } from "../define-command.ts";
import { backtest } from "./backtest.ts";
import { compare } from "./compare.ts";
import { completion } from "./completion.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { evaluate } from "./evaluate.ts";
import { inspect } from "./inspect.ts";
import { look } from "./look.ts";
import { predict } from "./predict.ts";
import { quantize } from "./quantize.ts";
import { resume } from "./resume.ts";
import { runs } from "./runs.ts";
import { train } from "./train.ts";

/** Every command, in the order in which the help lists them. */
export const commands: readonly CommandSpec[] = [
  demo,
  look,
  train,
  resume,
  runs,
  compare,
  predict,
  evaluate,
  backtest,
  inspect,
  quantize,
  doctor,
  completion,
];

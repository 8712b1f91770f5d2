export { compareLosses, type LossComparison } from "./compare-losses.ts";
export { type EchoCase, type EchoStep, type EchoVerdict, echoTest } from "./echo.ts";
export { type Contender, type Outcome, type SkillOver, type Verdict, weigh } from "./verdict.ts";

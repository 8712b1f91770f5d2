import * as f from "./functions";

// The functions inside a cell. Tanh and sigmoid are inlined; any other pair goes by its code, which holds for one run at a
// time: `Candidate` and `Gate` stand in the loops where `Tanh` and `Sigmoid` stand otherwise. Codes: see elementwise.ts.

const SIGMOID: i32 = 1;
const TANH: i32 = 2;

let candidateCode: i32 = TANH;
let gateCode: i32 = SIGMOID;

/** Sets the functions of the next run; true when they are tanh and sigmoid. */
export function chooseFunctions(activation: i32, recurrentActivation: i32): bool {
  candidateCode = activation;
  gateCode = recurrentActivation;
  return activation == TANH && recurrentActivation == SIGMOID;
}

@unmanaged export class Candidate {
  @inline value(x: v128): v128 { return valueOf(candidateCode, x); }
  @inline slope(y: v128, x: v128): v128 { return slopeOf(candidateCode, y); }
}
@unmanaged export class Gate {
  @inline value(x: v128): v128 { return valueOf(gateCode, x); }
  @inline slope(y: v128, x: v128): v128 { return slopeOf(gateCode, y); }
}

function valueOf(code: i32, x: v128): v128 {
  switch (code) {
    case SIGMOID: return changetype<f.Sigmoid>(0).value(x);
    case TANH: return changetype<f.Tanh>(0).value(x);
    case 3: return changetype<f.Relu>(0).value(x);
    case 4: return changetype<f.Relu6>(0).value(x);
    case 5: return changetype<f.LeakyRelu>(0).value(x);
    case 6: return changetype<f.Elu>(0).value(x);
    case 7: return changetype<f.Selu>(0).value(x);
    case 8: return changetype<f.Softplus>(0).value(x);
    case 9: return changetype<f.Softsign>(0).value(x);
    case 10: return changetype<f.HardSigmoid>(0).value(x);
    case 11: return changetype<f.HardTanh>(0).value(x);
    case 12: return changetype<f.Exponential>(0).value(x);
    default: return x;
  }
}

/** The slope from the output alone. */
function slopeOf(code: i32, y: v128): v128 {
  switch (code) {
    case SIGMOID: return changetype<f.Sigmoid>(0).slope(y, y);
    case TANH: return changetype<f.Tanh>(0).slope(y, y);
    case 3: return changetype<f.Relu>(0).slope(y, y);
    case 4: return changetype<f.Relu6>(0).slope(y, y);
    case 5: return changetype<f.LeakyRelu>(0).slope(y, y);
    case 6: return changetype<f.Elu>(0).slope(y, y);
    case 7: return changetype<f.Selu>(0).slope(y, y);
    case 8: return changetype<f.Softplus>(0).slope(y, y);
    case 9: return changetype<f.Softsign>(0).slope(y, y);
    case 10: return changetype<f.HardSigmoid>(0).slope(y, y);
    case 11: return changetype<f.HardTanh>(0).slope(y, y);
    case 12: return changetype<f.Exponential>(0).slope(y, y);
    default: return f32x4.splat(1);
  }
}

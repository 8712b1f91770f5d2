import * as f from "./functions";
import { fma } from "./simd";

// The functions inside a cell. Tanh and sigmoid, which nearly every cell has, are inlined in a form of their own; any other
// pair goes by its code, which holds for one run at a time. Codes: see elementwise.ts.

const SIGMOID: i32 = 1;
const TANH: i32 = 2;

let candidateCode: i32 = TANH;
let gateCode: i32 = SIGMOID;
/** A vector on its way into `call` and out of it. */
let place: usize = 0;

/** Sets the functions of the next run; true when they are tanh and sigmoid. scratch: of this thread, 16 bytes. */
export function chooseFunctions(activation: i32, recurrentActivation: i32, scratch: usize): bool {
  place = scratch;
  candidateCode = activation;
  gateCode = recurrentActivation;
  return activation == TANH && recurrentActivation == SIGMOID;
}

const ONE: usize = memory.data<f32>([1]);
const HALF: usize = memory.data<f32>([0.5]);
const TANH_BOUNDS: usize = memory.data<f32>([-9.02, 9.02]);
const TANH_OVER: usize = memory.data<f32>([
  0.9999999791531251, 0.1337972735857621, 3.4940437497591762e-3, 2.0583557564566815e-5, 1.3319052640798528e-8,
]);
const TANH_UNDER: usize = memory.data<f32>([
  1, 0.46713042661494586, 2.587111332541539e-2, 3.2831045386248113e-4, 7.76203712437505e-7,
]);

@inline
function constant(at: usize, i: usize = 0): v128 {
  return v128.load32_splat(at + (i << 2));
}

/**
 * tanh(x) = x·p(x²) / q(x²), p and q of degree 4, fitted to |x| ≤ 9.02, and ±1 beyond. Relative error below 4e-7, about three
 * units in the last place, in well under half the time of `tanhV`.
 */
@inline
function tanhRatio(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, constant(TANH_BOUNDS, 1)), constant(TANH_BOUNDS));
  const z = f32x4.mul(bounded, bounded);
  let p = fma(constant(TANH_OVER, 4), z, constant(TANH_OVER, 3));
  p = fma(p, z, constant(TANH_OVER, 2));
  p = fma(p, z, constant(TANH_OVER, 1));
  p = fma(p, z, constant(TANH_OVER));
  let q = fma(constant(TANH_UNDER, 4), z, constant(TANH_UNDER, 3));
  q = fma(q, z, constant(TANH_UNDER, 2));
  q = fma(q, z, constant(TANH_UNDER, 1));
  q = fma(q, z, constant(TANH_UNDER));
  return f32x4.div(f32x4.mul(bounded, p), q);
}

@unmanaged export class CellTanh {
  @inline value(x: v128): v128 { return tanhRatio(x); }
  @inline slope(y: v128): v128 { return f32x4.sub(constant(ONE), f32x4.mul(y, y)); }
}
/** σ(x) = ½ + ½ tanh(x/2), absolute error below 2e-7. */
@unmanaged export class CellSigmoid {
  @inline value(x: v128): v128 { return fma(tanhRatio(f32x4.mul(x, constant(HALF))), constant(HALF), constant(HALF)); }
  @inline slope(y: v128): v128 { return f32x4.mul(y, f32x4.sub(constant(ONE), y)); }
}
/** The functions that `chooseFunctions` set: of the candidate, and of the gates. */
@unmanaged export class Candidate {
  @inline value(x: v128): v128 { return called(candidateCode, false, x); }
  @inline slope(y: v128): v128 { return called(candidateCode, true, y); }
}
@unmanaged export class Gate {
  @inline value(x: v128): v128 { return called(gateCode, false, x); }
  @inline slope(y: v128): v128 { return called(gateCode, true, y); }
}

/**
 * A function, or its slope, by code. The vector goes through memory: an engine that joins two 128-bit operations into one stops
 * the process where one of the two is an argument or a global.
 */
@inline
function called(code: i32, slope: bool, x: v128): v128 {
  v128.store(place, x);
  call(code, slope);
  return v128.load(place);
}

function call(code: i32, slope: bool): void {
  const x = v128.load(place);
  v128.store(place, slope ? slopeOf(code, x) : valueOf(code, x));
}

@inline
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
@inline
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

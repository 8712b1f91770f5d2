// Everything the module exports. Pointers are bytes, sizes are elements; nothing here allocates.
export * from "./binary";
export { copy } from "./copy";
export { crossEntropy, crossEntropyGradient } from "./cross-entropy";
export { dropoutMask } from "./dropout";
export * from "./elementwise";
export { gatherRows, scatterAddRows } from "./gather";
export { layerNormBackward, layerNormForward } from "./layer-norm";
export { gruBackward, gruForward } from "./gru";
export { lstmBackward, lstmForward } from "./lstm";
export { matmul, multiply, productScratch, weightGradients } from "./matmul";
export { pack, packedBytes } from "./pack";
export { panelColumns, panelGroup } from "./panels";
export { quantizedBytes } from "./quantized";
export { rnnBackward, rnnForward } from "./rnn";
export { reduceMax, reduceMin, reduceSum, sumRowsScratch } from "./reduce";
export { logSoftmax, logSoftmaxGradient, softmax, softmaxGradient } from "./softmax";
export { updateAdadelta, updateAdagrad, updateAdam, updateMomentum, updateNadam, updateRmsprop, updateSgd } from "./update";
export { addStep, gruStep, linearStep, lstmStep, placeStep, rnnStep } from "./streaming";

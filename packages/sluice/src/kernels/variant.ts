// What this build of the kernels may rely on. Both are known when the module is compiled, so a branch on them costs nothing.

/** Fused multiply-add is one instruction. */
export const RELAXED: bool = ASC_FEATURE_RELAXED_SIMD;

/** Tiles are laid in 16-float pairs, for engines that join two 128-bit operations into one 256-bit operation. */
export const PAIRS: bool = WIDE != 0;

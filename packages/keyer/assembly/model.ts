// What the key was told, and the coding of the frames.

/** Whether chroma lies on even luma columns, not between two. */
export let isLeft: bool = false;
/** Half of the hue guard, Q15. */
export let guard: i32 = 0;
/** Q13. */
export let tolerance: i32 = 0;
/** Of the matte and of spill, Q15. */
export let spreading: i32 = 0;
export let spillSpreading: i32 = 0;
export let ceiling: f32 = 0;
export let detail: f32 = 0;
/** Q15. */
export let spill: i32 = 0;
/** Q15. */
export let spillLuma: i32 = 0;

/** Luma code of black, and the range of luma codes. */
export let black: i32 = 16;
export let whitest: i32 = 235;
/** Codes between black and white, 6 fraction bits. */
export let range: i32 = 219 << 6;
/** ε of the slope, in squares of codes. */
export let noise: f32 = 20;
// R'G'B' of a code of luma and of chroma, 13 fraction bits.
export let lumaGain: i32 = 0;
export let redV: i32 = 0;
export let greenU: i32 = 0;
export let greenV: i32 = 0;
export let blueU: i32 = 0;

/** Shares from 0 to 1, but for the guard's 0 to 2. */
export function setModel(left: bool, hueGuard: f32, hueTolerance: f32, hueSpread: f32, most: f32, refinement: f32, despill: f32, despillLuma: f32): void {
  isLeft = left;
  guard = min(32767, <i32>nearest<f32>(hueGuard * 16384));
  tolerance = <i32>nearest<f32>(hueTolerance * 8192);
  spreading = min(32767, <i32>nearest<f32>(hueSpread * 32768));
  spillSpreading = min(32767, spreading + (spreading >> 1));
  ceiling = most;
  detail = refinement;
  spill = min(32767, <i32>nearest<f32>(despill * 32768));
  spillLuma = min(32767, <i32>nearest<f32>(despillLuma * 32768));
}

/** How codes become R'G'B'. */
export function setCoding(blackCode: i32, whiteCode: i32, gain: f32, rv: f32, gu: f32, gv: f32, bu: f32, epsilon: f32): void {
  black = blackCode;
  whitest = whiteCode;
  range = (whiteCode - blackCode) << 6;
  lumaGain = <i32>nearest<f32>(gain * 8192);
  redV = <i32>nearest<f32>(rv * 8192);
  greenU = <i32>nearest<f32>(gu * 8192);
  greenV = <i32>nearest<f32>(gv * 8192);
  blueU = <i32>nearest<f32>(bu * 8192);
  noise = epsilon;
}

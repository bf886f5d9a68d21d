// The keyer in WebAssembly SIMD: the model of ../src/reference.ts in fixed point, row by row. Memory is imported and laid
// out once per frame size; nothing is allocated later.

import { classifyRow, flagRow, lookAround, MIXED, SPILT, SUBJECT } from './blocks';
import { matchPlanes, matchRgba } from './color-match';
import { composeI420 } from './compose-i420';
import { composeRgba } from './compose-rgba';
import { measureGain } from './gain';
import { forgetLight, gatherLight, wrapPlanes, wrapRgba } from './light-wrap';
import { blocks, shown, sitesDown } from './memory';
import { averageRow, projectRow } from './project';
import { refineRow, widenMatteRow, widenRestRow } from './refine';
import { slopeRow } from './slope';

export {
  backdrop,
  behind,
  behindLuma,
  behindU,
  behindV,
  canvas,
  cells,
  chromaStride,
  chromaU,
  chromaV,
  given,
  GIVEN_BYTES as givenBytes,
  interleaved,
  keyedLuma,
  keyedU,
  keyedV,
  layOut,
  luma,
  lumaStride,
  rgba,
} from './memory';
export { composeCanvas, place } from './canvas';
export { deinterleave, placeRows, readRgba, setReading } from './inputs';
export { setLumaOfColor, setMatch } from './color-match';
export { blurPlanes, blurRgba, setLooks } from './looks';
export { setCoding, setModel } from './model';
export { setScreen } from './plate';

/** What is behind has changed: all of it has to be shown anew. */
export function changeBackground(): void {
  memory.fill(shown, 0, blocks * sitesDown);
  forgetLight();
}

// What the last result was.
const NONE: i32 = 0;
const CLEAR: i32 = 1;
const OVER: i32 = 2;
const PLANES: i32 = 3;
const PREMULTIPLIED: i32 = 4;
let made: i32 = NONE;

/** Keys the frame in memory to RGBA: over `behind`, or with alpha, straight or premultiplied. */
export function keyToRgba(isOver: bool, isPremultiplied: bool): void {
  key(isOver ? OVER : isPremultiplied ? PREMULTIPLIED : CLEAR);
}

/** Keys the frame in memory to planes. */
export function keyToI420(): void {
  key(PLANES);
}

function key(result: i32): void {
  if (result != made) changeBackground();
  made = result;
  measureGain();
  if (result == OVER || result == PLANES) gatherLight(result == OVER);
  const isRgba = result != PLANES;
  const wanted = isRgba ? MIXED | SPILT | SUBJECT : MIXED | SPILT;
  // Each step is behind the one before by as many rows as it looks ahead.
  for (let t = 0; t < sitesDown + 7; t++) {
    if (t < sitesDown) {
      projectRow(t);
      flagRow(t);
    }
    if (t >= 2 && t < sitesDown + 2) classifyRow(t - 2);
    if (t >= 3 && t < sitesDown + 3) {
      lookAround(t - 3);
      averageRow(t - 3);
    }
    if (t >= 4 && t < sitesDown + 4) {
      slopeRow(t - 4);
      widenMatteRow(t - 4);
    }
    if (t >= 5 && t < sitesDown + 5) refineRow(t - 5, wanted, isRgba);
    if (t >= 6 && t < sitesDown + 6) widenRestRow(t - 6, wanted, isRgba);
    if (t < 7) continue;
    if (isRgba) {
      composeRgba(t - 7, result == OVER, result == PREMULTIPLIED);
      matchRgba(t - 7, result == OVER, result == PREMULTIPLIED);
      if (result == OVER) wrapRgba(t - 7);
    } else {
      composeI420(t - 7);
      matchPlanes(t - 7);
      wrapPlanes(t - 7);
    }
  }
}

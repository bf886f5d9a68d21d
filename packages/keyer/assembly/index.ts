// The keyer in WebAssembly SIMD: the model of ../src/reference.ts in fixed point, row by row. Memory is imported and laid
// out once per frame size; nothing is allocated later.

import { classifyRow, flagRow, lookAround, MIXED, SPILT, SUBJECT } from './blocks';
import { composeI420 } from './compose-i420';
import { composeRgba } from './compose-rgba';
import { measureGain } from './gain';
import { blocks, chromaStride, chromaU, chromaV, interleaved, shown, sitesDown } from './memory';
import { averageRow, projectRow } from './project';
import { refineRow, widenMatteRow, widenRestRow } from './refine';
import { slopeRow } from './slope';

export {
  behind,
  behindLuma,
  behindU,
  behindV,
  cells,
  chromaStride,
  chromaU,
  chromaV,
  interleaved,
  keyedLuma,
  keyedU,
  keyedV,
  layOut,
  luma,
  lumaStride,
  rgba,
} from './memory';
export { setCoding, setModel } from './model';
export { setScreen } from './plate';

/** Splits the interleaved chroma of NV12. */
export function deinterleave(): void {
  for (let j = 0; j < sitesDown; j++) {
    const from = interleaved + 2 * j * chromaStride;
    for (let i = 0; i < chromaStride - 16; i += 16) {
      const low = v128.load(from + 2 * i), high = v128.load(from + 2 * i, 16);
      v128.store(chromaU + j * chromaStride + i, i8x16.shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
      v128.store(chromaV + j * chromaStride + i, i8x16.shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
    }
  }
}

/** What is behind has changed: all of it has to be shown anew. */
export function changeBackground(): void {
  memory.fill(shown, 0, blocks * sitesDown);
}

// What the last result was.
const NONE: i32 = 0;
const CLEAR: i32 = 1;
const OVER: i32 = 2;
const PLANES: i32 = 3;
let made: i32 = NONE;

/** Keys the frame in memory to RGBA: over `behind`, or with straight alpha. */
export function keyToRgba(isOver: bool): void {
  key(isOver ? OVER : CLEAR);
}

/** Keys the frame in memory to planes. */
export function keyToI420(): void {
  key(PLANES);
}

function key(result: i32): void {
  if (result != made) changeBackground();
  made = result;
  measureGain();
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
    if (isRgba) composeRgba(t - 7, result == OVER);
    else composeI420(t - 7);
  }
}

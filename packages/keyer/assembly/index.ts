// The keyer in WebAssembly SIMD: the model of ../src/reference.ts in fixed point, row by row. Memory is imported and laid
// out once per frame size; nothing is allocated later.

import { classifyRow, flagRow, MIXED, SPILT, SUBJECT } from './blocks';
import { composeRgba } from './compose-rgba';
import { blocks, chromaStride, chromaU, chromaV, interleaved, shown, sitesDown } from './memory';
import { averageRow, projectRow } from './project';
import { refineRow, widenMatteRow, widenRestRow } from './refine';
import { slopeRow } from './slope';

export { behind, cells, chromaStride, chromaU, chromaV, interleaved, layOut, luma, lumaStride, rgba } from './memory';
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

/** Keys the frame in memory: over `behind`, or with straight alpha. */
export function keyToRgba(isOver: bool): void {
  const wanted = MIXED | SPILT | SUBJECT;
  // Each step is behind the one before by as many rows as it looks ahead.
  for (let t = 0; t < sitesDown + 6; t++) {
    if (t < sitesDown) {
      projectRow(t);
      averageRow(t);
      flagRow(t);
    }
    if (t >= 2 && t < sitesDown + 2) {
      classifyRow(t - 2);
      slopeRow(t - 2);
    }
    if (t >= 3 && t < sitesDown + 3) widenMatteRow(t - 3);
    if (t >= 4 && t < sitesDown + 4) refineRow(t - 4, wanted);
    if (t >= 5 && t < sitesDown + 5) widenRestRow(t - 5, wanted, true);
    if (t >= 6) composeRgba(t - 6, isOver);
  }
}

import { type Matrix, rgbOf } from '../../color.js';
import type { KeyingParameters } from '../../parameters.js';
import { nearest } from './lanes.testing.js';

const f32 = Math.fround;

/** Parameters and coding in fixed point, as assembly/model.ts keeps them. */
export interface Model {
  readonly isLeft: boolean;
  /** Half of the hue guard, Q15. */
  readonly guard: number;
  /** Q13 */
  readonly tolerance: number;
  /** Of the matte and of spill, Q15. */
  readonly spreading: number;
  readonly spillSpreading: number;
  /** Q15 */
  readonly spill: number;
  readonly spillLuma: number;
  /** f32 */
  readonly detail: number;
  /** ε of the slope in squares of codes, f32. */
  readonly noise: number;
  readonly black: number;
  readonly white: number;
  // R'G'B' of a code of luma and of chroma, 13 fraction bits.
  readonly lumaGain: number;
  readonly redV: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly blueU: number;
}

const fixed = (value: number, bits: number) => nearest(f32(f32(value) * 2 ** bits));
const share = (value: number) => Math.min(32_767, fixed(value, 15));

/** Fixed point of complete parameters. */
export const createModel = (parameters: KeyingParameters, matrix: Matrix, isFullRange: boolean): Model => {
  const lumaUnit = isFullRange ? 219 / 255 : 1;
  const chromaUnit = isFullRange ? 224 / 255 : 1;
  const [, greenU, blueU] = rgbOf(0, chromaUnit, 0, matrix);
  const [redV, greenV] = rgbOf(0, 0, chromaUnit, matrix);
  const spreading = share(parameters.hueSpread);
  return {
    isLeft: parameters.siting === 'left',
    guard: Math.min(32_767, fixed(parameters.hueGuard, 14)),
    tolerance: fixed(parameters.hueTolerance, 13),
    spreading,
    spillSpreading: Math.min(32_767, spreading + (spreading >> 1)),
    spill: share(parameters.spill),
    spillLuma: share(parameters.spillLuma),
    detail: f32(parameters.detail),
    noise: f32(20 / lumaUnit ** 2),
    black: isFullRange ? 0 : 16,
    white: isFullRange ? 255 : 235,
    lumaGain: fixed((255 / 219) * lumaUnit, 13),
    redV: fixed(redV, 13),
    greenU: fixed(greenU, 13),
    greenV: fixed(greenV, 13),
    blueU: fixed(blueU, 13),
  };
};

import type { PlanarPicture } from '@backlot/keyer/wasm';

/** A decoded picture: I420, tightly packed; its sides may be odd. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Bytes of such a picture. */
export const pictureBytes = (width: number, height: number): number => width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);

/** Views of the planes of a tightly packed I420 picture. */
export const planesOf = (data: Uint8Array, width: number, height: number): PlanarPicture => {
  const luma = width * height;
  const chromaStride = Math.ceil(width / 2);
  const chroma = chromaStride * Math.ceil(height / 2);
  return {
    y: data.subarray(0, luma),
    u: data.subarray(luma, luma + chroma),
    v: data.subarray(luma + chroma, luma + 2 * chroma),
    lumaStride: width,
    chromaStride,
  };
};

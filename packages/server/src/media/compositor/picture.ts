import type { PlanarPicture } from '@backlot/keyer/wasm';

/** A decoded picture: I420, tightly packed. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Views of the planes of a tightly packed I420 picture of even sides. */
export const planesOf = (data: Uint8Array, width: number, height: number): PlanarPicture => {
  const size = width * height;
  return {
    y: data.subarray(0, size),
    u: data.subarray(size, size + size / 4),
    v: data.subarray(size + size / 4, size + size / 2),
    lumaStride: width,
    chromaStride: width / 2,
  };
};

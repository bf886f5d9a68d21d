import sharp from 'sharp';

/** What stands behind an avatar. */
export type Background =
  | { readonly kind: 'none' }
  | { readonly kind: 'color'; readonly color: string }
  | { readonly kind: 'image'; readonly bytes: Uint8Array; readonly fit: 'cover' | 'contain' };

const MAX_PIXELS = 50_000_000;
const DECODE_SECONDS = 10;

/** Decodes a background to a picture of the canvas's size: I420, BT.601 limited, tightly packed; null for none. */
export const loadBackground = async (background: Background, width: number, height: number): Promise<Uint8Array | null> => {
  switch (background.kind) {
    case 'none':
      return null;
    case 'color': {
      const value = Number.parseInt(background.color.slice(1), 16);
      const pixels = Buffer.alloc(width * height * 3);
      for (let at = 0; at < pixels.length; at += 3) pixels.writeUIntBE(value, at, 3);
      return toI420(pixels, width, height);
    }
    case 'image': {
      const pixels = await sharp(background.bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
        .timeout({ seconds: DECODE_SECONDS })
        .resize(width, height, { fit: background.fit, background: '#000000' })
        .flatten({ background: '#000000' })
        .toColourspace('srgb')
        .removeAlpha()
        .raw()
        .toBuffer();
      return toI420(pixels, width, height);
    }
  }
};

/** Cell by cell of 2 × 2 pixels, without anything made for a pixel: the picture that is on air waits meanwhile. */
const toI420 = (rgb: Uint8Array, width: number, height: number): Uint8Array => {
  const size = width * height;
  // Clamped arrays round what they are given.
  const planes = new Uint8ClampedArray((size * 3) / 2);
  let cell = size;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [red, green, blue] = [0, 0, 0];
      for (let row = 0; row < 2; row++) {
        for (let column = 0; column < 2; column++) {
          const at = (y + row) * width + x + column;
          const r = rgb[3 * at] ?? 0;
          const g = rgb[3 * at + 1] ?? 0;
          const b = rgb[3 * at + 2] ?? 0;
          planes[at] = 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
          red += r;
          green += g;
          blue += b;
        }
      }
      planes[cell] = 128 + (-37.797 * red - 74.203 * green + 112 * blue) / 1020;
      planes[cell + size / 4] = 128 + (112 * red - 93.786 * green - 18.214 * blue) / 1020;
      cell++;
    }
  }
  return new Uint8Array(planes.buffer);
};

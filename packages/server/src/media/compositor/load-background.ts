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

const toI420 = (rgb: Uint8Array, width: number, height: number): Uint8Array => {
  const size = width * height;
  const planes = new Uint8Array((size * 3) / 2);
  const chroma = new Float32Array(size / 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const [r = 0, g = 0, b = 0] = [rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2]];
      planes[at] = Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255);
      const cell = (y >> 1) * (width / 2) + (x >> 1);
      chroma[cell] = (chroma[cell] ?? 0) + (-37.797 * r - 74.203 * g + 112 * b) / 1020;
      chroma[cell + size / 4] = (chroma[cell + size / 4] ?? 0) + (112 * r - 93.786 * g - 18.214 * b) / 1020;
    }
  }
  for (let cell = 0; cell < size / 2; cell++) planes[size + cell] = Math.round(128 + (chroma[cell] ?? 0));
  return planes;
};

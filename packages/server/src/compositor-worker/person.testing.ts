/** Y, U, V codes. */
export type Look = readonly [number, number, number];

/** #00FF00, BT.601 limited. */
export const SCREEN: Look = [145, 54, 34];
/** What the person wears. */
export const CLOTH: Look = [110, 118, 150];
/** Pictures a second. */
export const FPS = 30;
/** One beep for so many pictures, with the first of them. */
export const BEEP_EVERY = 30;
/** Bits of the frame counter: four rows of four. */
export const COUNTER_BITS = 16;
const SIDE = 4;

const boxOf = (width: number, height: number): { readonly left: number; readonly right: number; readonly top: number } => ({
  left: 2 * Math.round(width * 0.19),
  right: 2 * Math.round(width * 0.31),
  top: 2 * Math.round(height * 0.12),
});
/** Where the counter stands within the person. */
const cellOf = (width: number, height: number, bit: number): { readonly x: number; readonly y: number; readonly side: number } => {
  const { left, right, top } = boxOf(width, height);
  const side = 2 * Math.floor(Math.min((right - left) / (SIDE + 1), (height * 0.4) / SIDE) / 2);
  return { x: left + Math.round((right - left - SIDE * side) / 2) + (bit % SIDE) * side, y: top + side + Math.floor(bit / SIDE) * side, side };
};

/** A drawn person before a green screen, I420, with a frame counter on its chest. */
export const drawPerson = (width: number, height: number): { readonly data: Uint8Array; count(value: number): void } => {
  const size = width * height;
  const data = new Uint8Array(new ArrayBuffer((size * 3) / 2));
  const { left, right, top } = boxOf(width, height);
  const isPerson = (x: number, y: number): boolean => x >= left && x < right && y >= top;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = (isPerson(x, y) ? CLOTH : SCREEN)[0];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      const at = size + (y / 2) * (width / 2) + x / 2;
      [, data[at], data[at + size / 4]] = isPerson(x, y) ? CLOTH : SCREEN;
    }
  }
  // The counter is black and white.
  for (let bit = 0; bit < COUNTER_BITS; bit++) {
    const { x, y, side } = cellOf(width, height, bit);
    for (let row = y / 2; row < (y + side) / 2; row++) {
      for (const plane of [0, size / 4]) data.fill(128, size + plane + row * (width / 2) + x / 2, size + plane + row * (width / 2) + (x + side) / 2);
    }
  }
  return {
    data,
    count: (value) => {
      for (let bit = 0; bit < COUNTER_BITS; bit++) {
        const { x, y, side } = cellOf(width, height, bit);
        const code = (value >> bit) & 1 ? 225 : 25;
        for (let row = y; row < y + side; row++) data.fill(code, row * width + x, row * width + x + side);
      }
    },
  };
};

/** The frame counter of a picture that the person fills as it was drawn, however scaled. */
export const readCounter = (data: Uint8Array, width: number, height: number): number => {
  let value = 0;
  for (let bit = 0; bit < COUNTER_BITS; bit++) {
    const { x, y, side } = cellOf(width, height, bit);
    if ((data[(y + side / 2) * width + x + side / 2] ?? 0) > 125) value |= 1 << bit;
  }
  return value;
};

/** The codes of an I420 picture at a place, in shares of its sides. */
export const sampleAt = (data: Uint8Array, width: number, height: number, across: number, down: number): Look => {
  const [x, y] = [Math.floor(width * across), Math.floor(height * down)];
  const chroma = width * height + Math.floor(y / 2) * Math.ceil(width / 2) + Math.floor(x / 2);
  return [data[y * width + x] ?? 0, data[chroma] ?? 0, data[chroma + Math.ceil(width / 2) * Math.ceil(height / 2)] ?? 0];
};

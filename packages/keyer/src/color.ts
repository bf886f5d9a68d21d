/** The weights that make luma of R'G'B'. HD is tagged BT.709, most else BT.601; tags lie. */
export type Matrix = 'bt601' | 'bt709';

interface Weights {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/**
 * Where pictures are RGB already the matrix is ours to choose: the key is measured in the same RGB that is keyed, so the
 * stream's own cancels. Hence the default, BT.709. Planes of a stream are read by the stream's.
 */
const WEIGHTS: Readonly<Record<Matrix, Weights>> = {
  bt601: { r: 0.299, g: 0.587, b: 0.114 },
  bt709: { r: 0.2126, g: 0.7152, b: 0.0722 },
};

/** Limited-range codes of a colour: luma 16 to 235, chroma centred on 0 (−112 to 112). */
export interface Codes {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** Luma code of an R'G'B' colour in 0 to 255. */
export const lumaOf = (r: number, g: number, b: number, matrix: Matrix = 'bt709'): number => {
  const weights = WEIGHTS[matrix];
  return 16 + (219 / 255) * (weights.r * r + weights.g * g + weights.b * b);
};

/** Codes of an R'G'B' colour in 0 to 255. */
export const codesOf = (r: number, g: number, b: number, matrix: Matrix = 'bt709'): Codes => {
  const weights = WEIGHTS[matrix];
  const luma = weights.r * r + weights.g * g + weights.b * b;
  return { y: 16 + (219 / 255) * luma, u: (112 / 255) * ((b - luma) / (1 - weights.b)), v: (112 / 255) * ((r - luma) / (1 - weights.r)) };
};

/** R'G'B' in 0 to 255, not clipped, from luma above black (Y − 16) and centred chroma. */
export const rgbOf = (luma: number, u: number, v: number, matrix: Matrix = 'bt709'): readonly [number, number, number] => {
  const weights = WEIGHTS[matrix];
  const y = (luma * 255) / 219;
  const r = y + (255 / 112) * (1 - weights.r) * v;
  const b = y + (255 / 112) * (1 - weights.b) * u;
  return [r, (y - weights.r * r - weights.b * b) / weights.g, b];
};

/** Codes of `#rrggbb`. */
export const codesOfHex = (hex: string, matrix: Matrix = 'bt709'): Codes => {
  const value = Number.parseInt(hex.slice(1), 16);
  return codesOf((value >> 16) & 255, (value >> 8) & 255, value & 255, matrix);
};

/** `#rrggbb` of codes, clipped to what RGB can hold. */
export const hexOf = ({ y, u, v }: Codes, matrix: Matrix = 'bt709'): string =>
  `#${rgbOf(y - 16, u, v, matrix)
    .map((channel) =>
      Math.round(Math.min(255, Math.max(0, channel)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;

/**
 * BT.709 luma weights. The key is measured in the same RGB that is keyed, so the stream's own matrix cancels: any
 * fixed matrix serves.
 */
const R = 0.2126;
const G = 0.7152;
const B = 0.0722;

/** Limited-range codes of a colour: luma 16 to 235, chroma centred on 0 (−112 to 112). */
export interface Codes {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** Luma code of an R'G'B' colour in 0 to 255. */
export const lumaOf = (r: number, g: number, b: number): number => 16 + (219 / 255) * (R * r + G * g + B * b);

/** Codes of an R'G'B' colour in 0 to 255. */
export const codesOf = (r: number, g: number, b: number): Codes => {
  const luma = R * r + G * g + B * b;
  return { y: lumaOf(r, g, b), u: (112 / 255) * ((b - luma) / (1 - B)), v: (112 / 255) * ((r - luma) / (1 - R)) };
};

/** R'G'B' in 0 to 255, not clipped, from luma above black (Y − 16) and centred chroma. */
export const rgbOf = (luma: number, u: number, v: number): readonly [number, number, number] => {
  const y = (luma * 255) / 219;
  const r = y + (255 / 112) * (1 - R) * v;
  const b = y + (255 / 112) * (1 - B) * u;
  return [r, (y - R * r - B * b) / G, b];
};

/** Codes of `#rrggbb`. */
export const codesOfHex = (hex: string): Codes => {
  const value = Number.parseInt(hex.slice(1), 16);
  return codesOf((value >> 16) & 255, (value >> 8) & 255, value & 255);
};

/** `#rrggbb` of codes, clipped to what RGB can hold. */
export const hexOf = ({ y, u, v }: Codes): string =>
  `#${rgbOf(y - 16, u, v)
    .map((channel) =>
      Math.round(Math.min(255, Math.max(0, channel)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;

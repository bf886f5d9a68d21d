const REFERENCE_PIXELS = 1280 * 720;
const REFERENCE_BPS = 2_500_000;

/**
 * Ceiling of the video's bitrate in bits a second: 2.5 Mb/s at 1280 × 720, and less than proportionally more for
 * larger pictures, because detail grows slower than area.
 */
export const maxBitrateBps = (width: number, height: number): number =>
  Math.round(Math.min(6_000_000, Math.max(600_000, REFERENCE_BPS * ((width * height) / REFERENCE_PIXELS) ** 0.75)));

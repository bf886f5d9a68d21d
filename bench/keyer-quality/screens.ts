/** What the keyer must reach on a screen at CRF 23: dB inside the edge band, and mean absolute difference × 1000. */
export interface ScreenGoals {
  readonly edgePsnr: number;
  readonly mad: number;
}

/** A screen behind the cut-outs. */
export interface Screen {
  readonly name: string;
  /** Its colour, R'G'B' 0 to 255. */
  readonly rgb: readonly [number, number, number];
  /** Whether its light is uneven, falls on the subject, and the camera is noisy. */
  readonly isStudio: boolean;
  /** Whether blue is its strongest channel: peers that are written for green get blue and green exchanged. */
  readonly isBlue: boolean;
  readonly goals?: ScreenGoals;
}

/** The screens: what avatars are sent on, a studio's, and a blue one. The goals are issue 5's. */
export const SCREENS: readonly Screen[] = [
  { name: '#00FF00', rgb: [0, 255, 0], isStudio: false, isBlue: false, goals: { edgePsnr: 33, mad: 1.2 } },
  { name: 'HeyGen', rgb: [101, 216, 65], isStudio: false, isBlue: false, goals: { edgePsnr: 32, mad: 1.6 } },
  { name: 'Tavus', rgb: [3, 255, 156], isStudio: false, isBlue: false, goals: { edgePsnr: 32, mad: 1.5 } },
  { name: 'studio', rgb: [64, 172, 74], isStudio: true, isBlue: false, goals: { edgePsnr: 31.5, mad: 1.9 } },
  { name: 'blue', rgb: [20, 60, 220], isStudio: false, isBlue: true },
];

/** Light on the studio's screen at a place, each 0 to 1 across the picture (keying model §5). */
export const studioLight = (x: number, y: number): number => 0.9 + 0.14 * Math.cos(2.6 * (x - 0.4)) - 0.16 * (y - 0.3) ** 2;

import { checkChoice, checkNumber, checkObject } from './checks.js';

/**
 * How chroma sites lie on the luma grid. `centre`: in the middle of a 2×2 block (libwebrtc, JPEG, anything that
 * averages blocks). `left`: on the even luma column, between two rows (H.264's default).
 */
export type Siting = (typeof SITINGS)[number];

/** Both sitings. */
export const SITINGS = ['centre', 'left'] as const;

/**
 * What the key can be told. Shares are of the way from neutral (0) to the screen (1) along the screen's own colour, so that they
 * mean the same on a strong and on a pale screen. The defaults suit green and blue screens of avatars; they were chosen on
 * cut-outs over synthetic and studio-like screens (`bench/keyer-quality`). How the result is styled is told apart: `Looks`.
 */
export interface KeyingParameters {
  /**
   * The screen's colour. `auto`: measured on the picture's border and followed, since vendors' greens differ from what they
   * say. Or the colour as it arrives, `#rrggbb`, for borders that the subject covers. Default `auto`.
   */
  readonly key: 'auto' | `#${string}`;
  /**
   * Softness, its lower end: the share where the matte starts. Less than this is spill and flare on the subject, not screen.
   * `auto`: measured on the subject, place by place. Lower keeps thinner hair, higher closes holes in a subject that mirrors
   * the screen. Range 0 to 0.5. Default `auto`.
   */
  readonly floor: 'auto' | number;
  /**
   * Softness, its upper end: the share where the matte is full. The screen's noise must lie above, or it shows as haze; higher
   * keeps the faintest hair. Range 0.6 to 1. Default 0.96: a plate makes so narrow a margin enough.
   */
  readonly ceiling: number;
  /**
   * How hard colours off the key's axis are pushed out of the matte: yellow and cyan cloth stay opaque. Too hard makes edges of
   * coloured hair opaque. A share of matte for each share off the axis beyond the tolerance. Range 0 to 2. Default 1.2.
   */
  readonly hueGuard: number;
  /**
   * Tolerance: how far off the key's axis a colour may lie and still count as screen, as a share of the key's length. Noise and
   * tinted hair need some; cloth of a similar colour wants less. Range 0 to 1. Default 0.14.
   */
  readonly hueTolerance: number;
  /**
   * How much more it forgives for each share of the subject in a sample: a mixture of skin and screen lies off the axis
   * too. Higher keeps blurred hands, lower keeps cloth of a colour next to the screen's. Range 0 to 1. Default 0.3.
   */
  readonly hueSpread: number;
  /**
   * Strength of the refinement from luma, which alone has the detail of hair in 4:2:0. 0 is the plain chroma matte, for frames
   * whose luma is noisier than their edges are fine. Range 0 to 1. Default 1: it only acts where luma explains the matte.
   */
  readonly detail: number;
  /** How much of the screen's colour is taken out of the subject, its edges included. 0 leaves it. Range 0 to 1. Default 1. */
  readonly spill: number;
  /**
   * How much of the removed spill is also taken out of brightness. Bounced light brightens less than the screen itself: 1 would
   * darken edges, 0 leaves them glowing. Range 0 to 1. Default 0.5.
   */
  readonly spillLuma: number;
  /** Whether an uneven screen is measured place by place. False trusts one colour: for screens that were drawn. Default true. */
  readonly plate: boolean;
  /**
   * Siting of the video's chroma. The wrong one costs 2 dB at edges. Default `centre`: what browsers and converters that average
   * blocks make. Streams from files are mostly `left`.
   */
  readonly siting: Siting;
}

/** The defaults of every parameter. */
export const DEFAULT_PARAMETERS: KeyingParameters = Object.freeze({
  key: 'auto',
  floor: 'auto',
  ceiling: 0.96,
  hueGuard: 1.2,
  hueTolerance: 0.14,
  hueSpread: 0.3,
  detail: 1,
  spill: 1,
  spillLuma: 0.5,
  plate: true,
  siting: 'centre',
});

type NumberName = { [Name in keyof KeyingParameters]: KeyingParameters[Name] extends number ? Name : never }[keyof KeyingParameters];

/** Least and most of every parameter that is a number. */
const RANGES: Readonly<Record<NumberName, readonly [least: number, most: number]>> = {
  ceiling: [0.6, 1],
  hueGuard: [0, 2],
  hueTolerance: [0, 1],
  hueSpread: [0, 1],
  detail: [0, 1],
  spill: [0, 1],
  spillLuma: [0, 1],
};

/**
 * Completes parameters with the defaults; what is undefined takes its default too.
 * @throws TypeError for a name that is no parameter or a value of the wrong type, RangeError for a number out of its range.
 */
export const resolveParameters = (given: Partial<KeyingParameters> = {}): KeyingParameters => {
  checkObject('parameters', given);
  const all = { ...DEFAULT_PARAMETERS };
  for (const [name, value] of Object.entries(given)) {
    checkChoice('A parameter', name, Object.keys(DEFAULT_PARAMETERS));
    if (value !== undefined) Object.assign(all, { [name]: value });
  }
  if (typeof all.key !== 'string' || !/^(auto|#[0-9a-fA-F]{6})$/.test(all.key))
    throw new TypeError(`key must be auto or a colour such as #00ff00, not ${all.key}.`);
  if (all.floor !== 'auto') checkNumber('floor', all.floor, 0, 0.5);
  for (const name of Object.keys(RANGES) as NumberName[]) checkNumber(name, all[name], ...RANGES[name]);
  checkChoice('plate', all.plate, [true, false]);
  checkChoice('siting', all.siting, SITINGS);
  return all;
};

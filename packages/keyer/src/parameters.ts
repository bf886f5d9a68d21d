import { checkChoice, checkNumber, checkObject } from './checks.js';

/**
 * How chroma sites lie on the luma grid. `centre`: in the middle of a 2×2 block (libwebrtc, JPEG, anything that
 * averages blocks). `left`: on the even luma column, between two rows (H.264's default).
 */
export type Siting = (typeof SITINGS)[number];

/** Both sitings. */
export const SITINGS = ['centre', 'left'] as const;

/** What the key can be told. All defaults come from `DEFAULT_PARAMETERS`; they suit green and blue screens of avatars. */
export interface KeyingParameters {
  /** `auto`: measured from the picture's border. Or the screen's colour as it arrives, `#rrggbb`. Default `auto`. */
  readonly key: 'auto' | `#${string}`;
  /**
   * Where the matte starts, as a share of the way from neutral (0) to the screen (1): more spill and flare than this
   * counts as screen. `auto`: measured on the subject, place by place. Range 0 to 0.5. Default `auto`.
   */
  readonly floor: 'auto' | number;
  /** Where the matte is full, on the same scale: the screen's noise lies above. Range 0.6 to 1. Default 0.96. */
  readonly ceiling: number;
  /** How hard colours off the key's axis (yellow, cyan) are pushed out of the matte. Range 0 to 2. Default 1.2. */
  readonly hueGuard: number;
  /** Off-axis chroma that the hue guard forgives, as a share of the key's length. Range 0 to 1. Default 0.14. */
  readonly hueTolerance: number;
  /**
   * How much more it forgives for each share of the subject in a sample: a mixture of skin and screen lies off the axis
   * too. Higher keeps blurred hands, lower keeps cloth of a colour next to the screen's. Range 0 to 1. Default 0.3.
   */
  readonly hueSpread: number;
  /** Strength of the edge refinement from luma. 0 is the plain chroma matte. Range 0 to 1. Default 1. */
  readonly detail: number;
  /** How much of the screen's colour is taken out of the subject. 0 leaves it. Range 0 to 1. Default 1. */
  readonly spill: number;
  /** How much of the removed spill is also taken out of brightness. Range 0 to 1. Default 0.5. */
  readonly spillLuma: number;
  /** Whether an uneven screen is measured place by place. Default true. */
  readonly plate: boolean;
  /** Siting of the video's chroma. Default `centre`. */
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

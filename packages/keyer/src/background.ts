import { checkChoice, checkNumber, checkObject } from './checks.js';
import type { Fit } from './framing.js';

/** What is behind the avatar. `image` is taken over: it is closed when another background replaces it. */
export type Background =
  | { readonly kind: 'none' }
  /** `#rrggbb`. */
  | { readonly kind: 'color'; readonly color: string }
  | { readonly kind: 'image'; readonly image: ImageBitmap; readonly fit: Fit };

/** The first frame of a fade already shows some of the new background: as if it had begun this long before, in ms. */
export const FADE_HEAD_START_MS = 17;

/**
 * Refuses what can't be shown, or faded to.
 * @throws TypeError, RangeError
 */
export const checkBackground = (background: Background, transitionMs: number): void => {
  checkObject('background', background);
  checkChoice('background.kind', background.kind, ['none', 'color', 'image']);
  if (background.kind === 'color' && !/^#[0-9a-fA-F]{6}$/.test(background.color)) throw new TypeError('background.color must be a colour such as #00ff00.');
  if (background.kind === 'image') checkObject('background.image', background.image);
  checkNumber('transitionMs', transitionMs, 0, Infinity);
};

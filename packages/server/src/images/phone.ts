import { WALLPAPER_ON_SCREEN } from '@backlot/contract';
import type { Margins } from './messages.js';

/** Screen that wallpapers are made for, in pixels: an iPhone 15's, about 9:19.5. */
export const PHONE_SCREEN = WALLPAPER_ON_SCREEN.screen;

/** What a recipient saw of an image of `PHONE_SCREEN`'s size that a program had set. */
const SEEN = WALLPAPER_ON_SCREEN.seen;

/** So large that the part that is seen has a pixel for each of the screen's. */
const SCALE = 2;

/** Canvas of a wallpaper that survives the zoom, in pixels: of the screen's shape, as measured. */
export const PHONE_CANVAS = { width: PHONE_SCREEN.width * SCALE, height: PHONE_SCREEN.height * SCALE } as const;

/** Where on `PHONE_CANVAS` the part lies that is seen. */
export const PHONE_WINDOW = { left: SEEN.left * SCALE, top: SEEN.top * SCALE, width: SEEN.width * SCALE, height: SEEN.height * SCALE } as const;

/** What surrounds the part that is seen. */
export const PHONE_MARGINS: Margins = {
  left: PHONE_WINDOW.left,
  top: PHONE_WINDOW.top,
  right: PHONE_CANVAS.width - PHONE_WINDOW.left - PHONE_WINDOW.width,
  bottom: PHONE_CANVAS.height - PHONE_WINDOW.top - PHONE_WINDOW.height,
};

import type { Margins } from './messages.js';

/** Screen that wallpapers are made for, in pixels: an iPhone 15's, about 9:19.5. */
export const PHONE_SCREEN = { width: 1179, height: 2556 } as const;

/**
 * What a recipient saw of an image of `PHONE_SCREEN`'s size that a program had set: exactly twofold zoom, x from 215 to
 * 804 and y from 1353 to the lower edge at 2556; iOS filled the strip of the screen that this leaves at the bottom with
 * a mirrored blur. Measured on iOS 26 (photon-hq/spectrum-ts#122); the same image set by hand is not zoomed.
 */
const SEEN = { left: 215, top: 1353, width: PHONE_SCREEN.width / 2, height: PHONE_SCREEN.height - 1353 } as const;

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

import { checkChoice, checkNumber, checkObject } from './checks.js';

/** How a picture fills a box: `cover` crops it, `contain` leaves room. */
export type Fit = 'cover' | 'contain';

/** A rectangle; x and y are its left top corner. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the avatar stands on the canvas. */
export interface Framing {
  /** Its size: 1 as it fits the canvas, 2 twice as large about the bottom's middle. Range 0.25 to 4. Default 1. */
  readonly scale: number;
  /** Moves it to the right and down, in shares of the canvas's width and height. Range −1 to 1. Default 0. */
  readonly x: number;
  readonly y: number;
  /** What fits the canvas: the whole picture (`none`, the default), or the `person` without the screen around. */
  readonly crop: 'none' | 'person';
}

/** As it fits the canvas. */
export const DEFAULT_FRAMING: Framing = Object.freeze({ scale: 1, x: 0, y: 0, crop: 'none' });

/**
 * Refuses a framing that can't be drawn.
 * @throws TypeError, RangeError
 */
export const checkFraming = (framing: Framing): void => {
  checkObject('framing', framing);
  checkNumber('framing.scale', framing.scale, 0.25, 4);
  checkNumber('framing.x', framing.x, -1, 1);
  checkNumber('framing.y', framing.y, -1, 1);
  checkChoice('framing.crop', framing.crop, ['none', 'person']);
};

/** Shapes that differ less than this are the same shape: cropping a few lines beats a gap at the sides. */
const SAME_SHAPE = 0.03;

/** Where a picture lies in a box. `anchorY`: 0 aligns tops, 0.5 middles, 1 bottoms; sideways it is centred. */
export const fitRectangle = (width: number, height: number, boxWidth: number, boxHeight: number, fit: Fit, anchorY = 0.5): Rectangle => {
  const scale = fit === 'cover' ? Math.max(boxWidth / width, boxHeight / height) : Math.min(boxWidth / width, boxHeight / height);
  return { x: (boxWidth - width * scale) / 2, y: (boxHeight - height * scale) * anchorY, width: width * scale, height: height * scale };
};

/**
 * Where an avatar's picture stands on the canvas, in pixels: it fills a canvas of its own shape, else all of it stands
 * bottom-centre; then the framing is applied. `person` is the box to crop to, in shares of the picture; null: not known, and
 * the whole picture stands in for it.
 */
export const frameAvatar = (
  width: number,
  height: number,
  canvasWidth: number,
  canvasHeight: number,
  framing: Framing = DEFAULT_FRAMING,
  person: Rectangle | null = null,
): Rectangle => {
  const { scale, x, y, crop } = framing;
  const box = crop === 'person' && person !== null ? person : WHOLE;
  const ratio = (width * box.width * canvasHeight) / (height * box.height * canvasWidth);
  // A person's box changes its shape: it must not jump from one fit to the other.
  const fit = box === WHOLE && Math.abs(Math.log(ratio)) < SAME_SHAPE ? 'cover' : 'contain';
  const at = fitRectangle(width * box.width, height * box.height, canvasWidth, canvasHeight, fit, 1);
  const wholeWidth = (at.width / box.width) * scale;
  const wholeHeight = (at.height / box.height) * scale;
  return {
    x: canvasWidth / 2 + (at.x - canvasWidth / 2) * scale + x * canvasWidth - box.x * wholeWidth,
    y: canvasHeight + (at.y - canvasHeight) * scale + y * canvasHeight - box.y * wholeHeight,
    width: wholeWidth,
    height: wholeHeight,
  };
};

/** A whole picture, in shares of it. */
const WHOLE: Rectangle = Object.freeze({ x: 0, y: 0, width: 1, height: 1 });

/** How a picture fills a box: `cover` crops it, `contain` leaves room. */
export type Fit = 'cover' | 'contain';

/** A rectangle in pixels; x and y are its left top corner. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Shapes that differ less than this are the same shape: cropping a few lines beats a gap at the sides. */
const SAME_SHAPE = 0.03;

/** Where a picture lies in a box. `anchorY`: 0 aligns tops, 0.5 middles, 1 bottoms; sideways it is centred. */
export const fitRectangle = (width: number, height: number, boxWidth: number, boxHeight: number, fit: Fit, anchorY = 0.5): Rectangle => {
  const scale = fit === 'cover' ? Math.max(boxWidth / width, boxHeight / height) : Math.min(boxWidth / width, boxHeight / height);
  return { x: (boxWidth - width * scale) / 2, y: (boxHeight - height * scale) * anchorY, width: width * scale, height: height * scale };
};

/** Where an avatar's picture stands on the canvas: it fills a canvas of its own shape; else all of it, bottom-centre. */
export const frameAvatar = (width: number, height: number, canvasWidth: number, canvasHeight: number): Rectangle => {
  const ratio = (width * canvasHeight) / (height * canvasWidth);
  return fitRectangle(width, height, canvasWidth, canvasHeight, Math.abs(Math.log(ratio)) < SAME_SHAPE ? 'cover' : 'contain', 1);
};

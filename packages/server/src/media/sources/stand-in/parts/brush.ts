import type { CanvasGradient, SKRSContext2D } from '@napi-rs/canvas';

/** A 2-D context of @napi-rs/canvas. */
export type Brush = SKRSContext2D;

/** A part of the presenter, drawn in design units. */
export type Stops = readonly (readonly [at: number, color: string])[];

/** A linear gradient from (x0, y0) to (x1, y1). */
export const linear = (brush: Brush, x0: number, y0: number, x1: number, y1: number, stops: Stops): CanvasGradient => {
  const gradient = brush.createLinearGradient(x0, y0, x1, y1);
  for (const [at, color] of stops) gradient.addColorStop(at, color);
  return gradient;
};

/** A radial gradient about (x, y) out to `radius`. */
export const radial = (brush: Brush, x: number, y: number, radius: number, stops: Stops): CanvasGradient => {
  const gradient = brush.createRadialGradient(x, y, 0, x, y, radius);
  for (const [at, color] of stops) gradient.addColorStop(at, color);
  return gradient;
};

/** A soft band of light or shade along `path`: translucent strokes that get narrower. */
export const softStroke = (brush: Brush, path: Parameters<Brush['stroke']>[0], color: string, width: number, alpha: number): void => {
  brush.save();
  brush.strokeStyle = color;
  brush.lineCap = 'round';
  brush.lineJoin = 'round';
  brush.globalAlpha = alpha / 4;
  for (let step = 4; step >= 1; step -= 1) {
    brush.lineWidth = (width * step) / 4;
    brush.stroke(path);
  }
  brush.restore();
};

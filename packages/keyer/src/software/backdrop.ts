import { type Background, FADE_HEAD_START_MS } from '../background.js';
import { fitRectangle } from '../framing.js';

/** A picture in memory that can be drawn on and drawn from. */
export const createLayer = (width: number, height: number): OffscreenCanvasRenderingContext2D => {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser has no 2D canvas.');
  return context;
};

/** Whether every pixel of premultiplied or straight RGBA is opaque. */
const isOpaque = (pixels: Uint8ClampedArray): boolean => {
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i] !== 255) return false;
  return true;
};

/**
 * The background as a picture of the canvas's size, in memory. It is scaled once per swap and blended once per frame
 * while it fades; a swap in the middle of a fade fades on from what is shown.
 */
export class Backdrop {
  readonly width: number;
  readonly height: number;
  #shown: OffscreenCanvasRenderingContext2D;
  #from: OffscreenCanvasRenderingContext2D;
  readonly #next: OffscreenCanvasRenderingContext2D;
  #pixels: Uint8ClampedArray | null = null;
  #transitionMs = 0;
  #startedAtMs = 0;
  #state: 'still' | 'fresh' | 'fading' = 'still';

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#shown = createLayer(width, height);
    this.#from = createLayer(width, height);
    this.#next = createLayer(width, height);
  }

  /** What to compose over. */
  get picture(): CanvasImageSource {
    return this.#shown.canvas;
  }

  /** Whether the next frame will look different although nothing else changes. */
  get isMoving(): boolean {
    return this.#state !== 'still';
  }

  /** The background's RGBA while it is still and covers everything; null otherwise. */
  get opaquePixels(): Uint8ClampedArray | null {
    return this.#state === 'still' ? this.#pixels : null;
  }

  /** Begins to show a background, fading for `transitionMs`. The fade's clock starts with the next `update`. */
  set(background: Background, transitionMs: number): void {
    [this.#from, this.#shown] = [this.#shown, this.#from];
    const next = this.#next;
    next.clearRect(0, 0, this.width, this.height);
    if (background.kind === 'color') {
      next.fillStyle = background.color;
      next.fillRect(0, 0, this.width, this.height);
    } else if (background.kind === 'image') {
      const { image } = background;
      const { x, y, width, height } = fitRectangle(image.width, image.height, this.width, this.height, background.fit);
      // Averages where a pixel of the canvas would skip pixels of the image.
      next.imageSmoothingQuality = image.width > 1.2 * width ? 'medium' : 'low';
      next.drawImage(image, x, y, width, height);
    }
    this.#transitionMs = transitionMs;
    this.#state = 'fresh';
  }

  /** Brings `picture` to what is to be shown at `nowMs`. */
  update(nowMs: number): void {
    if (this.#state === 'still') return;
    if (this.#state === 'fresh') this.#startedAtMs = nowMs - FADE_HEAD_START_MS;
    this.#state = 'fading';
    const progress = this.#transitionMs === 0 ? 1 : Math.min(1, (nowMs - this.#startedAtMs) / this.#transitionMs);
    const shown = this.#shown;
    shown.globalCompositeOperation = 'copy';
    shown.globalAlpha = 1 - progress;
    if (progress < 1) shown.drawImage(this.#from.canvas, 0, 0);
    // Premultiplied pictures add up: (1 − t) · from + t · to.
    shown.globalCompositeOperation = progress < 1 ? 'lighter' : 'copy';
    shown.globalAlpha = progress;
    shown.drawImage(this.#next.canvas, 0, 0);
    if (progress < 1) return;
    this.#state = 'still';
    const { data } = shown.getImageData(0, 0, this.width, this.height);
    this.#pixels = isOpaque(data) ? data : null;
  }
}

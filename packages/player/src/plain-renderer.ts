import { type Background, fitRectangle, type Verdict } from '@backlot/keyer/webgl';

/** Draws a video that is composed already, as it is. The picture stays when the video ends. */
export class PlainRenderer {
  /** Nothing is keyed. */
  readonly verdict: Verdict | null = null;
  readonly isMoving = false;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;

  private constructor(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) {
    this.#canvas = canvas;
    this.#context = context;
  }

  /** Takes a canvas that has no context yet. Null: this browser can't draw on it. */
  static create(canvas: HTMLCanvasElement): PlainRenderer | null {
    const context = canvas.getContext('2d');
    return context === null ? null : new PlainRenderer(canvas, context);
  }

  /** The background is in the video; an image is closed. */
  setBackground(background: Background): void {
    if (background.kind === 'image') background.image.close();
  }

  /** Sets the canvas's size in pixels. It is empty until the next frame. */
  resize(width: number, height: number): void {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
  }

  /** The avatar stands in the video. */
  setFraming(): void {}

  /** Another stream needs nothing. */
  restart(): void {}

  /** Draws a frame of the given size in pixels. */
  drawFrame(source: CanvasImageSource, width: number, height: number): boolean {
    const at = fitRectangle(width, height, this.#canvas.width, this.#canvas.height, 'contain');
    this.#context.drawImage(source, at.x, at.y, at.width, at.height);
    return true;
  }

  /** Nothing changes between frames. */
  redraw(): boolean {
    return true;
  }

  dispose(): void {}
}

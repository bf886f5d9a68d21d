import type { Owned } from '../owned.js';
import { type Background, FADE_HEAD_START_MS } from '../background.js';
import { fitRectangle } from '../framing.js';
import { Program } from './program.js';
import { backdropShader } from './shaders.js';
import { Surface, Target } from './surface.js';

const layerOf = (gl: WebGL2RenderingContext, width: number, height: number) => {
  const surface = new Surface(gl, width, height, gl.RGBA8, gl.NEAREST);
  const target = new Target(gl, surface);
  target.bind();
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT);
  return { surface, target };
};

/**
 * The background as a texture of the canvas's size. It is drawn once per swap, and once per frame while it fades; a
 * swap in the middle of a fade fades on from what is shown.
 */
export class Backdrop implements Owned {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: Program;
  readonly #width: number;
  readonly #height: number;
  #shown: ReturnType<typeof layerOf>;
  #from: ReturnType<typeof layerOf>;
  #background: Background = { kind: 'none' };
  #image: Surface | null = null;
  #transitionMs = 0;
  #startedAtMs = 0;
  #state: 'still' | 'fresh' | 'fading' = 'still';

  constructor(gl: WebGL2RenderingContext, width: number, height: number) {
    this.#gl = gl;
    this.#width = width;
    this.#height = height;
    this.#program = new Program(gl, backdropShader, ['from', 'image']);
    this.#shown = layerOf(gl, width, height);
    this.#from = layerOf(gl, width, height);
  }

  /** The texture to compose over. */
  get surface(): Surface {
    return this.#shown.surface;
  }

  /** Draws it on the canvas. */
  copyToCanvas(): void {
    this.#shown.target.copyToCanvas();
  }

  /** Whether the next frame will look different although nothing else changes. */
  get isMoving(): boolean {
    return this.#state !== 'still';
  }

  /** Begins to show a background, fading for `transitionMs`. The fade's clock starts with the next `update`. */
  set(background: Background, transitionMs: number): void {
    this.#image?.dispose();
    this.#image = background.kind === 'image' ? this.#upload(background.image) : null;
    this.#background = background;
    this.#transitionMs = transitionMs;
    this.#state = 'fresh';
    [this.#from, this.#shown] = [this.#shown, this.#from];
  }

  /** Draws what is to be shown at `nowMs`, if that is another picture than the last one. */
  update(nowMs: number): void {
    if (this.#state === 'still') return;
    if (this.#state === 'fresh') this.#startedAtMs = nowMs - FADE_HEAD_START_MS;
    this.#state = 'fading';
    const elapsed = this.#transitionMs === 0 ? 1 : Math.min(1, (nowMs - this.#startedAtMs) / this.#transitionMs);
    const gl = this.#gl;
    const { width, height } = this.#image ?? { width: 1, height: 1 };
    const fit = this.#background.kind === 'image' ? this.#background.fit : 'cover';
    const place = fitRectangle(width, height, this.#width, this.#height, fit);
    const rgb = this.#background.kind === 'color' ? Number.parseInt(this.#background.color.slice(1), 16) : 0;
    this.#shown.target.bind();
    this.#from.surface.bind(0);
    (this.#image ?? this.#from.surface).bind(1);
    const program = this.#program.use();
    gl.uniform2f(program.at('canvasSize'), this.#width, this.#height);
    gl.uniform4f(program.at('place'), place.x, place.y, place.width, place.height);
    gl.uniform4f(program.at('color'), ((rgb >> 16) & 255) / 255, ((rgb >> 8) & 255) / 255, (rgb & 255) / 255, this.#background.kind === 'color' ? 1 : 0);
    gl.uniform1i(program.at('hasImage'), this.#image === null ? 0 : 1);
    gl.uniform1f(program.at('progress'), elapsed);
    program.draw();
    if (elapsed < 1) return;
    this.#state = 'still';
    this.#image?.dispose();
    this.#image = null;
  }

  dispose(): void {
    this.#image?.dispose();
    this.#image = null;
    for (const { surface, target } of [this.#shown, this.#from]) {
      target.dispose();
      surface.dispose();
    }
    this.#program.dispose();
  }

  #upload(image: ImageBitmap): Surface {
    const gl = this.#gl;
    // Mipmaps only where a pixel of the canvas would skip pixels of the image.
    const shrinks = image.width > 1.2 * this.#width || image.height > 1.2 * this.#height;
    const levels = shrinks ? Math.floor(Math.log2(Math.max(image.width, image.height))) + 1 : 1;
    const surface = new Surface(gl, image.width, image.height, gl.RGBA8, gl.LINEAR, levels);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, image);
    if (shrinks) gl.generateMipmap(gl.TEXTURE_2D);
    return surface;
  }
}

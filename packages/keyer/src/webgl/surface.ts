import type { Owned } from '../owned.js';
/** A texture of one size with immutable storage, and a framebuffer when it is drawn into. */
export class Surface implements Owned {
  readonly texture: WebGLTexture;
  readonly width: number;
  readonly height: number;
  readonly #gl: WebGL2RenderingContext;

  /** `format` is a sized format such as `gl.RGBA8`. `levels` above 1 makes room for mipmaps. */
  constructor(gl: WebGL2RenderingContext, width: number, height: number, format: number, filter: number, levels = 1) {
    this.#gl = gl;
    this.width = width;
    this.height = height;
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texStorage2D(gl.TEXTURE_2D, levels, format, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, levels > 1 ? gl.LINEAR_MIPMAP_LINEAR : filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Makes it readable at a texture unit. */
  bind(unit: number): void {
    this.#gl.activeTexture(this.#gl.TEXTURE0 + unit);
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, this.texture);
  }

  dispose(): void {
    this.#gl.deleteTexture(this.texture);
  }
}

/** A framebuffer over one or more surfaces of the same size. It doesn't own them. */
export class Target implements Owned {
  readonly #gl: WebGL2RenderingContext;
  readonly #framebuffer: WebGLFramebuffer;
  readonly #width: number;
  readonly #height: number;

  constructor(gl: WebGL2RenderingContext, first: Surface, ...more: readonly Surface[]) {
    this.#gl = gl;
    this.#width = first.width;
    this.#height = first.height;
    this.#framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    const all = [first, ...more];
    all.forEach((surface, i) => gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + i, gl.TEXTURE_2D, surface.texture, 0));
    gl.drawBuffers(all.map((_, i) => gl.COLOR_ATTACHMENT0 + i));
  }

  /** Draws go here from now on. */
  bind(): void {
    this.#gl.bindFramebuffer(this.#gl.FRAMEBUFFER, this.#framebuffer);
    this.#gl.viewport(0, 0, this.#width, this.#height);
  }

  /** Copies what was drawn here onto the canvas, which has the same size. */
  copyToCanvas(): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#framebuffer);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, this.#width, this.#height, 0, 0, this.#width, this.#height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  }

  /** Whether this device can draw into these formats. */
  get isComplete(): boolean {
    this.bind();
    return this.#gl.checkFramebufferStatus(this.#gl.FRAMEBUFFER) === this.#gl.FRAMEBUFFER_COMPLETE;
  }

  dispose(): void {
    this.#gl.deleteFramebuffer(this.#framebuffer);
  }
}

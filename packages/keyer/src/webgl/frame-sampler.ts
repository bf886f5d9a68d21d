import type { Owned } from '../owned.js';
import { codesOf } from '../color.js';
import { type ChromaImage, createChromaImage } from '../planes.js';
import { gridSizeOf } from '../sampling-grid.js';
import { Program } from './program.js';
import { sampleShader } from './shaders.js';
import { Surface, Target } from './surface.js';

/**
 * Reads a frame back, small. `readNow` waits for the GPU; `begin` and `poll` don't: they are for frames that are on
 * their way to the screen.
 */
export class FrameSampler implements Owned {
  /** The samples of the last finished read. */
  readonly image: ChromaImage;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: Program;
  readonly #surface: Surface;
  readonly #target: Target;
  readonly #buffer: WebGLBuffer;
  readonly #bytes: Uint8Array;
  readonly #frameWidth: number;
  readonly #frameHeight: number;
  #fence: WebGLSync | null = null;

  /** For frames of the given size. */
  constructor(gl: WebGL2RenderingContext, frameWidth: number, frameHeight: number) {
    this.#gl = gl;
    this.#frameWidth = frameWidth;
    this.#frameHeight = frameHeight;
    const { width, height } = gridSizeOf(frameWidth, frameHeight);
    this.image = createChromaImage(width, height);
    this.#bytes = new Uint8Array(4 * width * height);
    this.#program = new Program(gl, sampleShader, ['frame']);
    this.#surface = new Surface(gl, width, height, gl.RGBA8, gl.NEAREST);
    this.#target = new Target(gl, this.#surface);
    this.#buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.#buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, this.#bytes.byteLength, gl.STREAM_READ);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  }

  /** Whether a read has begun and not finished. */
  get isReading(): boolean {
    return this.#fence !== null;
  }

  /** Samples the frame and waits for the result in `image`. */
  readNow(frame: Surface): void {
    this.cancel();
    this.#sample(frame);
    this.#gl.readPixels(0, 0, this.image.width, this.image.height, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, this.#bytes);
    this.#convert();
  }

  /** Starts to sample the frame. */
  begin(frame: Surface): void {
    this.cancel();
    const gl = this.#gl;
    this.#sample(frame);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.#buffer);
    gl.readPixels(0, 0, this.image.width, this.image.height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    this.#fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  }

  /** True once, when the samples that `begin` asked for are in `image`. */
  poll(): boolean {
    const gl = this.#gl;
    if (this.#fence === null || gl.getSyncParameter(this.#fence, gl.SYNC_STATUS) !== gl.SIGNALED) return false;
    this.cancel();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.#buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, this.#bytes);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    this.#convert();
    return true;
  }

  /** Drops a read that has begun. */
  cancel(): void {
    this.#gl.deleteSync(this.#fence);
    this.#fence = null;
  }

  dispose(): void {
    this.cancel();
    this.#gl.deleteBuffer(this.#buffer);
    this.#target.dispose();
    this.#surface.dispose();
    this.#program.dispose();
  }

  #sample(frame: Surface): void {
    const { width, height } = this.image;
    this.#target.bind();
    frame.bind(0);
    const program = this.#program.use();
    this.#gl.uniform2f(program.at('frameSize'), this.#frameWidth, this.#frameHeight);
    this.#gl.uniform2f(program.at('chromaSize'), Math.ceil(this.#frameWidth / 2), Math.ceil(this.#frameHeight / 2));
    this.#gl.uniform2f(program.at('gridSize'), width, height);
    program.draw();
  }

  #convert(): void {
    const { y, u, v } = this.image;
    for (let i = 0; i < y.length; i++) {
      const codes = codesOf(this.#bytes[4 * i] ?? 0, this.#bytes[4 * i + 1] ?? 0, this.#bytes[4 * i + 2] ?? 0);
      y[i] = codes.y;
      u[i] = codes.u;
      v[i] = codes.v;
    }
  }
}

import type { Owned } from '../owned.js';
import { vertexShader } from './shaders.js';

/** A linked program with its uniforms looked up once. It draws one triangle over its target, or quads over tiles. */
export class Program implements Owned {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #uniforms = new Map<string, WebGLUniformLocation>();

  /** `samplers` get texture units 0, 1, … in order. Throws an `Error` with the driver's log. */
  constructor(gl: WebGL2RenderingContext, fragmentShader: string, samplers: readonly string[], vertices: string = vertexShader) {
    this.#gl = gl;
    const program = (this.#program = gl.createProgram());
    for (const [type, source] of [
      [gl.VERTEX_SHADER, vertices],
      [gl.FRAGMENT_SHADER, fragmentShader],
    ] as const) {
      const shader = gl.createShader(type);
      if (shader === null) continue;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      // It lives as long as the program that it is attached to.
      gl.deleteShader(shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`A shader doesn't link: ${gl.getProgramInfoLog(program) ?? ''} ${logs.join(' ')}`);
    }
    const count = Number(gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) ?? 0);
    for (let i = 0; i < count; i++) {
      const name = gl.getActiveUniform(program, i)?.name;
      const location = name === undefined ? null : gl.getUniformLocation(program, name);
      if (name !== undefined && location !== null) this.#uniforms.set(name, location);
    }
    gl.useProgram(program);
    samplers.forEach((name, unit) => gl.uniform1i(this.at(name), unit));
  }

  /** Location of a uniform; null, which WebGL ignores, for one that the compiler dropped. */
  at(name: string): WebGLUniformLocation | null {
    return this.#uniforms.get(name) ?? null;
  }

  /** Makes it the current program. */
  use(): this {
    this.#gl.useProgram(this.#program);
    return this;
  }

  /** Draws into the bound framebuffer: one triangle over everything unless the vertices say otherwise. */
  draw(vertices = 3): void {
    this.#gl.drawArrays(this.#gl.TRIANGLES, 0, vertices);
  }

  dispose(): void {
    this.#gl.deleteProgram(this.#program);
  }
}

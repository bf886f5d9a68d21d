import type { Owned } from '../owned.js';
import type { KeyingParameters } from '../parameters.js';
import { CALM } from '../projection.js';
import type { ScreenModel } from '../screen-model.js';
import { Program } from './program.js';
import { gainShader, matteShader, slopeShader, TILE_CLASS, TILE_SIZE, tilesShader, tileVertexShader } from './shaders.js';
import { Surface, Target } from './surface.js';

/** The passes at chroma resolution for frames of one size: frame and plate in, everything the composite needs out. */
export class FrameKeyer implements Owned {
  readonly width: number;
  readonly height: number;
  /** The frame itself, RGBA. */
  readonly frame: Surface;
  /** m, whole codes of Yd, and the slope in two bytes. */
  readonly edge: Surface;
  /** Chroma without the screen's, the spill in excess of the matte, and Yd's fraction of a code. */
  readonly rest: Surface;
  /** The screen's y, u, v, and the matte's steepness. */
  readonly plate: Surface;
  /** Plate texture coordinates of the frame's right bottom corner. */
  readonly plateScaleX: number;
  readonly plateScaleY: number;
  readonly #gl: WebGL2RenderingContext;
  readonly #parameters: KeyingParameters;
  readonly #matte: Surface;
  /** The projection as spill is guarded, as a share of the ceiling. */
  readonly #shares: Surface;
  readonly #gain: Surface;
  /** Class of each tile. */
  readonly tiles: Surface;
  /** Vertices that quads over all tiles have. */
  readonly tileVertices: number;
  readonly #gainTarget: Target;
  readonly #matteTarget: Target;
  readonly #tilesTarget: Target;
  readonly #slopeTarget: Target;
  readonly #gainPass: Program;
  readonly #mattePass: Program;
  readonly #tilesPass: Program;
  readonly #slopePass: Program;
  readonly #plateTexels: Float32Array;
  #leastFloor = 0;

  /** `gridWidth`, `gridHeight`: samples that the screen model is measured on, in cells of `cellSize`. */
  constructor(
    gl: WebGL2RenderingContext,
    width: number,
    height: number,
    model: ScreenModel,
    gridWidth: number,
    gridHeight: number,
    cellSize: number,
    parameters: KeyingParameters,
  ) {
    this.#gl = gl;
    this.width = width;
    this.height = height;
    this.#parameters = parameters;
    const w = Math.ceil(width / 2);
    const h = Math.ceil(height / 2);
    this.frame = new Surface(gl, width, height, gl.RGBA8, gl.LINEAR);
    this.#matte = new Surface(gl, w, h, gl.RGBA8, gl.LINEAR);
    this.#shares = new Surface(gl, w, h, gl.RGBA8, gl.LINEAR);
    this.#gain = new Surface(gl, 1, 1, gl.RGBA8, gl.NEAREST);
    this.tiles = new Surface(gl, Math.ceil(w / TILE_SIZE), Math.ceil(h / TILE_SIZE), gl.RGBA8, gl.NEAREST);
    this.tileVertices = 6 * this.tiles.width * this.tiles.height;
    this.edge = new Surface(gl, w, h, gl.RGBA8, gl.LINEAR);
    this.rest = new Surface(gl, w, h, gl.RGBA8, gl.LINEAR);
    this.plate = new Surface(gl, model.plate.width, model.plate.height, gl.RGBA16F, gl.LINEAR);
    this.plateScaleX = gridWidth / (cellSize * model.plate.width);
    this.plateScaleY = gridHeight / (cellSize * model.plate.height);
    this.#plateTexels = new Float32Array(4 * model.plate.width * model.plate.height);
    this.#gainTarget = new Target(gl, this.#gain);
    this.#matteTarget = new Target(gl, this.#matte, this.#shares);
    this.#tilesTarget = new Target(gl, this.tiles);
    this.#slopeTarget = new Target(gl, this.edge, this.rest);
    this.#gainPass = new Program(gl, gainShader, ['frame', 'plate']);
    this.#mattePass = new Program(gl, matteShader, ['frame', 'plate', 'tiles', 'gain'], tileVertexShader);
    this.#tilesPass = new Program(gl, tilesShader, ['matte', 'shares']);
    this.#slopePass = new Program(gl, slopeShader, ['frame', 'plate', 'matte', 'tiles', 'shares'], tileVertexShader);
  }

  /** Takes over what has been measured of the screen. */
  setScreen(model: ScreenModel): void {
    const { cells, width, height } = model.plate;
    for (let i = 0; i < width * height; i++) {
      for (let k = 0; k < 3; k++) this.#plateTexels[4 * i + k] = (cells[3 * i + k] ?? 0) / 255;
      this.#plateTexels[4 * i + 3] = model.steepness[i] ?? 0;
    }
    this.plate.bind(0);
    this.#gl.texSubImage2D(this.#gl.TEXTURE_2D, 0, 0, 0, width, height, this.#gl.RGBA, this.#gl.FLOAT, this.#plateTexels);
    this.#leastFloor = Math.min(...model.floors);
  }

  /** Takes a frame of this size. */
  upload(source: TexImageSource): void {
    this.frame.bind(0);
    this.#gl.texSubImage2D(this.#gl.TEXTURE_2D, 0, 0, 0, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, source);
  }

  /** Runs the passes on the uploaded frame. */
  key(): void {
    const gl = this.#gl;
    const parameters = this.#parameters;
    this.#gainTarget.bind();
    this.frame.bind(0);
    this.plate.bind(1);
    const gain = this.#gainPass.use();
    gl.uniform2f(gain.at('frameSize'), this.width, this.height);
    gl.uniform2f(gain.at('chromaSize'), this.edge.width, this.edge.height);
    gl.uniform2f(gain.at('plateScale'), this.plateScaleX, this.plateScaleY);
    gain.draw();
    this.#matteTarget.bind();
    this.#gain.bind(3);
    this.tiles.bind(2);
    const matte = this.#mattePass.use();
    this.#aim(matte);
    gl.uniform3f(matte.at('guard'), parameters.hueGuard, parameters.hueTolerance, parameters.hueSpread);
    gl.uniform1f(matte.at('ceiling'), parameters.ceiling);
    gl.uniform1f(matte.at('rowShift'), parameters.siting === 'left' ? 1 / this.width : 0);
    gl.uniform1f(matte.at('bleed'), 0);
    gl.uniform1f(matte.at('wanted'), -1);
    matte.draw(this.tileVertices);
    this.#tilesTarget.bind();
    this.#matte.bind(2);
    this.#shares.bind(4);
    const tiles = this.#tilesPass.use();
    gl.uniform1i(tiles.at('matte'), 2);
    gl.uniform1i(tiles.at('shares'), 4);
    // A quarter: one of the four sites of a mean may have it all.
    gl.uniform1f(tiles.at('calm'), Math.min(CALM, this.#leastFloor / 4) / parameters.ceiling);
    tiles.draw();
    this.#slopeTarget.bind();
    this.tiles.bind(3);
    const slope = this.#slopePass.use();
    this.#aim(slope);
    // The composite reads one site beyond a tile.
    gl.uniform1f(slope.at('bleed'), 1);
    gl.uniform1f(slope.at('wanted'), TILE_CLASS.mixed);
    gl.uniform1f(slope.at('ceiling'), parameters.ceiling);
    gl.uniform1f(slope.at('detail'), parameters.detail);
    gl.uniform1f(slope.at('spill'), parameters.spill);
    gl.uniform1f(slope.at('spillLuma'), parameters.spillLuma);
    slope.draw(this.tileVertices);
  }

  /** Points a program at the tiles of a chroma-sized target. */
  #aim(program: Program): void {
    const gl = this.#gl;
    const { width, height } = this.edge;
    gl.uniform2f(program.at('chromaSize'), width, height);
    gl.uniform2f(program.at('targetSize'), width, height);
    gl.uniform4f(program.at('place'), 0, 0, width, height);
    gl.uniform2f(program.at('plateScale'), this.plateScaleX, this.plateScaleY);
    gl.uniform2f(program.at('frameScale'), (2 * width) / this.width, (2 * height) / this.height);
    gl.uniform1f(program.at('flip'), 1);
  }

  dispose(): void {
    for (const part of [
      this.#gainTarget,
      this.#gainPass,
      this.#gain,
      this.#shares,
      this.#matteTarget,
      this.#tilesTarget,
      this.#slopeTarget,
      this.frame,
      this.#matte,
      this.tiles,
      this.edge,
      this.rest,
      this.plate,
      this.#mattePass,
      this.#tilesPass,
      this.#slopePass,
    ])
      part?.dispose();
  }
}

import { sharedData } from '@backlot/testing';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Matrix } from '../color.js';
import { codesOf } from '../color.js';
import type { KeyingParameters, Siting } from '../parameters.js';
import { type Planes, subsample, upsample } from '../planes.js';
import { computeReferenceMatte, computeReferenceRgba, sampleScreen } from '../reference.js';
import { SAMPLING_GRID } from '../sampling-grid.js';
import type { ScreenModel } from '../screen-model.js';
import type { PlanarPicture } from './plane-keyer.js';

/** An I420 picture of known size, without padding. */
export interface Picture extends PlanarPicture {
  readonly width: number;
  readonly height: number;
}

/** The built `keyer.wasm`. */
export const loadKeyerModule = (): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(fileURLToPath(new URL('../../dist/wasm/keyer.wasm', import.meta.url))));

const ffmpeg = (args: readonly string[]): Buffer => {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, '-'], { maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`ffmpeg failed: ${stderr.toString()}`);
  return stdout;
};

const pictureOf = (bytes: Uint8Array, width: number, height: number): Picture => {
  const chromaStride = Math.ceil(width / 2);
  const chroma = chromaStride * Math.ceil(height / 2);
  return {
    width,
    height,
    y: bytes.subarray(0, width * height),
    u: bytes.subarray(width * height, width * height + chroma),
    v: bytes.subarray(width * height + chroma, width * height + 2 * chroma),
    lumaStride: width,
    chromaStride,
  };
};

/** A frame of a clip of the shared data, as it is coded, or a photo. */
export const decodeClip = (path: string, seconds: number, width: number, height: number): Picture => {
  // Photos have no time to seek to.
  const seek = seconds === 0 ? [] : ['-ss', String(seconds)];
  return pictureOf(ffmpeg([...seek, '-i', sharedData(path), '-frames:v', '1', '-pix_fmt', 'yuv420p', '-f', 'rawvideo']), width, height);
};

/** Light on a screen at a place, each 0 to 1 across the picture. */
export type Light = (x: number, y: number) => number;

/** A cut-out over a screen, composed in R'G'B', then made 4:2:0. */
export const composeCutout = (
  path: string,
  width: number,
  height: number,
  screen: readonly [number, number, number],
  { matrix = 'bt709', siting = 'centre', light = () => 1, noise = 0 }: { matrix?: Matrix; siting?: Siting; light?: Light; noise?: number } = {},
): Picture => {
  const scale = `scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}:(ow-iw)/2:oh-ih:color=black@0,format=rgba`;
  const rgba = ffmpeg(['-i', sharedData(path), '-frames:v', '1', '-vf', `format=rgba,${scale}`, '-f', 'rawvideo']);
  const random = createRandom(7);
  const luma = new Float32Array(width * height);
  const u = new Float32Array(width * height);
  const v = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    const alpha = (rgba[4 * i + 3] ?? 0) / 255;
    const lit = (1 - alpha) * light((i % width) / width, Math.floor(i / width) / height);
    const channel = (k: 0 | 1 | 2) => Math.min(255, Math.max(0, alpha * (rgba[4 * i + k] ?? 0) + lit * screen[k] + noise * (random() + random() - 1)));
    const codes = codesOf(channel(0), channel(1), channel(2), matrix);
    luma[i] = codes.y;
    u[i] = codes.u + 128;
    v[i] = codes.v + 128;
  }
  const bytes = (plane: Float32Array) => Uint8Array.from(plane, Math.round);
  return {
    width,
    height,
    y: bytes(luma),
    u: bytes(subsample(u, width, height, siting)),
    v: bytes(subsample(v, width, height, siting)),
    lumaStride: width,
    chromaStride: Math.ceil(width / 2),
  };
};

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A picture of noise, within the limited range. */
export const createNoise = (width: number, height: number, seed: number): Picture => {
  const random = createRandom(seed);
  const samples = Math.ceil(width / 2) * Math.ceil(height / 2);
  return pictureOf(
    Uint8Array.from({ length: width * height + 2 * samples }, () => 16 + 220 * random()),
    width,
    height,
  );
};

const NEARLY_ONE = 0.998;

/** What the real-valued reference makes of a picture, not rounded. */
export interface Expected {
  /** Premultiplied RGBA. */
  readonly rgba: Float32Array;
  /**
   * Planes over a background, in the picture's codes (§2.6). NaN where the matte is all but 1: there the rule "M = 1 → B"
   * jumps by the screen's noise, and fixed point may jump a step sooner.
   */
  readonly over: (behind: Picture) => { readonly y: Float32Array; readonly u: Float32Array; readonly v: Float32Array };
}

/** Keys a picture as the reference does, with a measured screen. */
export const computeExpected = (picture: Picture, screen: ScreenModel, parameters: KeyingParameters, matrix: Matrix, isFullRange = false): Expected => {
  const { width, height } = picture;
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  const lumaScale = isFullRange ? 219 / 255 : 1;
  const chromaScale = isFullRange ? 224 / 255 : 1;
  const luma = Float32Array.from(picture.y, (code) => (isFullRange ? 16 : 0) + lumaScale * code);
  const planes: Planes = {
    width,
    height,
    luma,
    chroma: {
      width: w,
      height: h,
      y: subsample(luma, width, height, parameters.siting),
      u: Float32Array.from(picture.u, (code) => chromaScale * (code - 128)),
      v: Float32Array.from(picture.v, (code) => chromaScale * (code - 128)),
    },
  };
  const step = Math.max(1, Math.max(w, h) / 160);
  const sites = sampleScreen(screen, w, h, Math.round(w / step) / SAMPLING_GRID.cellSize, Math.round(h / step) / SAMPLING_GRID.cellSize);
  const reference = computeReferenceMatte(planes, sites, parameters);
  const { matte, chromaMatte, spill, rest } = reference;
  return {
    rgba: computeReferenceRgba(planes, reference, parameters, matrix),
    over(behind) {
      const up = (sites: Float32Array) => upsample(sites, width, height, parameters.siting);
      const key = up(sites.y);
      const excess = up(spill.map((value, i) => value - (chromaMatte[i] ?? 0)));
      // Limited codes, whatever the picture's are.
      const toLimited = (code: number) => (isFullRange ? 16 : 0) + lumaScale * code;
      const y = luma.map((code, i) => {
        const m = matte[i] ?? 0;
        const black = (key[i] ?? 0) - 16;
        const sum = code + m * (toLimited(behind.y[i] ?? 0) - 16 - black) - parameters.spillLuma * (excess[i] ?? 0) * black;
        if (m === 1) return behind.y[i] ?? 0;
        // Never farther outside the legal codes than the frame itself goes there.
        const legal = Math.min(Math.max(235, code), Math.max(Math.min(16, code), sum));
        return m > NEARLY_ONE ? Number.NaN : (legal - (isFullRange ? 16 : 0)) / lumaScale;
      });
      const chroma = (left: Float32Array, back: Uint8Array) =>
        left.map((code, i) => {
          const m = chromaMatte[i] ?? 0;
          const sum = code / chromaScale + m * ((back[i] ?? 0) - 128);
          if (m === 1) return back[i] ?? 0;
          return m > NEARLY_ONE ? Number.NaN : Math.min(255, Math.max(0, sum + 128));
        });
      return { y, u: chroma(rest.u, behind.u), v: chroma(rest.v, behind.v) };
    },
  };
};

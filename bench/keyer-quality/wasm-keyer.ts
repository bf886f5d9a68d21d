import { resolveParameters } from '@backlot/keyer';
import { PlaneKeyer } from '@backlot/keyer/wasm';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Clip } from './clip.js';
import type { Keyer } from './keyer.js';
import type { Keyed } from './metrics.js';
import { frameBytes, frameOf } from './planes.js';

/** Frames between two measurements of the screen, as in the player. */
const MEASURE_EVERY = 15;

/**
 * Our WASM build. It finds the key, the plate and the floor itself, from the frames of a clip, as in a session; it is told
 * the matrix and the siting, which peers are told too.
 */
export const createWasmKeyer = async (): Promise<Keyer> => {
  const module = await WebAssembly.compile(await readFile(fileURLToPath(import.meta.resolve('@backlot/keyer/keyer.wasm'))));
  return { name: 'Backlot WASM', isPeer: false, key: (clip) => keyClip(module, clip) };
};

const keyClip = (module: WebAssembly.Module, { frames, first, layout, behindFrame }: Clip): readonly Keyed[] => {
  const { width, height } = behindFrame;
  const keyer = PlaneKeyer.create(module, { width, height, matrix: layout.matrix, parameters: resolveParameters({ siting: layout.siting }) });
  keyer.setPlanarBackground(behindFrame);
  const screen = keyer.createScreenModel();
  const copyRows = (from: Uint8Array, stride: number, to: Uint8Array, wide: number) => {
    for (let at = 0, row = 0; at < to.length; at += wide, row += stride) to.set(from.subarray(row, row + wide), at);
  };
  return frames.flatMap((frame, index) => {
    const isMeasured = index % MEASURE_EVERY === 0;
    if (index < first && !isMeasured) return [];
    keyer.setFrame(frame);
    if (isMeasured) {
      if (!screen.update(keyer.sample())) throw new Error(`The screen was not found: ${screen.verdict.reason}.`);
      keyer.setScreen(screen);
      if (index < first) return [];
    }
    const rgba = keyer.keyToRgba();
    const alpha = new Uint8Array(width * height);
    for (let i = 0; i < alpha.length; i++) alpha[i] = rgba[4 * i + 3] ?? 0;
    const { y, u, v, lumaStride, chromaStride } = keyer.keyToI420();
    const composite = frameOf(new Uint8Array(frameBytes(width, height)), width, height);
    copyRows(y, lumaStride, composite.y, width);
    copyRows(u, chromaStride, composite.u, width / 2);
    copyRows(v, chromaStride, composite.v, width / 2);
    return [{ alpha, composite }];
  });
};

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clip } from '../clip.js';
import { ffmpeg, rawInput, splitFrames } from '../encode.js';
import type { Keyed } from '../metrics.js';
import { keyColorOf } from './key-color.js';
import { combine, type Peer, type Setting } from './peer.js';

const hex = (codes: readonly number[]) => codes.map((code) => Math.round(code).toString(16).padStart(2, '0')).join('');

/** Conversions between R'G'B' and the clip's own matrix and siting. */
const conversions = ({ layout }: Clip) => {
  const matrix = layout.matrix === 'bt601' ? 'bt601' : 'bt709';
  const sited = layout.siting === 'left' ? 'h_chr_pos=0' : 'h_chr_pos=128';
  const flags = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';
  return {
    toRgb: `scale=in_color_matrix=${matrix}:in_range=tv:in_${sited}:in_v_chr_pos=128:${flags},format=rgba`,
    toYuv: `scale=out_color_matrix=${matrix}:out_range=tv:out_${sited}:out_v_chr_pos=128:${flags},format=yuva420p`,
  };
};

/** Runs a chain of filters before `overlay`, and reads the alpha that goes into it and the frames that come out of it. */
const keyClip = (clip: Clip, chain: string): readonly Keyed[] => {
  const frames = clip.frames.slice(clip.first);
  const { width, height } = clip.behindFrame;
  const folder = mkdtempSync(join(tmpdir(), 'keyer-quality-'));
  try {
    const paths = { behind: join(folder, 'behind'), alpha: join(folder, 'alpha'), over: join(folder, 'over') };
    writeFileSync(paths.behind, Buffer.concat(frames.map(() => clip.behindFrame.bytes)));
    const graph = `[1:v]${chain},split[front][alpha];[alpha]alphaextract,format=gray[a];[0:v][front]overlay=format=yuv420,format=yuv420p[over]`;
    ffmpeg(
      [
        ...rawInput(width, height, paths.behind),
        ...rawInput(width, height, '-'),
        '-filter_complex',
        graph,
        ...'-map [a] -pix_fmt gray -f rawvideo'.split(' '),
        paths.alpha,
        ...'-map [over] -pix_fmt yuv420p -f rawvideo'.split(' '),
        paths.over,
      ],
      Buffer.concat(frames.map((frame) => frame.bytes)),
    );
    const alpha = readFileSync(paths.alpha);
    return splitFrames(readFileSync(paths.over), width, height).map((composite, i) => ({
      alpha: alpha.subarray(i * width * height, (i + 1) * width * height),
      composite,
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The screen's codes as ffmpeg's chromakey takes them with `yuv=1`. */
const yuvKey = ({ key: [y, u, v] }: Clip) => `0x${hex([y, u + 128, v + 128])}`;

const rgbKey = (clip: Clip) => `0x${hex(keyColorOf(clip))}`;

const GRID = combine([0.02, 0.05, 0.1, 0.15], [0.05, 0.1, 0.2, 0.3]);

const chromakey = (clip: Clip, [similarity = 0, blend = 0]: Setting) => `chromakey=${yuvKey(clip)}:${similarity}:${blend}:yuv=1`;

/**
 * ffmpeg's own filters, as the installed program runs them. Parameters: similarity, blend. The documented defaults are
 * .01 and 0, which leave the screen's noise opaque; what counts as the default here is what its guides use. Conversions
 * to and from R'G'B', where a filter needs them, go by the clip's true matrix and siting.
 */
export const ffmpegPeers: readonly Peer[] = [
  {
    name: 'ffmpeg chromakey+despill',
    defaults: [0.1, 0.1],
    grid: GRID,
    key(clip, setting) {
      const { toRgb, toYuv } = conversions(clip);
      return keyClip(clip, `${chromakey(clip, setting)},${toRgb},despill=type=${clip.screen.isBlue ? 'blue' : 'green'},${toYuv}`);
    },
  },
  { name: 'ffmpeg chromakey', defaults: [0.15, 0.1], grid: GRID, key: (clip, setting) => keyClip(clip, `${chromakey(clip, setting)},format=yuva420p`) },
  {
    name: 'ffmpeg colorkey',
    defaults: [0.3, 0.1],
    grid: combine([0.05, 0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.5]),
    key(clip, [similarity = 0, blend = 0]) {
      const { toRgb, toYuv } = conversions(clip);
      return keyClip(clip, `${toRgb},colorkey=${rgbKey(clip)}:${similarity}:${blend},${toYuv}`);
    },
  },
];

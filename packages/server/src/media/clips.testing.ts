import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes a clip for tests: frame n of `frames` is grey with luma 16 + 10 n, so that a decoded picture tells its
 * number; with `audio`, a tone lasts as long.
 */
export const makeCountingClip = async (
  path: string,
  options: { width: number; height: number; rateFps: number; frames: number; audio: boolean },
): Promise<void> => {
  const { width, height, rateFps, frames, audio } = options;
  const seconds = frames / rateFps;
  await run('ffmpeg', [
    '-nostdin', '-v', 'error', '-y',
    '-f', 'lavfi', '-i', `color=black:s=${width}x${height}:r=${rateFps}:d=${seconds},format=yuv444p,geq=lum='16+10*N':cb=128:cr=128`,
    ...(audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:d=${seconds}`, '-c:a', 'aac'] : []),
    '-c:v', 'libx264', '-qp', '1', '-pix_fmt', width % 2 === 0 && height % 2 === 0 ? 'yuv420p' : 'yuv444p', path,
  ]); // prettier-ignore
};

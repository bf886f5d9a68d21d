import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pictureBytes } from './picture.js';

/** The first pictures of a video file at a size, as I420 whose codes nobody has touched but the scaler. */
export const decodeClip = async (path: string, width: number, height: number, count: number): Promise<Uint8Array[]> => {
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-i', path, '-frames:v', String(count), '-vf', `scale=${width}:${height},format=yuv420p`, '-f', 'rawvideo', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 2 ** 29 },
  );
  const bytes = pictureBytes(width, height);
  return Array.from({ length: stdout.length / bytes }, (_, index) => new Uint8Array(stdout.subarray(index * bytes, (index + 1) * bytes)));
};

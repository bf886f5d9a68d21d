import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { MediaFailure } from '../../failure.js';
import type { ClipFormat } from '../../messages.js';
import { formatOf } from './format.js';
import { inputFile, INPUT_LIMITS } from './input.js';

const PROBE_TIMEOUT_MS = 8000;
const run = promisify(execFile);

/** ffprobe's JSON, as far as it is needed. */
const probed = z.object({
  streams: z
    .array(
      z.object({
        codec_type: z.string().optional(),
        width: z.number().int().min(0).optional(),
        height: z.number().int().min(0).optional(),
        avg_frame_rate: z.string().optional(),
        sample_aspect_ratio: z.string().optional(),
        side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
      }),
    )
    .default([]),
  frames: z.array(z.object({ width: z.number().optional() })).default([]),
});

/**
 * Looks at a video file: proves that its first frame can be decoded, and tells how it is to be played. Throws
 * `MediaFailure` `clip_unreadable`.
 */
export const probeClip = async (path: string, ffprobePath: string, signal: AbortSignal): Promise<ClipFormat> => {
  const probe = async (options: readonly string[]): Promise<z.infer<typeof probed>> => {
    const limits = { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]), killSignal: 'SIGKILL', maxBuffer: 1 << 20, env: {} } as const;
    const { stdout } = await run(ffprobePath, ['-v', 'error', ...INPUT_LIMITS, ...options, '-of', 'json', ...inputFile(path)], limits);
    return probed.parse(JSON.parse(stdout));
  };
  const video = [
    '-select_streams',
    'V:0',
    '-read_intervals',
    '%+#1',
    '-show_entries',
    'stream=codec_type,width,height,avg_frame_rate,sample_aspect_ratio:stream_side_data=rotation:frame=width',
  ];
  const audio = ['-select_streams', 'a:0', '-show_entries', 'stream=codec_type'];
  const [pictures, sound] = await Promise.all([probe(video), probe(audio)]).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new MediaFailure('clip_unreadable', 'The clip holds no video that ffmpeg can decode.', error);
  });
  const [stream] = pictures.streams;
  if (stream === undefined || pictures.frames.length === 0 || !stream.width || !stream.height) {
    throw new MediaFailure('clip_unreadable', 'The clip holds no video that ffmpeg can decode.');
  }
  const rotationDeg = stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
  return formatOf(
    { width: stream.width, height: stream.height, rate: stream.avg_frame_rate ?? '', pixelAspect: stream.sample_aspect_ratio, rotationDeg },
    sound.streams.length > 0,
  );
};

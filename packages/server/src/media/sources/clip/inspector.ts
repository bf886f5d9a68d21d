import { BacklotError } from '../../../errors.js';
import { MediaFailure } from '../../failure.js';
import { findFfmpeg } from '../../programs.js';
import type { ClipInspector } from '../../port.js';
import { probeClip } from './probe.js';

/** Looks at clips with the ffprobe of a search path (the value of `PATH`). */
export const createClipInspector = (searchPath: string): ClipInspector => ({
  available: async () => (await findFfmpeg(searchPath)) !== null,
  inspect: async (path, signal) => {
    const programs = await findFfmpeg(searchPath);
    if (programs === null) throw new BacklotError('ffmpeg_missing');
    try {
      return { type: 'clip', path, ffmpegPath: programs.ffmpeg, format: await probeClip(path, programs.ffprobe, signal) };
    } catch (error) {
      throw error instanceof MediaFailure ? new BacklotError('clip_unreadable', { cause: error }) : error;
    }
  },
});

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

const suffix = process.platform === 'win32' ? '.exe' : '';

/**
 * Looks a program up on a search path (the value of `PATH`). Null when it is not there. Looked up at each use, so
 * that installing a program needs no restart.
 */
export const findProgram = async (name: string, searchPath: string): Promise<string | null> => {
  for (const folder of searchPath.split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, name + suffix);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return null;
};

/** The programs that decode clips. */
export interface Ffmpeg {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

/** Looks up ffmpeg and ffprobe; null unless both are there. */
export const findFfmpeg = async (searchPath: string): Promise<Ffmpeg | null> => {
  const [ffmpeg, ffprobe] = await Promise.all([findProgram('ffmpeg', searchPath), findProgram('ffprobe', searchPath)]);
  return ffmpeg === null || ffprobe === null ? null : { ffmpeg, ffprobe };
};

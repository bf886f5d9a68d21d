/** Containers that may hold a clip: none of those that name other files (playlists, image sequences, concat). */
const CONTAINERS = 'mov,matroska,webm,avi,mpegts,mpeg,ogg,flv,asf';

/** Input options of ffmpeg and ffprobe that keep them to the one file, whatever is in it. */
export const INPUT_LIMITS: readonly string[] = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', CONTAINERS];

/** The file as ffmpeg's argument: with the protocol before it, no character of a name means anything. */
export const inputFile = (path: string): readonly string[] => ['-i', `file:${path}`];

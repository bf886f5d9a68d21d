import type { MediaHost, MediaJobSpec } from '../media/port.js';
import type { AvatarStart, RunningAvatar } from './port.js';

/** Starts an avatar whose pictures our own media host makes. */
export const startMediaAvatar = async (
  media: MediaHost,
  source: MediaJobSpec['source'],
  { publish, observer, signal }: AvatarStart,
): Promise<RunningAvatar> => {
  const job = await media.start(
    { source, outlet: { type: 'whip', ...publish } },
    {
      // The stage tells when the picture arrives, which is what counts.
      published: () => undefined,
      speechStarted: (speech) => observer.speechStarted(speech),
      speechEnded: (speechId) => observer.speechEnded(speechId),
      failed: (code, message) => observer.failed(code, message),
    },
    signal,
  );
  const end = async (): Promise<void> => job[Symbol.asyncDispose]();
  return { speak: async (speechId, text) => job.speak(speechId, text), leave: end, [Symbol.asyncDispose]: end };
};

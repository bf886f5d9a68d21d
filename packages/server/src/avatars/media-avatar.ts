import type { MediaBackground, MediaHost, MediaJob, MediaJobSpec } from '../media/port.js';
import type { Composition } from './composition.js';
import type { AvatarStart, RunningAvatar } from './port.js';

/** Starts a job that publishes a source's pictures: as they are, or composed over the session's background, which it follows from then on. */
export const startMediaJob = async (media: MediaHost, source: MediaJobSpec['source'], start: AvatarStart): Promise<MediaJob> => {
  const { publish, observer, composition, signal } = start;
  using follower = composition === null ? null : followBackgrounds(composition);
  const job = await media.start(
    { source, composing: follower === null ? null : await follower.composing(), outlet: { type: 'whip', ...publish } },
    {
      // The stage tells when the picture arrives, which is what counts.
      published: () => undefined,
      speechStarted: (speech) => observer.speechStarted(speech),
      speechEnded: (speechId) => observer.speechEnded(speechId),
      failed: (code, message) => observer.failed(code, message),
    },
    signal,
  );
  return follower?.handTo(job) ?? job;
};

/** Starts an avatar whose pictures our own media host makes. */
export const startMediaAvatar = async (media: MediaHost, source: MediaJobSpec['source'], start: AvatarStart): Promise<RunningAvatar> => {
  const job = await startMediaJob(media, source, start);
  const end = async (): Promise<void> => job[Symbol.asyncDispose]();
  return { speak: async (speechId, text) => job.speak(speechId, text), leave: end, [Symbol.asyncDispose]: end };
};

/** Follows a session's backgrounds for a job: what changes while that starts is shown when it has. */
const followBackgrounds = (composition: Composition) => {
  let job: MediaJob | null = null;
  let missed: MediaBackground | null = null;
  const stop = composition.follow((background, transitionMs) => {
    if (job === null) missed = background;
    else job.setBackground(background, transitionMs);
  });
  return {
    composing: async (): Promise<MediaJobSpec['composing']> => {
      const { canvas, framing, keying } = composition;
      return { canvas, framing, keying, background: await composition.background() };
    },
    handTo(started: MediaJob): MediaJob {
      job = started;
      if (missed !== null) job.setBackground(missed, 0);
      return {
        speak: async (speechId, text) => started.speak(speechId, text),
        setBackground: (background, transitionMs) => started.setBackground(background, transitionMs),
        [Symbol.asyncDispose]: async () => {
          stop();
          await started[Symbol.asyncDispose]();
        },
      };
    },
    [Symbol.dispose](): void {
      if (job === null) stop();
    },
  };
};

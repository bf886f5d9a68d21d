import type { Canvas } from '@backlot/contract';
import { BacklotError } from '../../errors.js';
import type { MediaHost } from '../../media/port.js';
import { startMediaAvatar } from '../media-avatar.js';
import type { AvatarProvider } from '../port.js';

const RATE_FPS = 25;

export interface StandInAvatarsOptions {
  readonly media: MediaHost;
  /** Looks the program espeak-ng up; null: there is none, and the stand-in speaks silently. Called at each use. */
  readonly findEspeak: () => Promise<string | null>;
  /** The voices that it speaks with; none without it. */
  readonly listVoices: (espeakPath: string | null) => Promise<readonly string[]>;
}

/** The presenter that Backlot draws, at the size that suits the canvas's orientation. */
export const createStandInAvatars = ({ media, findEspeak, listVoices }: StandInAvatarsOptions): AvatarProvider => {
  const voices = async (): Promise<readonly string[]> => listVoices(await findEspeak());

  return {
    provider: 'stand-in',
    publishedByUser: false,
    speaks: true,
    needsLivekit: false,
    options: async () => [
      {
        avatar: { provider: 'stand-in' },
        needs: [],
        title: 'Stand-in',
        speaks: true,
        available: true,
        unavailable_reason: null,
        voices: [...(await voices())],
      },
    ],
    check: async (_avatar, voiceId) => {
      if (voiceId === undefined || (await voices()).includes(voiceId)) return;
      throw new BacklotError('invalid_request', { details: [{ field: 'voice_id', message: 'is none of the voices of this avatar' }] });
    },
    start: async (start) =>
      startMediaAvatar(
        media,
        { type: 'stand-in', ...pictureSize(start.canvas), rateFps: RATE_FPS, voiceId: start.voiceId ?? null, espeakPath: await findEspeak() },
        start,
      ),
  };
};

const pictureSize = ({ width, height }: Canvas): Canvas => (width >= height ? { width: 1280, height: 720 } : { width: 720, height: 1280 });

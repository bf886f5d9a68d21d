import { BacklotError } from '../../errors.js';
import type { AvatarProvider } from '../port.js';

/** The avatar that a person or a program publishes by WHIP: nothing of ours runs for it. */
export const createWhipAvatars = (): AvatarProvider => ({
  provider: 'whip',
  publishedByUser: true,
  speaks: false,
  needsLivekit: false,
  options: async () => [{ avatar: { provider: 'whip' }, title: 'Your own video (WHIP)', speaks: false, available: true, unavailable_reason: null, voices: [] }],
  check: async (_avatar, voiceId) => {
    if (voiceId !== undefined) throw new BacklotError('invalid_request', { details: [{ field: 'voice_id', message: 'this avatar has no voice of ours' }] });
  },
  start: async () => ({
    speak: async () => {
      throw new BacklotError('speech_unsupported');
    },
    leave: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }),
});

import { BacklotError } from '../../errors.js';
import type { AvatarProvider } from '../port.js';

/** Any participant of the session's LiveKit room: nothing of ours runs for it, and the room tells who it is. */
export const createLivekitAvatars = (): AvatarProvider => ({
  provider: 'livekit',
  publishedByUser: true,
  speaks: false,
  needsLivekit: true,
  options: async () => [
    { avatar: { provider: 'livekit' }, needs: [], title: 'A participant of the room', speaks: false, available: true, unavailable_reason: null, voices: [] },
  ],
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

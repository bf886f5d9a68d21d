import { BacklotError } from '../../errors.js';
import type { MediaHost } from '../../media/port.js';
import type { AvatarProvider } from '../port.js';
import { ComposedPublisher } from './composed-publisher.js';

/** The avatar that a person or a program publishes by WHIP: nothing of ours runs for it, unless it is composed here. */
export const createWhipAvatars = ({ media }: { readonly media: MediaHost }): AvatarProvider => ({
  provider: 'whip',
  publishedByUser: true,
  speaks: false,
  needsLivekit: false,
  options: async () => [
    { avatar: { provider: 'whip' }, needs: [], title: 'Your own video (WHIP)', speaks: false, available: true, unavailable_reason: null, voices: [] },
  ],
  check: async (_avatar, voiceId) => {
    if (voiceId !== undefined) throw new BacklotError('invalid_request', { details: [{ field: 'voice_id', message: 'this avatar has no voice of ours' }] });
  },
  start: async (start) =>
    start.composition === null
      ? {
          speak: async () => {
            throw new BacklotError('speech_unsupported');
          },
          leave: async () => undefined,
          [Symbol.asyncDispose]: async () => undefined,
        }
      : new ComposedPublisher(media, start, start.composition),
});

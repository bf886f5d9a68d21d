import { describeAvatarProvider } from '../port.contract.js';
import { createLivekitAvatars } from './provider.js';

describeAvatarProvider('livekit', {
  open: async () => ({ provider: createLivekitAvatars(), [Symbol.asyncDispose]: async () => undefined }),
  publishes: false,
  speaks: false,
  needsLivekit: true,
  avatar: { provider: 'livekit' },
  refused: [{ name: 'a voice', avatar: { provider: 'livekit' }, voiceId: 'en-us', code: 'invalid_request' }],
});

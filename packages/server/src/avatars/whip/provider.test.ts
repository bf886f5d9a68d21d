import { describeAvatarProvider } from '../port.contract.js';
import { createWhipAvatars } from './provider.js';

describeAvatarProvider('whip', {
  open: async () => ({ provider: createWhipAvatars(), [Symbol.asyncDispose]: async () => undefined }),
  publishes: false,
  speaks: false,
  avatar: { provider: 'whip' },
  refused: [{ name: 'a voice', avatar: { provider: 'whip' }, voiceId: 'en-us', code: 'invalid_request' }],
});

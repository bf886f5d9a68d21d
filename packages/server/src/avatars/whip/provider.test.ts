import { pino } from 'pino';
import { createMediaHost } from '../../media/host.js';
import { describeAvatarProvider } from '../port.contract.js';
import { createWhipAvatars } from './provider.js';

describeAvatarProvider('whip', {
  open: async () => {
    const media = createMediaHost({ log: pino({ level: 'silent' }), spare: 0 });
    return { provider: createWhipAvatars({ media }), [Symbol.asyncDispose]: async () => media[Symbol.asyncDispose]() };
  },
  publishes: false,
  speaks: false,
  avatar: { provider: 'whip' },
  refused: [{ name: 'a voice', avatar: { provider: 'whip' }, voiceId: 'en-us', code: 'invalid_request' }],
});

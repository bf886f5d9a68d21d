import { z } from 'zod';
import type { AvatarProvider } from '../port.js';
import { createVendorAvatars, type VendorAvatarsOptions, type VendorSession } from '../vendor-avatars.js';
import { backgroundIdOf, imagePicture, screenPicture, shapeOf } from './backgrounds.js';

/** Simli ends a session by itself after these times, in seconds: in all, and without speech. */
const MAX_SESSION_SECONDS = 3600;
const MAX_IDLE_SECONDS = 3600;

const tokenAnswer = z.object({ session_token: z.string().min(1) });
const anyAnswer = z.unknown();

/**
 * What is remembered once Simli was asked to join: it then is, or comes, under the session's identity. It has no call
 * that ends a session in somebody's room: it leaves when it is removed from there, and the room does that.
 */
const ASKED = 'asked';
const HELD: VendorSession = { end: async () => undefined };

/** Simli's sessions: on a screen in the key colour, or before a background that Simli draws. */
export const createSimliAvatars = (options: VendorAvatarsOptions): AvatarProvider =>
  createVendorAvatars(
    {
      provider: 'simli',
      title: 'Simli',
      baseUrl: 'https://api.simli.ai',
      example: { provider: 'simli', face_id: 'face-id' },
      needs: ['face_id'],
      open: async (account, { face_id: faceId, background = 'keyed' }, { canvas, background: image, livekit, reference, remember, signal }) => {
        if (reference === ASKED) return HELD;
        const { client, apiKey } = account;
        const headers = { 'x-simli-api-key': apiKey };
        const shape = shapeOf(canvas);
        const picture = background === 'keyed' ? screenPicture(shape) : image === null ? null : imagePicture(image, shape);
        const { session_token: sessionToken } = await client.call({
          operation: 'create session token',
          method: 'POST',
          path: '/compose/token',
          headers,
          json: {
            faceId,
            handleSilence: true,
            maxSessionLength: MAX_SESSION_SECONDS,
            maxIdleTime: MAX_IDLE_SECONDS,
            streaming_width: shape.width,
            streaming_height: shape.height,
            ...(picture === null ? {} : { background_id: await backgroundIdOf(account, picture, signal) }),
          },
          answer: tokenAnswer,
          // A token that is not used starts nothing.
          isRepeatable: true,
          signal,
        });
        await remember(ASKED);
        await client.call({
          operation: 'join room',
          method: 'POST',
          path: '/integrations/livekit/agents',
          headers,
          json: { session_token: sessionToken, livekit_token: livekit.token, livekit_url: livekit.url },
          answer: anyAnswer,
          isRepeatable: false,
          signal,
        });
        return HELD;
      },
    },
    options,
  );

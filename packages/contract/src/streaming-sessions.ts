import { createRoute, z } from '@hono/zod-openapi';
import { idReference, sessionId } from './common.js';
import { errors, idempotent, json, secured } from './route.js';
import { libraryImage, livekitIdentity, livekitRoom, MAX_SPEECH_LENGTH, voiceName } from './sessions.js';

/** Body of the plain request that starts a session. Fields that it does not know are ignored. */
export const createStreamingSession = z
  .object({
    template_id: idReference('tmpl_9mx7cvn3pdr4tz8hw2kq'),
    voice_id: voiceName.optional(),
    text: z.string().trim().min(1).max(MAX_SPEECH_LENGTH).optional().openapi({ description: 'Said when the first viewer is there.' }),
    livekit_room: livekitRoom.optional(),
    livekit_identity: livekitIdentity.optional().openapi({ description: 'Identity of the viewer.' }),
    background_image: libraryImage.nullable().optional(),
  })
  .openapi('CreateStreamingSession');

/** Answer to the plain request. */
export const streamingSession = z
  .object({
    session_id: sessionId,
    status: z.literal('started'),
    stream_url: z.string().openapi({ example: 'wss://livekit.example.com' }),
    access_token: z.string().openapi({ description: "The viewer's, for `stream_url`." }),
    livekit_room: z.string().nullable(),
    livekit_identity: z.string().nullable(),
    player_url: z.string().openapi({ description: 'A page that plays the session full-window.' }),
  })
  .openapi('StreamingSession');

/** Routes of streaming sessions. */
export const streamingSessionRoutes = {
  create: createRoute({
    tags: ['Sessions'],
    ...secured,
    method: 'post',
    path: '/v2/streaming/sessions',
    operationId: 'createStreamingSession',
    summary: 'Put an AI human on air by one plain request',
    description: 'As `POST /v1/sessions` with a template. Text for an avatar that does not speak is kept and shown, not refused.',
    request: { headers: idempotent, body: { required: true, content: { 'application/json': { schema: createStreamingSession } } } },
    responses: {
      200: json(streamingSession, 'The session is starting.'),
      ...errors(
        'unauthenticated',
        'invalid_request',
        'template_not_found',
        'background_image_not_found',
        'clip_not_found',
        'clip_unreadable',
        'ffmpeg_missing',
        'sessions_full',
        'livekit_unavailable',
        'livekit_room_taken',
        'render_unsupported',
        'avatar_credentials_missing',
        'avatar_vendor_refused',
        'avatar_vendor_unavailable',
      ),
    },
  }),
};

export type CreateStreamingSession = z.infer<typeof createStreamingSession>;
export type StreamingSession = z.infer<typeof streamingSession>;

import { createRoute, z } from '@hono/zod-openapi';
import { renditionFit } from './background-images.js';
import { backgroundImageId, idReference, imageUrl, includeTotal, pageOf, pageQuery, sessionId, time, total } from './common.js';
import { errors, idempotent, IMAGE_URL_ERRORS, json, secured } from './route.js';

/** Longest text that an avatar says in one go, in characters. */
export const MAX_SPEECH_LENGTH = 2000;
/** Longest cross-fade of a swap, in milliseconds. */
export const MAX_TRANSITION_MS = 5000;
/** Cross-fade of a swap unless the request says otherwise, in milliseconds. */
export const DEFAULT_TRANSITION_MS = 400;

/** Length of a code point in UTF-8. */
const bytesOf = (character: string): number => {
  const codePoint = character.codePointAt(0) ?? 0;
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
};
/** Name of a LiveKit room or identity of a participant: 1 to 256 bytes (LiveKit's own limit). */
const livekitName = z
  .string()
  .min(1)
  .refine((name) => [...name].reduce((sum, character) => sum + bytesOf(character), 0) <= 256, 'must be at most 256 bytes');
/** Identity of a participant of a LiveKit room. */
export const livekitIdentity = livekitName.openapi({ example: 'visitor-17' });
/** Name of a LiveKit room. */
export const livekitRoom = livekitName.openapi({ example: 'front-desk' });
/** An id at an avatar vendor. */
const vendorId = z.string().regex(/^[\w.-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, dashes and underscores');

/** Who appears: the avatar's provider with what it needs to know. */
export const avatar = z
  .discriminatedUnion('provider', [
    z.strictObject({ provider: z.literal('stand-in') }).openapi({ description: 'The presenter that Backlot draws.' }),
    z
      .strictObject({
        provider: z.literal('clip'),
        clip: z.string().min(1).max(255).openapi({ description: 'File name in the clips folder.', example: 'presenter.mp4' }),
      })
      .openapi({ description: 'A green-screen video file, looped.' }),
    z.strictObject({ provider: z.literal('whip') }).openapi({ description: 'Any WHIP publisher: OBS, GStreamer, a browser.' }),
    z
      .strictObject({
        provider: z.literal('livekit'),
        identity: livekitIdentity.optional().openapi({
          description: 'Who of the room is the avatar. Absent: the first agent that publishes video, a worker that publishes on behalf of an agent before all.',
        }),
      })
      .openapi({ description: "Any participant of a LiveKit room that publishes the avatar's video: every vendor with a LiveKit plugin." }),
    z
      .strictObject({ provider: z.literal('liveavatar'), avatar_id: vendorId, is_sandbox: z.boolean().optional() })
      .openapi({ description: "A LiveAvatar session (LITE) that publishes into the session's LiveKit room." }),
    z
      .strictObject({ provider: z.literal('tavus'), pal_id: vendorId, face_id: vendorId.optional() })
      .openapi({ description: "A Tavus conversation that publishes into the session's LiveKit room, on its green screen." }),
    z
      .strictObject({
        provider: z.literal('simli'),
        face_id: vendorId,
        background: z
          .enum(['native', 'keyed'])
          .optional()
          .openapi({ description: '`native`: Simli draws the background that the session starts with. `keyed`, the default: Backlot does, and swaps it.' }),
      })
      .openapi({ description: "A Simli session that publishes into the session's LiveKit room." }),
  ])
  .openapi('Avatar');
/** Who appears unless somebody says otherwise. */
export const DEFAULT_AVATAR = { provider: 'stand-in' } as const;

/** Side of a canvas in pixels: 180 to 1920, even. */
export const canvasSide = z.number().int().min(180).max(1920).multipleOf(2, 'must be even');
/** The composited picture, in pixels. */
export const canvas = z.strictObject({ width: canvasSide, height: canvasSide }).openapi('Canvas');
/** The canvas unless somebody says otherwise. */
export const DEFAULT_CANVAS = { width: 1280, height: 720 } as const;

/** Where the avatar stands on the canvas. */
export const framing = z
  .strictObject({
    scale: z
      .number()
      .min(0.25)
      .max(4)
      .default(1)
      .openapi({ description: "The avatar's size: 1 as it fits the canvas, 2 twice as large about the bottom's middle." }),
    x: z.number().min(-1).max(1).default(0).openapi({ description: "Moves it to the right, in shares of the canvas's width." }),
    y: z.number().min(-1).max(1).default(0).openapi({ description: "Moves it down, in shares of the canvas's height." }),
    crop: z
      .enum(['none', 'person'])
      .default('none')
      .openapi({ description: '`person`: what fits the canvas is the person, without the screen around; `none`: the whole picture.' }),
  })
  .openapi('Framing');
/** The framing unless somebody says otherwise. */
export const DEFAULT_FRAMING = { scale: 1, x: 0, y: 0, crop: 'none' } as const;

/** How the avatar's screen is keyed. What is absent has the keyer's default; ranges and meanings are the keyer's. */
export const keying = z
  .strictObject({
    key: z
      .union([z.literal('auto'), z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be auto or a colour such as #00ff00')])
      .optional()
      .openapi({ description: "The screen's colour as it arrives, or `auto`, the default: measured in the picture.", example: 'auto' }),
    floor: z.number().min(0).max(0.5).optional().openapi({ description: 'Where the matte starts. Default: measured.' }),
    ceiling: z.number().min(0.6).max(1).optional().openapi({ description: 'Where the matte is full. Default 0.96.' }),
    hue_tolerance: z.number().min(0).max(1).optional().openapi({ description: "How far off the screen's hue a colour may lie. Default 0.14." }),
    detail: z.number().min(0).max(1).optional().openapi({ description: 'Strength of the refinement of hair from luma. Default 1.' }),
    spill: z.number().min(0).max(1).optional().openapi({ description: "How much of the screen's light is taken off the person. Default 1." }),
    plate: z.boolean().optional().openapi({ description: 'Whether an uneven screen is measured place by place. Default true.' }),
  })
  .openapi('Keying');

/** Where compositing happens. */
export const render = z.enum(['client', 'server']);

/** Name of an avatar's voice. */
export const voiceName = z
  .string()
  .regex(/^[a-z0-9+-]{2,40}$/i)
  .openapi({ example: 'en-us' });

/** A plain colour, `#rrggbb`. */
export const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #1a2b3c')
  .openapi({ example: '#1a2b3c' });
/** Length of a cross-fade in milliseconds: 0 to `MAX_TRANSITION_MS`, default `DEFAULT_TRANSITION_MS`. */
export const transitionMs = z
  .number()
  .int()
  .min(0)
  .max(MAX_TRANSITION_MS)
  .default(DEFAULT_TRANSITION_MS)
  .openapi({ description: 'Length of the cross-fade in milliseconds.' });

/** The live background of a surface, with its version: a higher version is newer, others are stale. */
export const liveBackground = z
  .object({
    has_background: z.boolean(),
    background_id: backgroundImageId.nullable().openapi({ description: "The library's image; null for a plain colour, an image of an address, or none." }),
    background_version: z.number().int().min(0),
    image_url: z.string().nullable().openapi({ description: "The image at the canvas's size; signed, valid for at least a day." }),
    color: color.nullable(),
  })
  .openapi('LiveBackground');

/** An image of the library, in a request. */
export const libraryImage = idReference('bg_7kq2mx9cvt4wz8hn3pdr');

/** Where a session is in its life; `ended` and `failed` are final. */
export const sessionStatus = z.enum(['starting', 'live', 'ended', 'failed']);

/** Why a session ended or failed: a code, and a sentence for people. */
export const endReason = z
  .object({
    code: z.enum([
      'requested',
      'server_stopped',
      'server_restarted',
      'publisher_absent',
      'publisher_left',
      'avatar_failed',
      'clip_unreadable',
      'room_closed',
      'compositor_absent',
      'internal',
    ]),
    message: z.string(),
  })
  .openapi('EndReason');

/** Codec of an avatar's video; the embedded stage carries the first two. */
export const videoCodec = z.enum(['VP8', 'H264', 'VP9', 'AV1', 'H265']);

/** The media engine that carries a session. */
export const stageKind = z.enum(['embedded', 'livekit']);

/** A session, as the API shows it. */
export const session = z
  .object({
    session_id: sessionId,
    status: sessionStatus,
    reason: endReason.nullable().openapi({ description: 'Why the session ended or failed.' }),
    avatar,
    canvas,
    fit: renditionFit,
    framing,
    keying,
    render: render.openapi({ description: "Where compositing happens: in each viewer's browser, or once, on the server." }),
    stage: stageKind,
    livekit_room: z.string().nullable().openapi({ description: "The session's LiveKit room; null on the embedded stage." }),
    livekit_identity: z.string().nullable().openapi({ description: 'Identity of the viewer that `access_token` is for; null on the embedded stage.' }),
    background: liveBackground,
    speaks: z.boolean().openapi({ description: 'Whether `POST …/speech` works for this avatar.' }),
    video_codec: videoCodec.nullable().openapi({ description: 'What the publisher sends; null until it is live.' }),
    viewers: z.number().int(),
    stream_url: z
      .string()
      .openapi({ description: 'Takes the access token. On the embedded stage a WHEP endpoint; on LiveKit the address of its server (`wss://…`).' }),
    access_token: z
      .string()
      .openapi({ description: 'Lets one watch this session, and nothing else. On LiveKit a token to join the room, valid for six hours.' }),
    player_token: z
      .string()
      .openapi({ description: 'Token of `<backlot-player>`, on every stage: lets one watch this session, and nothing else. Dies with the session.' }),
    player_url: z.string().openapi({ description: 'A page that plays the session full-window.' }),
    opening: z
      .object({ text: z.string(), state: z.enum(['waiting', 'said', 'unsupported']) })
      .nullable()
      .openapi({ description: "The session's `text`: said when the first viewer is there; `unsupported` when the avatar does not speak." }),
    publish_url: z.string().nullable().openapi({ description: 'WHIP endpoint, for the avatar `whip`.' }),
    publish_token: z.string().nullable().openapi({ description: 'Bearer token for `publish_url`.' }),
    metadata: z.record(z.string(), z.string()),
    created_at: time,
    live_at: time.nullable(),
    ended_at: time.nullable(),
  })
  .openapi('Session');

/** A page of sessions. */
export const sessionPage = pageOf(session).extend({ total }).openapi('SessionPage');

/** Body that starts a session. What is absent comes from the template, or has a default. */
export const createSession = z
  .strictObject({
    template_id: idReference('tmpl_9mx7cvn3pdr4tz8hw2kq')
      .optional()
      .openapi({ description: 'A template that gives what is absent here. It is copied: later changes of it do not touch the session.' }),
    avatar: avatar.optional().openapi({ description: "Default: the template's, or the stand-in." }),
    background_image: libraryImage.nullable().optional().openapi({ description: "An image of the library; null: none. Default: the template's, or none." }),
    canvas: canvas.optional().openapi({ description: "Default: the template's, or 1280 × 720." }),
    fit: renditionFit.optional().openapi({ description: "How the background fills the canvas. Default: the template's, or `cover`." }),
    framing: framing.optional().openapi({ description: "Where the avatar stands on the canvas. Default: the template's, or as it fits." }),
    keying: keying.optional().openapi({ description: "How the screen is keyed. Default: the template's, or all automatic." }),
    render: render.optional().openapi({ description: "Where compositing happens. Default: the template's, or `client`." }),
    livekit_room: livekitRoom.optional().openapi({ description: 'The LiveKit room to use; made if there is none. Default: a room of its own.' }),
    livekit_identity: livekitIdentity.optional().openapi({ description: 'Identity of the viewer that `access_token` is for. Default: one of its own.' }),
    voice_id: voiceName.nullable().optional().openapi({
      description:
        "A voice of the avatar; the list of avatars names them. null: the avatar's own. Default: the template's if `avatar` is absent too, or the avatar's own.",
    }),
    text: z.string().trim().min(1).max(MAX_SPEECH_LENGTH).optional().openapi({ description: 'Said when the first viewer is there.' }),
    metadata: z
      .record(z.string().min(1).max(64), z.string().max(512))
      .refine((value) => Object.keys(value).length <= 32, 'must have at most 32 keys')
      .default({}),
  })
  .openapi('CreateSession');

/** Body that changes a session's background: an image of the library or of an address, or a colour. */
export const setBackground = z
  .strictObject({
    background_image: libraryImage.optional(),
    image_url: imageUrl.optional(),
    color: color.optional(),
    transition_ms: transitionMs,
  })
  .refine((body) => [body.background_image, body.image_url, body.color].filter((wanted) => wanted !== undefined).length === 1, {
    message: 'must have exactly one of background_image, image_url and color',
    path: ['background_image'],
  })
  .openapi('SetBackground');

/** Answer to every change of a session's background. */
export const backgroundChange = z
  .object({
    session_id: sessionId,
    has_background: z.boolean(),
    changed: z.boolean().openapi({ description: 'False when it was so already.' }),
    background_id: backgroundImageId.nullable(),
    background_version: z.number().int(),
  })
  .openapi('BackgroundChange');

/** Body of a speech: 1 to `MAX_SPEECH_LENGTH` characters. */
export const speechRequest = z.strictObject({ text: z.string().trim().min(1).max(MAX_SPEECH_LENGTH) }).openapi('SpeechRequest');
/** A text that an avatar has been given to say. */
export const speech = z
  .object({
    session_id: sessionId,
    speech_id: z.string().openapi({ example: 'say_7kq2mx9cvt4wz8hn3pdr' }),
    text: z.string(),
    audible: z.boolean().openapi({ description: 'False when the avatar has no voice on this server: it moves its lips and shows captions.' }),
  })
  .openapi('Speech');

/** An avatar that sessions can use, or can't and why. */
export const avatarOption = z
  .object({
    avatar,
    needs: z.array(z.string()).openapi({ description: 'Fields of `avatar` that you fill in: here they hold examples.', example: [] }),
    title: z.string(),
    speaks: z.boolean(),
    available: z.boolean(),
    unavailable_reason: z.string().nullable(),
    voices: z.array(z.string()),
  })
  .openapi('AvatarOption');

/** Events of `GET …/events`, by their SSE name. Every stream starts with `session` and `background` as they are now. */
export const sessionEvents = {
  session: z.object({
    session_id: sessionId,
    status: sessionStatus,
    reason: endReason.nullable(),
    stage: stageKind,
    render,
    canvas,
    framing,
    keying,
    video_codec: videoCodec.nullable(),
  }),
  background: liveBackground.extend({ fit: renditionFit, transition_ms: z.number().int() }),
  speech: z.object({
    speech_id: z.string(),
    text: z.string(),
    state: z.enum(['started', 'ended']),
    duration_ms: z.number().int().openapi({ description: 'Length of the speech; captions last as long.' }),
    audible: z.boolean(),
  }),
  viewers: z.object({ viewers: z.number().int() }),
};

const tag = { tags: ['Sessions'], ...secured };
const params = z.strictObject({ id: idReference('sess_4tz8hw2kq9mx7cvn3pdr') });

/** Answer to a viewer that wants to join the session's LiveKit room: an identity of its own, and a token for it. */
export const livekitConnection = z
  .object({
    url: z.string().openapi({ example: 'wss://livekit.example.com' }),
    token: z.string(),
    room: z.string(),
    identity: z.string(),
  })
  .openapi('LivekitConnection');

/** Routes of sessions. */
export const sessionRoutes = {
  avatars: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/avatars',
    operationId: 'listAvatars',
    summary: 'List the avatars that sessions can use',
    responses: { 200: json(z.object({ data: z.array(avatarOption) }), 'The avatars.'), ...errors('unauthenticated') },
  }),
  create: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/sessions',
    operationId: 'createSession',
    summary: 'Put an AI human on air',
    request: { headers: idempotent, body: { required: true, content: { 'application/json': { schema: createSession } } } },
    responses: {
      201: json(session, 'The session is starting.'),
      ...errors(
        'unauthenticated',
        'invalid_request',
        'template_not_found',
        'background_image_not_found',
        'clip_not_found',
        'clip_unreadable',
        'ffmpeg_missing',
        'sessions_full',
        'livekit_not_used',
        'livekit_unavailable',
        'livekit_room_taken',
        'render_unsupported',
        'avatar_credentials_missing',
        'avatar_vendor_refused',
        'avatar_vendor_unavailable',
      ),
    },
  }),
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/sessions',
    operationId: 'listSessions',
    summary: 'List sessions, newest first',
    request: {
      query: pageQuery.extend({
        status: sessionStatus.optional(),
        background_image: libraryImage
          .optional()
          .openapi({ description: 'Only sessions in front of this image of the library, also when it has been deleted.' }),
        include_total: includeTotal,
      }),
    },
    responses: { 200: json(sessionPage, 'A page of sessions.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  get: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/sessions/{id}',
    operationId: 'getSession',
    summary: 'View a session',
    request: { params },
    responses: { 200: json(session, 'The session.'), ...errors('unauthenticated', 'session_not_found') },
  }),
  end: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/sessions/{id}',
    operationId: 'endSession',
    summary: 'End a session',
    description: 'Ending a session that has ended changes nothing.',
    request: { params },
    responses: { 204: { description: 'Ended.' }, ...errors('unauthenticated', 'session_not_found') },
  }),
  setBackground: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/sessions/{id}/background',
    operationId: 'setSessionBackground',
    summary: 'Swap the background while the avatar talks',
    request: { params, headers: idempotent, body: { required: true, content: { 'application/json': { schema: setBackground } } } },
    responses: {
      200: json(backgroundChange, 'Every viewer gets it.'),
      ...errors(
        'unauthenticated',
        'session_not_found',
        'background_image_not_found',
        'session_ended',
        'invalid_request',
        'image_undecodable',
        'image_too_many_pixels',
        'image_service_busy',
        'image_service_failed',
        'storage_full',
        ...IMAGE_URL_ERRORS,
      ),
    },
  }),
  removeBackground: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/sessions/{id}/background',
    operationId: 'removeSessionBackground',
    summary: 'Back to no background: a transparent player',
    request: { params },
    responses: { 200: json(backgroundChange, 'Removed, or none was set.'), ...errors('unauthenticated', 'session_not_found', 'session_ended') },
  }),
  speech: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/sessions/{id}/speech',
    operationId: 'speak',
    summary: 'Make the avatar say something',
    request: { params, headers: idempotent, body: { required: true, content: { 'application/json': { schema: speechRequest } } } },
    responses: {
      202: json(speech, 'It will be said, after what is queued already.'),
      ...errors('unauthenticated', 'session_not_found', 'session_ended', 'speech_unsupported', 'speech_busy'),
    },
  }),
  connection: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/sessions/{id}/livekit-connection',
    operationId: 'joinLivekit',
    summary: "Join the session's LiveKit room as a viewer",
    description:
      "For sessions on LiveKit. Takes an API key or the session's player token; each call is another viewer, with an identity and a token of its own.",
    request: { params },
    responses: {
      200: json(livekitConnection, 'What to join with.'),
      ...errors('unauthenticated', 'forbidden', 'session_not_found', 'session_ended', 'livekit_not_used'),
    },
  }),
  events: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/sessions/{id}/events',
    operationId: 'sessionEvents',
    summary: 'Follow a session live',
    description:
      "Server-sent events: `session`, `background`, `speech`, `viewers`. Takes an API key or the session's access token. Each stream starts with the state as it is; it ends when the session does.",
    request: { params },
    responses: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.string() } } },
      ...errors('unauthenticated', 'session_not_found'),
    },
  }),
};

const sdp = { content: { 'application/sdp': { schema: z.string() } } };
const webrtcTag = { tags: ['WebRTC'], security: [{ sessionToken: [] }] };
const connection = z.strictObject({ id: idReference('sess_4tz8hw2kq9mx7cvn3pdr'), connection: idReference('conn_9cvt4wz8hn3pdr7kq2mx') });

const endpoint = (kind: 'whip' | 'whep', verb: string) => ({
  connect: createRoute({
    ...webrtcTag,
    method: 'post',
    path: `/v1/sessions/{id}/${kind}`,
    operationId: `${kind}Connect`,
    summary: `${verb} with an SDP offer`,
    request: { params, body: { required: true, ...sdp } },
    responses: {
      201: { description: 'The SDP answer. `Location` is the connection, `ETag` its ICE session.', ...sdp },
      ...errors(
        'unauthenticated',
        'session_not_found',
        'session_ended',
        'sdp_invalid',
        'no_common_codec',
        'unsupported_media_type',
        ...(kind === 'whip'
          ? (['publisher_exists', 'publisher_not_accepted', 'render_unsupported'] as const)
          : (['publisher_absent', 'viewers_full'] as const)),
      ),
    },
  }),
  trickle: createRoute({
    ...webrtcTag,
    method: 'patch',
    path: `/v1/sessions/{id}/${kind}/{connection}`,
    operationId: `${kind}Trickle`,
    summary: 'Add ICE candidates',
    request: { params: connection, body: { required: true, content: { 'application/trickle-ice-sdpfrag': { schema: z.string() } } } },
    responses: { 204: { description: 'Taken.' }, ...errors('unauthenticated', 'connection_not_found', 'etag_mismatch', 'ice_restart_unsupported') },
  }),
  disconnect: createRoute({
    ...webrtcTag,
    method: 'delete',
    path: `/v1/sessions/{id}/${kind}/{connection}`,
    operationId: `${kind}Disconnect`,
    summary: 'End the connection',
    request: { params: connection },
    responses: { 200: { description: 'Ended.' }, ...errors('unauthenticated', 'connection_not_found') },
  }),
});

/** WebRTC in (WHIP, RFC 9725) and out (WHEP, draft-ietf-wish-whep). */
export const webrtcRoutes = { whip: endpoint('whip', 'Publish'), whep: endpoint('whep', 'Watch') };

export type Avatar = z.infer<typeof avatar>;
export type AvatarOption = z.infer<typeof avatarOption>;
export type Canvas = z.infer<typeof canvas>;
export type Framing = z.infer<typeof framing>;
export type Keying = z.infer<typeof keying>;
export type Render = z.infer<typeof render>;
export type StageKind = z.infer<typeof stageKind>;
export type LivekitConnection = z.infer<typeof livekitConnection>;
export type LiveBackground = z.infer<typeof liveBackground>;
export type SessionStatus = z.infer<typeof sessionStatus>;
export type EndReason = z.infer<typeof endReason>;
export type Session = z.infer<typeof session>;
export type CreateSession = z.infer<typeof createSession>;
export type CreateSessionInput = z.input<typeof createSession>;
export type SetBackground = z.infer<typeof setBackground>;
export type SetBackgroundInput = z.input<typeof setBackground>;
export type BackgroundChange = z.infer<typeof backgroundChange>;
export type Speech = z.infer<typeof speech>;
/** An event of `GET …/events`, told apart by its name. */
export type SessionEvent = { [Name in keyof typeof sessionEvents]: { event: Name; data: z.infer<(typeof sessionEvents)[Name]> } }[keyof typeof sessionEvents];

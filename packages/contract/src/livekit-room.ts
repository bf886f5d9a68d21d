import { z } from '@hono/zod-openapi';
import { renditionFit } from './background-images.js';
import { sessionId } from './common.js';
import { canvas, endReason, framing, keying, liveBackground, render, sessionEvents, sessionStatus } from './sessions.js';

/**
 * Where a session's state stands in its LiveKit room: the key in the room's metadata, which is a JSON object that
 * others may write to as well (what was there and is no object moves under its key `metadata`), and the topic of the data messages that tell changes at once.
 */
export const LIVEKIT_TOPIC = 'backlot';

/** A session as everybody in its LiveKit room sees it, without asking Backlot. */
export const livekitRoomState = z.object({
  /** Rises with every change, over restarts, too: what is not newer is stale. */
  revision: z.number().int().min(0),
  session_id: sessionId,
  status: sessionStatus,
  reason: endReason.nullable(),
  render,
  canvas,
  framing,
  keying,
  background: liveBackground.extend({ fit: renditionFit, transition_ms: z.number().int() }),
  /** Identity of the participant that publishes the avatar before its screen; null until it is there. */
  avatar_identity: z.string().nullable(),
  /** Identity of the participant that publishes the composed picture, with sound; null while none does. */
  program_identity: z.string().nullable(),
  /** Backlot has made the room, and closes it with the session. */
  room_made: z.boolean().optional(),
});

/** A data message on `LIVEKIT_TOPIC`, as UTF-8 JSON. Whoever joins later finds the state in the room's metadata. */
export const livekitRoomMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: livekitRoomState }),
  z.object({ type: z.literal('speech'), speech: sessionEvents.speech }),
]);

export type LivekitRoomState = z.infer<typeof livekitRoomState>;
export type LivekitRoomMessage = z.infer<typeof livekitRoomMessage>;

import { DEFAULT_CANVAS, DEFAULT_FRAMING } from '@backlot/contract';
import type { AnnouncedState, RoomObserver, RoomSpec, SessionPlace } from './port.js';

/** A session that starts, over nothing. */
export const STARTING: AnnouncedState = {
  status: 'starting',
  reason: null,
  render: 'client',
  canvas: DEFAULT_CANVAS,
  framing: DEFAULT_FRAMING,
  keying: {},
  background: { has_background: false, background_id: null, background_version: 0, image_url: null, color: null, fit: 'cover', transition_ms: 0 },
};

/** What a room of no special kind is opened with. */
export const roomSpec = (sessionId: string, place: Partial<SessionPlace> = {}): RoomSpec => ({
  place: { sessionId, room: null, viewerIdentity: null, ...place },
  avatar: 'invited',
  state: STARTING,
});

/** Writes down what a room tells, such as `live VP8`, `left lost`, `viewers 2`, `over room_closed`. */
export const recordRoom = () => {
  const told: string[] = [];
  const observer: RoomObserver = {
    publisherLive: (codec) => told.push(`live ${codec}`),
    publisherPaused: () => told.push('paused'),
    publisherLeft: (how) => told.push(`left ${how}`),
    viewersChanged: (viewers) => told.push(`viewers ${viewers}`),
    over: (code) => told.push(`over ${code}`),
  };
  return { told, observer };
};

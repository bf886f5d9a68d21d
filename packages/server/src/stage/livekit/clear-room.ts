import type { LivekitRoomState } from '@backlot/contract';
import type { RoomSpec } from '../port.js';
import type { LivekitApi } from './api.js';
import { AVATAR_IDENTITY, COMPOSITOR_AGENT, COMPOSITOR_IDENTITY } from './identities.js';
import { readRoomState, writeRoomState } from './metadata.js';

/**
 * Clears what a session that is over has left on LiveKit: its room if Backlot has made it, else what Backlot brought
 * into it. A room that another session has taken over is left alone. May be repeated until it does not throw
 * `LivekitRequestError`.
 */
export const clearRoom = async (api: LivekitApi, { place, avatar, state }: RoomSpec, isTaken: () => boolean): Promise<void> => {
  const { room: name, sessionId } = place;
  if (name === null) return;
  const [room] = await api.listRooms([name]);
  if (room === undefined || isTaken()) return;
  const known = readRoomState(room.metadata);
  if (known !== null && known.session_id !== sessionId) return;
  // LiveKit forgets in a restart; a room that is named like its session can be nobody else's.
  const made = known?.room_made ?? name === sessionId;
  // Nobody is thrown out before everybody could read why; a room that is others' and does not know us is told nothing.
  if (known?.status !== state.status && (known !== null || made)) {
    const revision = Math.max((known?.revision ?? 0) + 1, Date.now());
    const over: LivekitRoomState = { ...state, revision, session_id: sessionId, avatar_identity: null, program_identity: null, room_made: made };
    await api.updateRoomMetadata(name, writeRoomState(room.metadata, over));
    if (isTaken()) return;
  }
  if (made) return api.deleteRoom(name);
  const dispatches = state.render === 'server' ? await api.listDispatches(name) : [];
  await Promise.all([
    ...dispatches.filter(({ agentName }) => agentName === COMPOSITOR_AGENT).map(async ({ id }) => api.deleteDispatch(name, id)),
    api.removeParticipant(name, COMPOSITOR_IDENTITY),
    ...(avatar === 'invited' ? [api.removeParticipant(name, AVATAR_IDENTITY)] : []),
  ]);
};

import { LIVEKIT_TOPIC, livekitRoomState, type LivekitRoomState } from '@backlot/contract';
import { z } from 'zod';

const jsonObject = z.record(z.string(), z.unknown());

const readObject = (metadata: string): Record<string, unknown> => {
  try {
    return jsonObject.parse(JSON.parse(metadata));
  } catch {
    // Empty, or a customer's text that is no JSON: there is no place in it for ours.
    return {};
  }
};

/** The session's state in a room's metadata; null when there is none that can be read. */
export const readRoomState = (metadata: string): LivekitRoomState | null => {
  const parsed = livekitRoomState.safeParse(readObject(metadata)[LIVEKIT_TOPIC]);
  return parsed.success ? parsed.data : null;
};

/** Metadata with another state, and everything else as it was. */
export const writeRoomState = (metadata: string, state: LivekitRoomState): string => JSON.stringify({ ...readObject(metadata), [LIVEKIT_TOPIC]: state });

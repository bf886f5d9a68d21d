import { LIVEKIT_TOPIC, livekitRoomState, type LivekitRoomState } from '@backlot/contract';
import { z } from 'zod';

const jsonObject = z.record(z.string(), z.unknown());

/** What is no JSON object has no place for ours: it is kept as it is, under this key. */
const TEXT_KEY = 'metadata';

const readObject = (metadata: string): Record<string, unknown> => {
  if (metadata === '') return {};
  try {
    return jsonObject.parse(JSON.parse(metadata));
  } catch {
    return { [TEXT_KEY]: metadata };
  }
};

/** The session's state in a room's metadata; null when there is none that can be read. */
export const readRoomState = (metadata: string): LivekitRoomState | null => {
  const parsed = livekitRoomState.safeParse(readObject(metadata)[LIVEKIT_TOPIC]);
  return parsed.success ? parsed.data : null;
};

/** Metadata with another state, and everything else as it was. */
export const writeRoomState = (metadata: string, state: LivekitRoomState): string => JSON.stringify({ ...readObject(metadata), [LIVEKIT_TOPIC]: state });

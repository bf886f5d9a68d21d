import { LIVEKIT_TOPIC, livekitRoomMessage, type LivekitRoomState, livekitRoomState } from '@backlot/contract';
import { type RemoteParticipant, type Room, RoomEvent } from '@livekit/rtc-node';

/** The session's state in a room's metadata; null when there is none, or none that can be read. */
export const readRoomState = (metadata: string | undefined): LivekitRoomState | null => {
  const values = parseJson(metadata ?? '');
  if (typeof values !== 'object' || values === null || !(LIVEKIT_TOPIC in values)) return null;
  const parsed = livekitRoomState.safeParse(values[LIVEKIT_TOPIC]);
  return parsed.success ? parsed.data : null;
};

/** Follows a session's state in its room: what joined finds in the metadata, and what is told at once. */
export class RoomStateFeed implements Disposable {
  readonly #room: Room;
  readonly #onState: (state: LivekitRoomState) => void;
  #revision = -1;
  readonly #metadataChanged = (metadata: string): void => this.#take(readRoomState(metadata));
  readonly #dataReceived = (payload: Uint8Array, participant?: RemoteParticipant, _kind?: unknown, topic?: string): void => {
    // Only the server's own API sends without a participant: nobody in the room speaks for Backlot.
    if (topic !== LIVEKIT_TOPIC || participant !== undefined) return;
    const message = livekitRoomMessage.safeParse(parseJson(new TextDecoder().decode(payload)));
    if (message.success && message.data.type === 'state') this.#take(message.data.state);
  };

  /** `onState` hears each newer state, the one that is there already at once. */
  constructor(room: Room, onState: (state: LivekitRoomState) => void) {
    this.#room = room;
    this.#onState = onState;
    room.on(RoomEvent.RoomMetadataChanged, this.#metadataChanged);
    room.on(RoomEvent.DataReceived, this.#dataReceived);
    this.#metadataChanged(room.metadata ?? '');
  }

  /** Whether there has been any state. */
  get hasState(): boolean {
    return this.#revision >= 0;
  }

  [Symbol.dispose](): void {
    this.#room.off(RoomEvent.RoomMetadataChanged, this.#metadataChanged);
    this.#room.off(RoomEvent.DataReceived, this.#dataReceived);
  }

  #take(state: LivekitRoomState | null): void {
    if (state === null || state.revision <= this.#revision) return;
    this.#revision = state.revision;
    this.#onState(state);
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

import type { Room } from 'livekit-client';
import type { BackgroundState, Framing, Keying, SessionState, SpeechState } from '../session-events.js';

/** Key in the room's metadata, and topic of data messages (`LIVEKIT_TOPIC` of the contract). */
const TOPIC = 'backlot';

/** A session as everybody in its LiveKit room sees it (`LivekitRoomState` of the contract). */
export interface RoomState {
  /** Rises with every change: what is not newer is stale. */
  readonly revision: number;
  readonly session_id: string;
  readonly status: SessionState['status'];
  readonly reason: SessionState['reason'];
  readonly render: 'client' | 'server';
  readonly canvas: { readonly width: number; readonly height: number };
  readonly framing: Framing;
  readonly keying: Keying;
  readonly background: BackgroundState;
  /** Who publishes the avatar before its screen; null until it is there. */
  readonly avatar_identity: string | null;
  /** Who publishes the composed picture; null while nobody does. */
  readonly program_identity: string | null;
}

type Message = { readonly type: 'state'; readonly state: unknown } | { readonly type: 'speech'; readonly speech: SpeechState };

/** A room's metadata may be the customer's as well: only what looks like a state is one. */
const isState = (value: unknown): value is RoomState => {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, status, background } = value as Partial<Record<keyof RoomState, unknown>>;
  return typeof revision === 'number' && typeof status === 'string' && typeof background === 'object' && background !== null;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/**
 * Reads a session's state from its LiveKit room: from the metadata, which later viewers find too, and from data messages,
 * which are faster. Keeps the newest over several rooms, one after the other.
 */
export class RoomStateReader {
  readonly #onState: (state: RoomState) => void;
  readonly #onSpeech: (speech: SpeechState) => void;
  #state: RoomState | null = null;

  constructor(onState: (state: RoomState) => void, onSpeech: (speech: SpeechState) => void = () => undefined) {
    this.#onState = onState;
    this.#onSpeech = onSpeech;
  }

  /** The newest state; null before the first. */
  get state(): RoomState | null {
    return this.#state;
  }

  /** Begins to read a room. Returns how to stop. */
  read(room: Room): () => void {
    const takeMetadata = () => this.#takeMetadata(room.metadata);
    const takeData = (payload: Uint8Array, sender: unknown, _kind: unknown, topic: string | undefined) => {
      // What comes from a participant anybody may have sent; Backlot's messages come from the server.
      if (topic === TOPIC && sender === undefined) this.#takeMessage(payload);
    };
    room.on('connected', takeMetadata).on('reconnected', takeMetadata).on('roomMetadataChanged', takeMetadata).on('dataReceived', takeData);
    takeMetadata();
    return () =>
      void room.off('connected', takeMetadata).off('reconnected', takeMetadata).off('roomMetadataChanged', takeMetadata).off('dataReceived', takeData);
  }

  /** Whether a room's metadata has a state, of whatever age. */
  static hasState(room: Room): boolean {
    return isState((parse(room.metadata ?? '') as Record<string, unknown> | null)?.[TOPIC]);
  }

  #takeMetadata(metadata: string | undefined): void {
    this.#take((parse(metadata ?? '') as Record<string, unknown> | null)?.[TOPIC]);
  }

  #takeMessage(payload: Uint8Array): void {
    const message = parse(new TextDecoder().decode(payload)) as Message | null;
    if (message?.type === 'state') this.#take(message.state);
    else if (message?.type === 'speech') this.#onSpeech(message.speech);
  }

  #take(value: unknown): void {
    if (!isState(value) || (this.#state !== null && value.revision <= this.#state.revision)) return;
    this.#state = value;
    this.#onState(value);
  }
}

/** Identity of who publishes what viewers watch; null while nobody does. Viewers of a composed picture never get the raw one. */
export const watchedIdentity = (state: RoomState): string | null => (state.render === 'server' ? state.program_identity : state.avatar_identity);

import { AgentDispatchClient, DataPacket_Kind, type AgentDispatch, type ParticipantInfo, type Room, RoomServiceClient, ServerError } from 'livekit-server-sdk';
import { toHttpUrl, type LivekitAccessOptions } from './access.js';

const TIMEOUT_SECONDS = 3;

/** LiveKit did not do what it was asked. LiveKit's own sentences may quote tokens: they stay out of it. */
export class LivekitRequestError extends Error {
  override readonly name = 'LivekitRequestError';
  /** Null when no answer came. */
  readonly status: number | null;

  constructor(call: string, status: number | null) {
    super(status === null ? `LiveKit did not answer ${call}.` : `LiveKit answered ${status} to ${call}.`);
    this.status = status;
  }
}

const isNotFound = (error: unknown): boolean => error instanceof LivekitRequestError && error.status === 404;

/** A room that is to be made. */
export interface NewRoom {
  readonly name: string;
  /** For how long it stays without anybody in it. */
  readonly emptySeconds: number;
  readonly metadata: string;
}

/**
 * LiveKit's server API, each call with a time-out. Throws `LivekitRequestError`; that something is not there any more
 * is no error of what removes it.
 */
export class LivekitApi {
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;

  constructor({ url, apiKey, apiSecret }: LivekitAccessOptions) {
    const options = { requestTimeout: TIMEOUT_SECONDS, failover: false };
    this.#rooms = new RoomServiceClient(toHttpUrl(url), apiKey, apiSecret, options);
    this.#dispatches = new AgentDispatchClient(toHttpUrl(url), apiKey, apiSecret, options);
  }

  listRooms(names: readonly string[]): Promise<Room[]> {
    return call('listRooms', this.#rooms.listRooms([...names]));
  }

  createRoom({ name, emptySeconds, metadata }: NewRoom): Promise<Room> {
    return call('createRoom', this.#rooms.createRoom({ name, metadata, emptyTimeout: emptySeconds, departureTimeout: emptySeconds }));
  }

  updateRoomMetadata(room: string, metadata: string): Promise<Room> {
    return call('updateRoomMetadata', this.#rooms.updateRoomMetadata(room, metadata));
  }

  deleteRoom(room: string): Promise<void> {
    return removed(call('deleteRoom', this.#rooms.deleteRoom(room)));
  }

  listParticipants(room: string): Promise<ParticipantInfo[]> {
    return call('listParticipants', this.#rooms.listParticipants(room));
  }

  removeParticipant(room: string, identity: string): Promise<void> {
    return removed(call('removeParticipant', this.#rooms.removeParticipant(room, identity)));
  }

  /** A room that is not there never answers: the call then times out. */
  sendData(room: string, topic: string, message: unknown): Promise<void> {
    return call('sendData', this.#rooms.sendData(room, new TextEncoder().encode(JSON.stringify(message)), DataPacket_Kind.RELIABLE, { topic }));
  }

  listDispatches(room: string): Promise<AgentDispatch[]> {
    return call('listDispatch', this.#dispatches.listDispatch(room));
  }

  createDispatch(room: string, agentName: string, metadata: unknown): Promise<AgentDispatch> {
    return call('createDispatch', this.#dispatches.createDispatch(room, agentName, { metadata: JSON.stringify(metadata) }));
  }

  deleteDispatch(room: string, dispatchId: string): Promise<void> {
    return removed(call('deleteDispatch', this.#dispatches.deleteDispatch(dispatchId, room)));
  }
}

const call = async <Answer>(name: string, answer: Promise<Answer>): Promise<Answer> => {
  try {
    return await answer;
  } catch (error) {
    throw new LivekitRequestError(name, error instanceof ServerError ? error.status : null);
  }
};

const removed = async (removal: Promise<void>): Promise<void> => {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
};

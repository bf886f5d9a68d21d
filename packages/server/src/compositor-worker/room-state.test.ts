import { LIVEKIT_TOPIC, type LivekitRoomState } from '@backlot/contract';
import { DataPacketKind, type RemoteParticipant, Room, RoomEvent } from '@livekit/rtc-node';
import { describe, expect, test } from 'vitest';
import { RoomStateFeed, readRoomState } from './room-state.js';
import { roomState } from './room-state.testing.js';

const metadataOf = (state: unknown): string => JSON.stringify({ theirs: 1, [LIVEKIT_TOPIC]: state });
const messageOf = (state: LivekitRoomState): Uint8Array => new TextEncoder().encode(JSON.stringify({ type: 'state', state }));
const follow = (): { readonly room: Room; readonly revisions: number[] } => {
  const room = new Room();
  const revisions: number[] = [];
  new RoomStateFeed(room, ({ revision }) => revisions.push(revision));
  return { room, revisions };
};

describe("a session's state in its room", () => {
  test('stands under its key, beside what others keep there', () => {
    expect(readRoomState(metadataOf(roomState({ revision: 7 })))?.revision).toBe(7);
  });

  test.each([undefined, '', 'not JSON', 'null', '[]', '{}', metadataOf({ revision: 1 })])('is absent in %j', (metadata) => {
    expect(readRoomState(metadata)).toBeNull();
  });

  test('comes by metadata and by message, and what is not newer is ignored', () => {
    const { room, revisions } = follow();
    room.emit(RoomEvent.RoomMetadataChanged, metadataOf(roomState({ revision: 5 })));
    room.emit(RoomEvent.DataReceived, messageOf(roomState({ revision: 6 })), undefined, DataPacketKind.KIND_RELIABLE, LIVEKIT_TOPIC);
    room.emit(RoomEvent.RoomMetadataChanged, metadataOf(roomState({ revision: 6 })));
    room.emit(RoomEvent.DataReceived, messageOf(roomState({ revision: 4 })), undefined, DataPacketKind.KIND_RELIABLE, LIVEKIT_TOPIC);
    room.emit(RoomEvent.RoomMetadataChanged, metadataOf(roomState({ revision: 8 })));
    expect(revisions).toEqual([5, 6, 8]);
  });

  test('is nothing that a participant can tell, nor another topic', () => {
    const { room, revisions } = follow();
    const participant = { identity: 'somebody' } as RemoteParticipant;
    room.emit(RoomEvent.DataReceived, messageOf(roomState({ revision: 9 })), participant, DataPacketKind.KIND_RELIABLE, LIVEKIT_TOPIC);
    room.emit(RoomEvent.DataReceived, messageOf(roomState({ revision: 9 })), undefined, DataPacketKind.KIND_RELIABLE, 'chat');
    room.emit(RoomEvent.DataReceived, new TextEncoder().encode('{'), undefined, DataPacketKind.KIND_RELIABLE, LIVEKIT_TOPIC);
    expect(revisions).toEqual([]);
  });
});

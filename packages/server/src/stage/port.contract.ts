import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../ids.js';
import type { SessionPlace, Stage } from './port.js';
import { recordRoom, roomSpec } from './room.testing.js';

/** A stage with people who come and go. */
export interface StageRig extends AsyncDisposable {
  readonly stage: Stage;
  readonly place: (sessionId: string) => SessionPlace;
  /** Publishes VP8 as the session's avatar, until it is disposed. */
  readonly publish: (place: SessionPlace) => Promise<AsyncDisposable>;
  /** Watches, until it is disposed. */
  readonly watch: (place: SessionPlace) => Promise<AsyncDisposable>;
}

const WAIT = { timeout: 20_000, interval: 20 };

/** What every stage must do, run by each adapter's tests. */
export const describeStage = (name: string, open: () => Promise<StageRig>): void => {
  describe(`stage: ${name}`, () => {
    let rig: StageRig;
    const newPlace = (): SessionPlace => rig.place(createId('sess'));

    beforeEach(async () => {
      rig = await open();
    });
    afterEach(async () => {
      await rig[Symbol.asyncDispose]();
    });
    const openRoom = async (place: SessionPlace) => {
      const { told, observer } = recordRoom();
      const room = await rig.stage.openRoom(roomSpec(place.sessionId, place), observer);
      return { room, told };
    };

    test('a publisher is live, leaves, and another one takes over', async () => {
      const place = newPlace();
      const { room, told } = await openRoom(place);
      expect([room.codec, room.viewers, told]).toEqual([null, 0, []]);
      const first = await rig.publish(place);
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
      expect(room.codec).toBe('VP8');
      await first[Symbol.asyncDispose]();
      await expect.poll(() => told.length, WAIT).toBe(2);
      expect(told[1]).toMatch(/^left (closed|lost)$/);
      expect(room.codec).toBeNull();
      await using _second = await rig.publish(place);
      await expect.poll(() => told.slice(2), WAIT).toEqual(['live VP8']);
    });

    test('viewers are counted, and the publisher is none', async () => {
      const place = newPlace();
      const { room, told } = await openRoom(place);
      await using _publisher = await rig.publish(place);
      await expect.poll(() => told, WAIT).toContain('live VP8');
      const first = await rig.watch(place);
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      await using _second = await rig.watch(place);
      await expect.poll(() => room.viewers, WAIT).toBe(2);
      await first[Symbol.asyncDispose]();
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      expect(told.filter((line) => line.startsWith('viewers'))).toEqual(['viewers 1', 'viewers 2', 'viewers 1']);
    });

    test('rooms know nothing of each other; a session has one', async () => {
      const [place, other] = [newPlace(), newPlace()];
      const { told } = await openRoom(place);
      const quiet = await openRoom(other);
      await using _publisher = await rig.publish(place);
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
      expect([quiet.told, quiet.room.codec]).toEqual([[], null]);
      await expect(rig.stage.openRoom(roomSpec(place.sessionId, place), recordRoom().observer)).rejects.toThrow(TypeError);
    });

    test('a room that was disposed tells nothing, and may be disposed again', async () => {
      const place = newPlace();
      const { room, told } = await openRoom(place);
      await using _publisher = await rig.publish(place);
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
      await room[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
      await room.leave();
      expect(told).toEqual(['live VP8']);
      // Its session's id is free again.
      const again = await openRoom(place);
      expect(again.room.codec).toBeNull();
    });

    test('a room of an earlier process is there at once', async () => {
      const place = newPlace();
      const { told, observer } = recordRoom();
      rig.stage.resumeRoom(roomSpec(place.sessionId, place), observer);
      await using _publisher = await rig.publish(place);
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
    });
  });
};

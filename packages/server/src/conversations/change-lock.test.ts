import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { conversationBackgrounds, conversations, surfaces } from '../database/schema.js';
import { openTestApp, type TestApp } from '../http/http.testing.js';
import { lockBackground } from './background-repository.js';
import { ChangeLock, type ChangeLockOptions } from './change-lock.js';
import { ensureConversation } from './repository.js';

const BUSY = { code: 'background_update_in_progress', status: 409, retryAfterSeconds: 1 };
const log = pino({ level: 'silent' });

let test: TestApp;
let ids: string[];
let nowMs: number;
beforeAll(async () => {
  test = await openTestApp();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});
beforeEach(async () => {
  nowMs = Date.parse('2026-11-20T12:00:00.000Z');
  const { executor } = test.database;
  for (const table of [conversationBackgrounds, surfaces, conversations]) await executor.delete(table);
  ids = [];
  for (const chatId of ['+12025550142', '+12025550143']) {
    const chat = { chatId, isGroup: false, channel: 'imessage', phoneNumber: '+12025550100', participants: [], groupName: null } as const;
    const owner = { organizationId: test.organizationId, provider: 'simulator' };
    ids.push((await test.database.transaction(async (transaction) => ensureConversation(transaction, owner, chat, new Date(nowMs)))).record.id);
  }
});

/** A lock as every process has one. */
const open = (options: Partial<ChangeLockOptions> = {}): ChangeLock =>
  new ChangeLock({ database: test.database, log, now: () => new Date(nowMs), waitMs: 60_000, ...options });
const first = (): string => ids[0] ?? '';
const row = async () => (await test.database.executor.select().from(conversationBackgrounds)).find(({ conversationId }) => conversationId === first());
/** Work that begins, and ends when it is told to. */
const held = (lock: ChangeLock, id = first()) => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const done = lock.run(id, async () => {
    begin();
    await ended;
  });
  return { begun, end, done };
};

describe('in one process', () => {
  it('changes of a conversation take turns in the order in which they came', async () => {
    const lock = open();
    const order: string[] = [];
    let underWay = 0;
    const work = async (name: string) =>
      lock.run(first(), async () => {
        expect(++underWay).toBe(1);
        await row();
        order.push(name);
        underWay--;
        return name;
      });
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(work))).toEqual(['a', 'b', 'c', 'd']);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('another conversation does not wait', async () => {
    const lock = open();
    const slow = held(lock);
    await slow.begun;
    expect(await lock.run(ids[1] ?? '', async () => 'done')).toBe('done');
    slow.end();
    await slow.done;
  });

  it('whoever waits too long is told to come back, and the next one has its turn', async () => {
    const lock = open({ waitMs: 20 });
    const slow = held(lock);
    await slow.begun;
    await expect(lock.run(first(), async () => 'never')).rejects.toMatchObject(BUSY);
    slow.end();
    await slow.done;
    expect(await lock.run(first(), async () => 'done')).toBe('done');
  });

  it('work that fails lets go, with its own error', async () => {
    const lock = open();
    const work = async () => {
      throw new Error('the provider is away');
    };
    await expect(lock.run(first(), work)).rejects.toThrow('the provider is away');
    expect(await row()).toMatchObject({ lockedBy: null, lockedUntil: null });
  });
});

describe('among processes', () => {
  it('the second waits for the first', async () => {
    const slow = held(open());
    await slow.begun;
    let isDone = false;
    const second = open()
      .run(first(), async () => row())
      .finally(() => {
        isDone = true;
      });
    await expect(open({ waitMs: 20 }).run(first(), async () => 'never')).rejects.toMatchObject(BUSY);
    expect(isDone).toBe(false);
    slow.end();
    await slow.done;
    expect((await second)?.lockedBy).toEqual(expect.any(String));
    expect(await row()).toMatchObject({ lockedBy: null });
  });

  it('a killed one lets go when its lease ends', async () => {
    await lockBackground(test.database.executor, first(), 'killed', new Date(nowMs), new Date(nowMs + 4_000));
    await expect(open({ waitMs: 20 }).run(first(), async () => 'never')).rejects.toMatchObject(BUSY);
    nowMs += 4_001;
    expect(await open().run(first(), async () => 'done')).toBe('done');
  });

  it('a living one keeps it for longer than a lease, by renewing it', async () => {
    const slow = held(open({ leaseMs: 30 }));
    await slow.begun;
    for (let renewals = 0; renewals < 3; renewals++) {
      nowMs += 20;
      await expect.poll(async () => (await row())?.lockedUntil?.getTime()).toBe(nowMs + 30);
    }
    await expect(open({ waitMs: 20 }).run(first(), async () => 'never')).rejects.toMatchObject(BUSY);
    slow.end();
    await slow.done;
  });
});

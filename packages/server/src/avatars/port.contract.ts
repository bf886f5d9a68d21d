import { type Avatar, avatarOption, type Canvas, type ErrorCode } from '@backlot/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BacklotError } from '../errors.js';
import { startWhipReceiver, type WhipReceiver } from '../media/outlets/whip/receiver.testing.js';
import type { AvatarObserver, AvatarProvider, LivekitInvitation, RunningAvatar } from './port.js';

/** What an adapter's tests bring. */
export interface AvatarProviderCase {
  /** Makes the provider anew. */
  readonly open: () => Promise<{ readonly provider: AvatarProvider } & AsyncDisposable>;
  /** Whether it publishes by itself, and whether it can be made to speak. */
  readonly publishes: boolean;
  readonly speaks: boolean;
  /** It appears in a LiveKit room only, and whatever publishes it there joins by the invitation. Default: false. */
  readonly needsLivekit?: boolean;
  /** One that can be started. */
  readonly avatar: Avatar;
  /** What `check` must refuse. */
  readonly refused: readonly { readonly name: string; readonly avatar: Avatar; readonly voiceId?: string; readonly code: ErrorCode }[];
}

/** Writes down what an avatar tells. */
export const recordAvatar = () => {
  const told = {
    started: [] as { speechId: string; text: string; durationMs: number; audible: boolean }[],
    ended: [] as string[],
    failed: [] as { code: string; message: string }[],
  };
  const observer: AvatarObserver = {
    speechStarted: (speech) => told.started.push({ ...speech }),
    speechEnded: (speechId) => told.ended.push(speechId),
    failed: (code, message) => told.failed.push({ code, message }),
  };
  return { told, observer };
};

/** A room as its stage would invite into it. */
export const INVITATION: LivekitInvitation = { url: 'wss://livekit.test', room: 'front-desk', identity: 'backlot-avatar', token: 'join-token' };

/** What every avatar provider must do, run by each adapter's tests. */
export const describeAvatarProvider = (name: string, { open, publishes, speaks, needsLivekit = false, avatar, refused }: AvatarProviderCase): void => {
  describe(`avatar provider: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let provider: AvatarProvider;
    let receiver: WhipReceiver;
    const abort = new AbortController();

    beforeEach(async () => {
      [opened, receiver] = await Promise.all([open(), startWhipReceiver()]);
      ({ provider } = opened);
    });
    afterEach(async () => {
      await opened[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    });

    const start = (observer: AvatarObserver, canvas: Canvas = { width: 1280, height: 720 }, signal: AbortSignal = abort.signal): Promise<RunningAvatar> =>
      provider.start({
        sessionId: 'sess_23456789bcdfghjkmnpq',
        avatar,
        canvas,
        voiceId: undefined,
        publish: { url: receiver.url, token: receiver.token },
        livekit: needsLivekit ? INVITATION : null,
        composition: null,
        organizationId: 'org_1',
        background: null,
        reference: null,
        remember: async () => undefined,
        observer,
        signal,
      });
    const onAir = async (): Promise<void> => {
      await expect.poll(() => receiver.received[0]?.videoFrames ?? 0, { timeout: 20_000 }).toBeGreaterThan(2);
    };

    test("its options have the API's form and name avatars of its own", async () => {
      const options = await provider.options('org_1');
      expect(options.map((option) => avatarOption.strict().parse(option))).toEqual(options);
      expect(options.map((option) => option.avatar)).toContainEqual(avatar);
      for (const option of options) {
        expect(option.avatar.provider).toBe(provider.provider);
        for (const field of option.needs) expect(Object.keys(option.avatar)).toContain(field);
        expect(option.speaks).toBe(provider.speaks);
        expect(option.unavailable_reason === null).toBe(option.available);
      }
    });

    test('its avatars and their voices pass the check', async () => {
      for (const option of (await provider.options('org_1')).filter(({ available }) => available)) {
        for (const voice of [undefined, ...option.voices.slice(0, 3)]) await expect(provider.check(option.avatar, voice, 'org_1')).resolves.toBeUndefined();
      }
    });

    test.each(refused)('the check refuses $name', async ({ avatar: other, voiceId, code }) => {
      const error: unknown = await provider.check(other, voiceId, 'org_1').then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(BacklotError);
      expect(error).toMatchObject({ code });
    });

    test('it says what it does', () => {
      const { publishedByUser, speaks: hasVoice, needsLivekit: isLivekitOnly } = provider;
      expect({ publishes: !publishedByUser, speaks: hasVoice, needsLivekit: isLivekitOnly }).toEqual({ publishes, speaks, needsLivekit });
    });

    if (publishes) {
      test('a start that was aborted before leaves nothing running', async () => {
        const started = start(recordAvatar().observer, undefined, AbortSignal.abort());
        await expect(started).rejects.toBeInstanceOf(Error);
        expect(receiver.offers).toEqual([]);
      });
    }

    if (publishes && !needsLivekit) {
      test('it goes on air and says goodbye when it is disposed, once', async () => {
        const { told, observer } = recordAvatar();
        const running = await start(observer);
        await onAir();
        await running[Symbol.asyncDispose]();
        await running[Symbol.asyncDispose]();
        expect(receiver.deleted).toBe(1);
        expect(told.failed).toEqual([]);
      });
    } else {
      test('it publishes nothing from here; it can be disposed and left twice', async () => {
        const running = await start(recordAvatar().observer);
        await running[Symbol.asyncDispose]();
        await running[Symbol.asyncDispose]();
        const left = await start(recordAvatar().observer);
        await left.leave();
        await left.leave();
        expect(receiver.offers).toEqual([]);
      });
    }

    if (speaks) {
      test('it says one text after the other and tells when', async () => {
        const { told, observer } = recordAvatar();
        await using running = await start(observer);
        await onAir();
        const first = running.speak('say_1', 'Hello.');
        const second = running.speak('say_2', 'Goodbye.');
        const audible = (await provider.options('org_1')).some(({ voices }) => voices.length > 0);
        expect([await first, await second]).toEqual([{ audible }, { audible }]);
        await expect.poll(() => told.ended, { timeout: 20_000 }).toEqual(['say_1', 'say_2']);
        expect(told.started).toMatchObject([
          { speechId: 'say_1', text: 'Hello.', audible },
          { speechId: 'say_2', text: 'Goodbye.', audible },
        ]);
        for (const { durationMs } of told.started) expect(durationMs).toBeGreaterThan(0);
        await running[Symbol.asyncDispose]();
        await expect(running.speak('say_3', 'Too late.')).rejects.toBeInstanceOf(BacklotError);
      });
    } else {
      test('it says by a code that it does not speak', async () => {
        await using running = await start(recordAvatar().observer);
        await expect(running.speak('say_1', 'Hello.')).rejects.toMatchObject({ code: 'speech_unsupported' });
      });
    }
  });
};

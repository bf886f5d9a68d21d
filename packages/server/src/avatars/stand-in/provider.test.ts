import { hasEspeak } from '@backlot/testing';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { createMediaHost } from '../../media/host.js';
import { startWhipReceiver } from '../../media/outlets/whip/receiver.testing.js';
import { findProgram } from '../../media/programs.js';
import { listVoices } from '../../media/sources/stand-in/speech/espeak.js';
import { describeAvatarProvider, recordAvatar } from '../port.contract.js';
import { createStandInAvatars } from './provider.js';

const avatar = { provider: 'stand-in' } as const;

const open = async (findEspeak: () => Promise<string | null>) => {
  const media = createMediaHost({ log: pino({ level: 'silent' }), spare: 0 });
  return { provider: createStandInAvatars({ media, findEspeak, listVoices }), [Symbol.asyncDispose]: () => media[Symbol.asyncDispose]() };
};
const installed = (): Promise<string | null> => findProgram('espeak-ng', process.env['PATH'] ?? '');
const unknownVoice = { name: 'an unknown voice', avatar, voiceId: 'tlh', code: 'invalid_request' } as const;

describe.skipIf(!hasEspeak())('the stand-in with a voice', () => {
  describeAvatarProvider('stand-in', { open: () => open(installed), publishes: true, speaks: true, avatar, refused: [unknownVoice] });

  test('an unknown voice is told by its field', async () => {
    await using opened = await open(installed);
    await expect(opened.provider.check(avatar, 'tlh', 'org_1')).rejects.toMatchObject({ details: [{ field: 'voice_id' }] });
    expect((await opened.provider.options('org_1'))[0]?.voices).toContain('en-us');
  });
});

describeAvatarProvider('stand-in without espeak-ng', {
  open: () => open(async () => null),
  publishes: true,
  speaks: true,
  avatar,
  refused: [unknownVoice, { name: 'every voice', avatar, voiceId: 'en-us', code: 'invalid_request' }],
});

describe("the stand-in's picture", () => {
  test.each([
    { canvas: { width: 1280, height: 720 }, picture: { width: 1280, height: 720 } },
    { canvas: { width: 640, height: 640 }, picture: { width: 1280, height: 720 } },
    { canvas: { width: 1080, height: 1920 }, picture: { width: 720, height: 1280 } },
  ])('suits a canvas of $canvas.width × $canvas.height', async ({ canvas, picture }) => {
    await using opened = await open(async () => null);
    await using receiver = await startWhipReceiver();
    const { observer } = recordAvatar();
    await using _running = await opened.provider.start({
      sessionId: 'sess_23456789bcdfghjkmnpq',
      avatar,
      canvas,
      voiceId: undefined,
      publish: { url: receiver.url, token: receiver.token },
      livekit: null,
      composition: null,
      background: null,
      reference: null,
      remember: async () => undefined,
      organizationId: 'org_1',
      observer,
      signal: new AbortController().signal,
    });
    await expect.poll(() => receiver.received[0]?.keyFrame, { timeout: 20_000 }).toEqual(picture);
  });
});

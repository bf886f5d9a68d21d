import { describe, expect, test } from 'vitest';
import type { WireRequest } from '../../http/wire-server.testing.js';
import { INVITATION } from '../port.contract.js';
import { callOf, describeVendor, openVendorRig, VENDOR_KEY, type VendorCase } from '../vendor.contract.js';
import { createLiveAvatarAvatars } from './provider.js';

const SESSION = '11111111-2222-3333-4444-555555555555';

const answer: VendorCase['answer'] = (request) => {
  switch (callOf(request)) {
    case 'POST /v1/sessions/token':
      return { body: { code: 1000, data: { session_id: SESSION, session_token: 'session-token' }, message: 'ok' } };
    case 'POST /v1/sessions/start':
      return { status: 201, body: { code: 1000, data: { session_id: SESSION, max_session_duration: null, ws_url: 'wss://liveavatar.test/ws' } } };
    case 'POST /v1/sessions/stop':
    case 'POST /v1/sessions/keep-alive':
      return { body: { code: 100, data: null, message: 'ok' } };
    default:
      return { status: 404, body: { code: 404, message: 'no such call' } };
  }
};

const liveAvatar: VendorCase = {
  create: createLiveAvatarAvatars,
  avatar: { provider: 'liveavatar', avatar_id: 'avatar-id' },
  answer,
  startCall: 'POST /v1/sessions/start',
  endCall: 'POST /v1/sessions/stop',
};
describeVendor('liveavatar', liveAvatar);

describe("LiveAvatar's wire", () => {
  const bodyOf = (request: WireRequest | undefined): unknown => JSON.parse(request?.body.toString() ?? 'null');

  test('is a LITE session in our room, started by its own token and ended by its id', async () => {
    await using rig = await openVendorRig({ ...liveAvatar, avatar: { provider: 'liveavatar', avatar_id: 'Anna.1', is_sandbox: true } });
    const running = await rig.start();
    await running[Symbol.asyncDispose]();
    const [token, start, stop] = rig.wire.requests;
    expect(token?.headers['x-api-key']).toBe(VENDOR_KEY);
    expect(bodyOf(token)).toEqual({
      mode: 'LITE',
      avatar_id: 'Anna.1',
      is_sandbox: true,
      livekit_config: { livekit_url: INVITATION.url, livekit_room: INVITATION.room, livekit_client_token: INVITATION.token },
    });
    expect(start?.headers).toMatchObject({ authorization: 'Bearer session-token' });
    expect(bodyOf(start)).toEqual({ session_id: SESSION });
    expect(stop?.headers['x-api-key']).toBe(VENDOR_KEY);
    expect(bodyOf(stop)).toEqual({ session_id: SESSION, reason: 'USER_CLOSED' });
    expect(rig.remembered).toEqual([SESSION]);
  });

  test('is kept alive until it ends', async () => {
    await using rig = await openVendorRig({ ...liveAvatar, create: (options) => createLiveAvatarAvatars({ ...options, keepAliveMs: 5 }) });
    const running = await rig.start();
    const kept = (): WireRequest[] => rig.wire.requests.filter((request) => callOf(request) === 'POST /v1/sessions/keep-alive');
    await expect.poll(() => kept().length).toBeGreaterThan(2);
    expect(bodyOf(kept()[0])).toEqual({ session_id: SESSION });
    await running[Symbol.asyncDispose]();
    expect(rig.calls().at(-1)).toBe('POST /v1/sessions/stop');
    expect(rig.told.failed).toEqual([]);
  });

  test('a keep-alive that is refused says that the vendor has ended it; one without an answer does not', async () => {
    await using rig = await openVendorRig({ ...liveAvatar, create: (options) => createLiveAvatarAvatars({ ...options, keepAliveMs: 5 }) });
    await using _running = await rig.start();
    const made = rig.calls().length;
    rig.wire.answer = (request) => (callOf(request) === 'POST /v1/sessions/keep-alive' ? { status: 500 } : answer(request));
    await expect.poll(() => rig.calls().length).toBeGreaterThan(made + 4);
    expect(rig.told.failed).toEqual([]);
    rig.wire.answer = (request) => (callOf(request) === 'POST /v1/sessions/keep-alive' ? { status: 404 } : answer(request));
    await expect.poll(() => rig.told.failed).toEqual([{ code: 'avatar_failed', message: 'LiveAvatar has ended its session.' }]);
  });

  test('an answer without a session is no session', async () => {
    await using rig = await openVendorRig(liveAvatar);
    rig.wire.answer = () => ({ body: { code: 4001, data: null, message: 'no' } });
    await expect(rig.start()).rejects.toMatchObject({ code: 'avatar_vendor_refused' });
    expect(rig.calls()).toEqual(['POST /v1/sessions/token']);
  });
});

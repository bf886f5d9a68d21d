import { describe, expect, test } from 'vitest';
import { INVITATION } from '../port.contract.js';
import { callOf, describeVendor, openVendorRig, VENDOR_KEY, type VendorCase } from '../vendor.contract.js';
import { createTavusAvatars } from './provider.js';

const NAME = 'sess_23456789bcdfghjkmnpq';

const answer: VendorCase['answer'] = (request) => {
  switch (callOf(request)) {
    case 'POST /v2/conversations':
      return { body: { conversation_id: 'c1', conversation_name: NAME, status: 'active', conversation_url: 'https://tavus.test/c1' } };
    case 'GET /v2/conversations':
      return {
        body: {
          data: [
            { conversation_id: 'c0', conversation_name: 'of somebody else', status: 'active' },
            { conversation_id: 'c1', conversation_name: NAME, status: 'active' },
            { conversation_id: 'c2', conversation_name: null, status: 'active' },
          ],
          total_count: 3,
        },
      };
    case 'POST /v2/conversations/c1/end':
      return {};
    default:
      return { status: 404, body: { message: 'no such call' } };
  }
};

const tavus: VendorCase = {
  create: createTavusAvatars,
  avatar: { provider: 'tavus', pal_id: 'pal-id' },
  answer,
  startCall: 'POST /v2/conversations',
  endCall: 'POST /v2/conversations/c1/end',
};
describeVendor('tavus', tavus);

describe("Tavus's wire", () => {
  test.each([
    ['of the pal', {}],
    ['of its own', { face_id: 'f1' }],
  ])('is a conversation on its green screen in our room, with the face %s', async (_name, face) => {
    await using rig = await openVendorRig({ ...tavus, avatar: { provider: 'tavus', pal_id: 'p1', ...face } });
    await using _running = await rig.start();
    const [create] = rig.wire.requests;
    expect(create?.headers['x-api-key']).toBe(VENDOR_KEY);
    expect(JSON.parse(create?.body.toString() ?? '')).toEqual({
      pal_id: 'p1',
      ...face,
      conversation_name: NAME,
      properties: { apply_greenscreen: true, livekit_ws_url: INVITATION.url, livekit_room_token: INVITATION.token },
    });
    expect(rig.remembered.at(-1)).toBe('c1');
  });

  test('a process that was killed while it asked finds the conversation by its name', async () => {
    await using rig = await openVendorRig(tavus);
    const first = await rig.start();
    await first.leave();
    const running = await rig.start({ reference: rig.remembered[0] ?? null });
    expect(rig.calls()).toEqual(['POST /v2/conversations', 'GET /v2/conversations']);
    await running[Symbol.asyncDispose]();
    expect(rig.calls().at(-1)).toBe('POST /v2/conversations/c1/end');
  });

  test('or starts it, when there is none', async () => {
    await using rig = await openVendorRig(tavus);
    rig.wire.answer = (request) => (callOf(request) === 'GET /v2/conversations' ? { body: { data: [] } } : answer(request));
    await using _running = await rig.start({ reference: 'asked' });
    expect(rig.calls()).toEqual(['GET /v2/conversations', 'POST /v2/conversations']);
  });

  test('a conversation that could not be remembered is ended', async () => {
    await using rig = await openVendorRig(tavus);
    const remember = async (reference: string): Promise<void> => {
      if (reference === 'c1') throw new Error('the database is away');
    };
    await expect(rig.start({ remember })).rejects.toThrow('the database is away');
    expect(rig.calls()).toEqual(['POST /v2/conversations', 'POST /v2/conversations/c1/end']);
  });
});

import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readMultipartExactly, type WireRequest } from '../../http/wire-server.testing.js';
import { INVITATION } from '../port.contract.js';
import { callOf, describeVendor, openVendorRig, VENDOR_KEY, type VendorCase } from '../vendor.contract.js';
import { shapeOf } from './backgrounds.js';
import { createSimliAvatars } from './provider.js';

/** Simli with its library of backgrounds. */
const createVendor = () => {
  const backgrounds: { id: string; name: string }[] = [];
  const answer: VendorCase['answer'] = (request) => {
    switch (callOf(request)) {
      case 'GET /assets/backgrounds':
        return { body: backgrounds };
      case 'POST /assets/backgrounds': {
        const [part] = readMultipartExactly(request).parts;
        const name = /filename="([^"]+)"/.exec(part?.headers.join('\n') ?? '')?.[1] ?? '';
        const made = { id: `background-${backgrounds.length + 1}`, name };
        backgrounds.unshift(made);
        return { status: 201, body: { ...made, width: 1280, height: 720, size_bytes: 1000, created_at: 1792412345 } };
      }
      case 'POST /compose/token':
        return { body: { session_token: 'compose-token' } };
      case 'POST /integrations/livekit/agents':
        return { body: { status: 'ok', session_id: '11111111-2222-3333-4444-555555555555' } };
      default:
        return { status: 404, body: { detail: 'no such call' } };
    }
  };
  return { backgrounds, answer };
};

const simli = (avatar: Partial<Extract<VendorCase['avatar'], { provider: 'simli' }>> = {}) => {
  const { backgrounds, answer } = createVendor();
  const vendor: VendorCase = {
    create: createSimliAvatars,
    avatar: { provider: 'simli', face_id: 'face-id', ...avatar },
    answer,
    startCall: 'POST /integrations/livekit/agents',
    endCall: null,
  };
  return { ...vendor, backgrounds };
};
describeVendor('simli', simli());

describe("Simli's wire", () => {
  const sent = (requests: readonly WireRequest[], call: string): Record<string, unknown> => {
    const request = requests.find((made) => callOf(made) === call);
    expect(request?.headers['x-simli-api-key']).toBe(VENDOR_KEY);
    return JSON.parse(request?.body.toString() ?? 'null') as Record<string, unknown>;
  };
  const uploadOf = (requests: readonly WireRequest[]) => {
    const request = requests.find((made) => callOf(made) === 'POST /assets/backgrounds');
    if (request === undefined) throw new Error('nothing was uploaded');
    const { parts } = readMultipartExactly(request);
    expect(parts.map(({ headers }) => headers[0])).toEqual([expect.stringContaining('name="image"')]);
    return parts[0]?.bytes ?? Buffer.alloc(0);
  };
  const image = (sha256: string) => ({
    sha256,
    read: async ({ width, height }: { width: number; height: number }) =>
      sharp({ create: { width, height, channels: 3, background: '#204060' } })
        .jpeg()
        .toBuffer(),
  });

  test('keyed: a plain screen behind the avatar, uploaded once', async () => {
    await using rig = await openVendorRig(simli());
    await (await rig.start({ background: image('a'.repeat(64)) }))[Symbol.asyncDispose]();
    const screen = uploadOf(rig.wire.requests);
    const { dominant, isOpaque } = await sharp(screen).stats();
    expect(dominant.g).toBeGreaterThan(240);
    expect([dominant.r < 16, dominant.b < 16, isOpaque]).toEqual([true, true, true]);
    expect(await sharp(screen).metadata()).toMatchObject({ format: 'png', width: 1280, height: 720 });
    expect(sent(rig.wire.requests, 'POST /compose/token')).toMatchObject({
      faceId: 'face-id',
      handleSilence: true,
      background_id: 'background-1',
      streaming_width: 1280,
      streaming_height: 720,
    });
    expect(sent(rig.wire.requests, 'POST /integrations/livekit/agents')).toEqual({
      session_token: 'compose-token',
      livekit_token: INVITATION.token,
      livekit_url: INVITATION.url,
    });

    await (await rig.start())[Symbol.asyncDispose]();
    expect(rig.calls().filter((call) => call === 'POST /assets/backgrounds')).toHaveLength(1);
  });

  test("native: the session's image, in a shape that Simli takes, uploaded once for each image and shape", async () => {
    const vendor = simli({ background: 'native' });
    await using rig = await openVendorRig(vendor);
    const portrait = { width: 1080, height: 1920 };
    await (await rig.start({ background: image('a'.repeat(64)), canvas: portrait }))[Symbol.asyncDispose]();
    expect(await sharp(uploadOf(rig.wire.requests)).metadata()).toMatchObject({ format: 'jpeg', width: 720, height: 1280 });
    await (await rig.start({ background: image('a'.repeat(64)), canvas: portrait }))[Symbol.asyncDispose]();
    expect(vendor.backgrounds).toHaveLength(1);
    await (await rig.start({ background: image('b'.repeat(64)), canvas: portrait }))[Symbol.asyncDispose]();
    await (await rig.start({ background: image('a'.repeat(64)) }))[Symbol.asyncDispose]();
    expect(vendor.backgrounds).toHaveLength(3);
  });

  test('native without an image: the background that the avatar has', async () => {
    await using rig = await openVendorRig(simli({ background: 'native' }));
    await using _running = await rig.start();
    expect(rig.calls()).toEqual(['POST /compose/token', 'POST /integrations/livekit/agents']);
    expect(sent(rig.wire.requests, 'POST /compose/token')).not.toHaveProperty('background_id');
  });

  test('a background that was deleted at Simli is uploaded again', async () => {
    const vendor = simli();
    await using rig = await openVendorRig(vendor);
    await (await rig.start())[Symbol.asyncDispose]();
    vendor.backgrounds.length = 0;
    await (await rig.start())[Symbol.asyncDispose]();
    expect(rig.calls().filter((call) => call === 'POST /assets/backgrounds')).toHaveLength(2);
  });

  test.each([
    [1920, 1080, '16x9'],
    [1080, 1920, '9x16'],
    [720, 720, '1x1'],
    [640, 480, '1x1'],
    [800, 600, '1x1'],
    [1280, 800, '16x9'],
  ])('a canvas of %i × %i is nearest to %s', (width, height, name) => {
    expect(shapeOf({ width, height }).name).toBe(name);
  });
});

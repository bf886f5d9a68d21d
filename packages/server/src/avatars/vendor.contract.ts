import type { Avatar } from '@backlot/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startWireServer, type WireReply, type WireRequest, type WireServer } from '../http/wire-server.testing.js';
import { createLog } from '../logging.js';
import type { AvatarProvider, AvatarStart } from './port.js';
import { describeAvatarProvider, INVITATION, recordAvatar } from './port.contract.js';
import type { VendorAvatarsOptions } from './vendor-avatars.js';

/** The key that is stored for `org_1`; `org_2` has none. */
export const VENDOR_KEY = 'vendor-key-of-org-1';

/** What an adapter's tests bring. */
export interface VendorCase {
  readonly create: (options: VendorAvatarsOptions) => AvatarProvider;
  /** One that can be started: the example of its option. */
  readonly avatar: Avatar;
  /** How the vendor answers when all is well. */
  readonly answer: (request: WireRequest) => WireReply;
  /** The call that puts the avatar on the air, as `POST /path`. */
  readonly startCall: string;
  /** The call that ends it; null when the vendor has none. */
  readonly endCall: string | null;
}

/** A vendor's adapter beside a server that speaks the vendor's wire. */
export interface VendorRig extends AsyncDisposable {
  readonly wire: WireServer;
  readonly provider: AvatarProvider;
  /** What was remembered, in order. */
  readonly remembered: string[];
  readonly told: ReturnType<typeof recordAvatar>['told'];
  readonly logged: string[];
  /** The calls that were made, as `POST /path`. */
  readonly calls: () => string[];
  readonly start: (start?: Partial<AvatarStart>) => ReturnType<AvatarProvider['start']>;
}

/** A request's call, without its query. */
export const callOf = ({ method, path }: WireRequest): string => `${method} ${path.split('?')[0]}`;

export const openVendorRig = async ({ create, avatar, answer }: Pick<VendorCase, 'create' | 'avatar' | 'answer'>): Promise<VendorRig> => {
  const wire = await startWireServer();
  wire.answer = answer;
  const logged: string[] = [];
  const remembered: string[] = [];
  const { told, observer } = recordAvatar();
  const provider = create({
    findApiKey: async (organizationId) => (organizationId === 'org_1' ? VENDOR_KEY : null),
    log: createLog('debug', { write: (line: string) => void logged.push(line) }),
    baseUrl: wire.url,
    timeoutMs: 300,
    firstWaitMs: 1,
  });
  return {
    wire,
    provider,
    remembered,
    told,
    logged,
    calls: () => wire.requests.map(callOf),
    start: async (start = {}) =>
      provider.start({
        sessionId: 'sess_23456789bcdfghjkmnpq',
        avatar,
        canvas: { width: 1280, height: 720 },
        voiceId: undefined,
        publish: { url: 'http://127.0.0.1:1/whip', token: 'unused' },
        livekit: INVITATION,
        composition: null,
        organizationId: 'org_1',
        background: null,
        reference: null,
        remember: async (reference) => void remembered.push(reference),
        observer,
        signal: new AbortController().signal,
        ...start,
      }),
    [Symbol.asyncDispose]: async () => wire[Symbol.asyncDispose](),
  };
};

/** What every adapter of a vendor must do, beside what every avatar provider must. */
export const describeVendor = (name: string, vendor: VendorCase): void => {
  const { avatar, startCall, endCall } = vendor;

  describeAvatarProvider(name, {
    open: async () => openVendorRig(vendor),
    publishes: true,
    speaks: false,
    needsLivekit: true,
    avatar,
    refused: [{ name: 'a voice', avatar, voiceId: 'en-us', code: 'invalid_request' }],
  });

  describe(`avatar vendor: ${name}`, () => {
    let rig: VendorRig;

    beforeEach(async () => {
      rig = await openVendorRig(vendor);
    });
    afterEach(async () => rig[Symbol.asyncDispose]());

    const times = (call: string): number => rig.calls().filter((made) => made === call).length;
    /** Everything is well but the call that starts the avatar, for its first `count` times. */
    const failStart = (reply: WireReply | 'silence', count = Number.POSITIVE_INFINITY): void => {
      let failed = 0;
      rig.wire.answer = async (request) => {
        if (callOf(request) !== startCall || failed++ >= count) return vendor.answer(request);
        return reply === 'silence' ? new Promise<never>(() => undefined) : reply;
      };
    };

    test('starts by the invitation and ends at the vendor, once', async () => {
      const running = await rig.start();
      const sent = rig.wire.requests.map(({ body }) => body.toString()).join('\n');
      expect(sent).toContain(INVITATION.url);
      expect(sent).toContain(INVITATION.token);
      expect(times(startCall)).toBe(1);
      await running[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
      expect(times(endCall ?? '')).toBe(endCall === null ? 0 : 1);
      expect(rig.told.failed).toEqual([]);
    });

    test('goes on with what an earlier process remembered', async () => {
      const first = await rig.start();
      await first.leave();
      const reference = rig.remembered.at(-1);
      expect(reference).toBeDefined();
      const made = rig.calls().length;
      const second = await rig.start({ reference: reference ?? null });
      expect(rig.calls().slice(made)).toEqual([]);
      await second[Symbol.asyncDispose]();
      expect(rig.calls().slice(made)).toEqual(endCall === null ? [] : [endCall]);
    });

    test('needs a stored key', async () => {
      const [option] = await rig.provider.options('org_2');
      expect(option).toMatchObject({ available: false, unavailable_reason: expect.stringContaining('/v1/avatar-credentials/') });
      await expect(rig.provider.check(avatar, undefined, 'org_2')).rejects.toMatchObject({ code: 'avatar_credentials_missing' });
      await expect(rig.start({ organizationId: 'org_2' })).rejects.toMatchObject({ code: 'avatar_credentials_missing' });
      expect(rig.calls()).toEqual([]);
    });

    test.each([
      [400, 'avatar_vendor_refused'],
      [401, 'avatar_vendor_refused'],
      [402, 'avatar_vendor_refused'],
      [404, 'avatar_vendor_refused'],
      [302, 'avatar_vendor_refused'],
    ] as const)('takes %i of the start as a refusal, and does not repeat it', async (status, code) => {
      failStart({ status, body: { message: 'their own words' } });
      const error: unknown = await rig.start().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(String(error)).not.toContain('their own words');
      expect(times(startCall)).toBe(1);
    });

    test.each([429, 503])('repeats a start that was put off by %i', async (status) => {
      failStart({ status }, 2);
      const running = await rig.start();
      expect(times(startCall)).toBe(3);
      await running[Symbol.asyncDispose]();
    });

    test('gives a start up that is put off three times', async () => {
      failStart({ status: 503 });
      await expect(rig.start()).rejects.toMatchObject({ code: 'avatar_vendor_unavailable' });
      expect(times(startCall)).toBe(3);
    });

    test('does not wait where the vendor asks for long, and hands that on', async () => {
      failStart({ status: 429, headers: { 'retry-after': '120' } });
      await expect(rig.start()).rejects.toMatchObject({ code: 'avatar_vendor_unavailable', retryAfterSeconds: 120 });
      expect(times(startCall)).toBe(1);
    });

    test.each([
      ['fails inside', { status: 500 }],
      ['is silent', 'silence'],
    ] as const)('does not repeat a start that may be done, and ends what may run: the vendor %s', async (_name, reply) => {
      failStart(reply);
      await expect(rig.start()).rejects.toMatchObject({ code: 'avatar_vendor_unavailable', mayBeDone: true });
      expect(times(startCall)).toBe(1);
      expect(times(endCall ?? '')).toBe(endCall === null ? 0 : 1);
    });

    test('a vendor that is not there is unavailable', async () => {
      await rig.wire[Symbol.asyncDispose]();
      await expect(rig.start()).rejects.toMatchObject({ code: 'avatar_vendor_unavailable', status: 503 });
    });

    if (endCall !== null) {
      test.each([404, 500])('an end that is answered by %i ends here all the same', async (status) => {
        const running = await rig.start();
        rig.wire.answer = () => ({ status });
        await running[Symbol.asyncDispose]();
        expect(times(endCall)).toBe(status === 404 ? 1 : 3);
      });
    }

    test('logs neither keys nor tokens nor bodies', async () => {
      const running = await rig.start();
      await running[Symbol.asyncDispose]();
      failStart({ status: 400, body: { message: 'their own words' } });
      await rig.start().catch(() => undefined);
      for (const secret of [VENDOR_KEY, INVITATION.token, 'their own words']) expect(rig.logged.join('\n')).not.toContain(secret);
    });
  });
};

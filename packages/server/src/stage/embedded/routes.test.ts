import datachannel from 'node-datachannel';
import { describe, expect, test } from 'vitest';
import { BacklotError } from '../../errors.js';
import { createId } from '../../ids.js';
import { recordRoom, roomSpec } from '../room.testing.js';
import { createRig, gather, type Rig, SyntheticPublisher, SyntheticViewer, until } from './rig.testing.js';

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { error: { code: string } }).error.code;

/** An offer to watch that a peer really made. */
const createOffer = async (): Promise<string> => {
  using viewer = new SyntheticViewer();
  // Awaited here: the peer must not be closed before it has gathered.
  return await gather(viewer.peer);
};

describe('WHIP and WHEP', () => {
  test("POST answers with the connection's address, its ETag and what PATCH takes", async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    const response = await publisher.publish(rig);
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    expect(response.headers.get('location')).toMatch(new RegExp(`^/v1/sessions/${rig.sessionId}/whip/conn_\\w+$`));
    expect(response.headers.get('etag')).toMatch(/^"[\w-]+"$/);
    expect(response.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    expect(response.headers.get('access-control-expose-headers')).toMatch(/Location, ETag/);
    const answer = await response.text();
    expect(answer).not.toMatch(/extmap|rtx|transport-cc/);
    expect(answer.match(/^a=rtpmap/gm)).toHaveLength(2);
  });

  test('PATCH takes candidates of this ICE session only', async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    const response = await publisher.publish(rig);
    const resource = new URL(response.headers.get('location') ?? '', rig.url);
    const etag = response.headers.get('etag') ?? '';
    const patch = async (body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(resource, { method: 'PATCH', body, headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...headers } });
    const candidate =
      'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 UDP 2114977791 127.0.0.1 9999 typ host\r\na=candidate:2 1 UDP 2114977791 0a1b.local 9999 typ host\r\n';
    expect((await patch(candidate, { 'if-match': etag })).status).toBe(204);
    const refusals = [
      await patch(candidate, { 'if-match': '"another"' }),
      await patch(`a=ice-ufrag:other\r\na=ice-pwd:0123456789012345678901\r\n${candidate}`, { 'if-match': etag }),
      await patch(candidate, { 'if-match': '*' }),
      await patch('hello', { 'if-match': etag }),
      await patch(candidate, { 'if-match': etag, 'content-type': 'text/plain' }),
    ];
    expect(await Promise.all(refusals.map(async (refusal) => [refusal.status, await codeOf(refusal)]))).toEqual([
      [412, 'etag_mismatch'],
      [422, 'ice_restart_unsupported'],
      [422, 'ice_restart_unsupported'],
      [400, 'sdp_invalid'],
      [415, 'unsupported_media_type'],
    ]);
  });

  test('DELETE ends the connection once, and only by its own endpoint', async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    const location = (await publisher.publish(rig)).headers.get('location') ?? '';
    publisher.start();
    await until(() => rig.room.codec === 'VP8', 'live');
    expect((await fetch(new URL(location.replace('whip', 'whep'), rig.url), { method: 'DELETE' })).status).toBe(404);
    expect((await fetch(new URL(location, rig.url), { method: 'DELETE' })).status).toBe(200);
    expect(await codeOf(await fetch(new URL(location, rig.url), { method: 'DELETE' }))).toBe('connection_not_found');
    expect(rig.told).toEqual(['live VP8', 'left closed']);
  });

  test('OPTIONS tells what POST takes; other methods are refused', async () => {
    await using rig = await createRig();
    const endpoint = `${rig.url}/v1/sessions/${rig.sessionId}/whep`;
    const options = await fetch(endpoint, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('accept-post')]).toEqual([204, 'application/sdp']);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const response = await fetch(endpoint, { method });
      expect([response.status, await codeOf(response)]).toEqual([405, 'method_not_allowed']);
    }
    expect((await fetch(`${endpoint}/conn_x`, { method: 'POST' })).status).toBe(405);
  });
});

describe('refused offers', () => {
  test('what is not an offer, and what has nothing in common', async () => {
    await using rig = await createRig({ holdOfferMs: 20 });
    const offer = await createOffer();
    const refused = async (sdp: string): Promise<unknown> => {
      const response = await rig.post('whep', sdp);
      return [response.status, await codeOf(response)];
    };
    const bad = [
      '',
      'hello',
      'v=0\r\n',
      '{"sdp":"v=0"}',
      offer.slice(0, 300),
      offer.replace(/a=ice-ufrag.*\r\n/g, ''),
      offer.replace(/a=mid:v\r\n/, ''),
      `${offer}${offer.slice(offer.indexOf('m=video'))}`,
      offer.replaceAll('recvonly', 'sendonly'),
    ];
    for (const sdp of bad) expect(await refused(sdp)).toEqual([400, 'sdp_invalid']);
    expect(await refused(offer.replaceAll('VP8', 'AV1'))).toEqual([406, 'no_common_codec']);
    expect(await refused(offer.replaceAll('opus', 'PCMU'))).toEqual([406, 'no_common_codec']);
    expect(await refused('v'.repeat(70_000))).toEqual([413, 'body_too_large']);
    const json = await rig.post('whep', offer, { 'content-type': 'application/json' });
    expect([json.status, await codeOf(json)]).toEqual([415, 'unsupported_media_type']);
    expect(rig.told).toEqual([]);
  });

  test("a viewer of another codec than the publisher's", async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher('H264');
    await publisher.publish(rig);
    publisher.start();
    using viewer = new SyntheticViewer('VP8');
    const response = await viewer.watch(rig);
    expect([response.status, await codeOf(response)]).toEqual([406, 'no_common_codec']);
    expect(rig.room.viewers).toBe(0);
  });

  test('a second publisher, until the first one has left', async () => {
    await using rig = await createRig();
    using first = new SyntheticPublisher();
    const location = (await first.publish(rig)).headers.get('location') ?? '';
    using second = new SyntheticPublisher();
    const response = await second.publish(rig);
    expect([response.status, await codeOf(response)]).toEqual([409, 'publisher_exists']);
    await fetch(new URL(location, rig.url), { method: 'DELETE' });
    using third = new SyntheticPublisher();
    expect((await third.publish(rig)).status).toBe(201);
  });

  test('viewers before the publisher wait a while; when it comes they are answered', async () => {
    await using rig = await createRig({ holdOfferMs: 300 });
    using early = new SyntheticViewer();
    const response = await early.watch(rig);
    expect([response.status, await codeOf(response), response.headers.get('retry-after')]).toEqual([503, 'publisher_absent', '1']);

    await using patient = await createRig({ holdOfferMs: 20_000 });
    using viewer = new SyntheticViewer();
    const watching = viewer.watch(patient);
    using publisher = new SyntheticPublisher();
    await publisher.publish(patient);
    publisher.start();
    expect((await watching).status).toBe(201);
    await until(() => viewer.video.length > 0, 'media');
  });

  test('more viewers than allowed', async () => {
    await using rig = await createRig({ maxViewers: 1 });
    using publisher = new SyntheticPublisher();
    await publisher.publish(rig);
    publisher.start();
    using first = new SyntheticViewer();
    await first.watch(rig);
    using second = new SyntheticViewer();
    const response = await second.watch(rig);
    expect([response.status, await codeOf(response)]).toEqual([503, 'viewers_full']);
  });

  test('without permission, and into rooms that are not there', async () => {
    await using closed = await createRig({}, async (_, sessionId, role) => {
      throw new BacklotError('unauthenticated', { message: `${role} of ${sessionId}` });
    });
    const response = await closed.post('whip', await createOffer());
    expect([response.status, await response.json()]).toEqual([401, { error: { code: 'unauthenticated', message: `publisher of ${closed.sessionId}` } }]);
    await using rig = await createRig();
    await rig.room[Symbol.asyncDispose]();
    expect(await codeOf(await rig.post('whep', await createOffer()))).toBe('session_not_found');
  });

  test('the library under it is the one that was measured', () => {
    expect(datachannel.getLibraryVersion()).toMatch(/^0\.24\./);
  });

  describe('with a composition between', () => {
    const openComposed = async () => {
      const rig = await createRig({}, async (c) => (c.req.header('x-by') === 'compositor' ? 'compositor' : 'other'));
      const sessionId = createId('sess');
      const [program, source] = [recordRoom(), recordRoom()];
      const spec = roomSpec(sessionId);
      await rig.stage.openRoom({ ...spec, state: { ...spec.state, render: 'server' } }, program.observer);
      const enter = (by: string): Rig => ({
        ...rig,
        sessionId,
        post: async (kind, sdp) =>
          fetch(`${rig.url}/v1/sessions/${sessionId}/${kind}`, { method: 'POST', body: sdp, headers: { 'content-type': 'application/sdp', 'x-by': by } }),
      });
      return { rig, place: spec.place, program: program.told, source, outside: enter('other'), compositor: enter('compositor') };
    };

    test('nobody sees what the publisher sends but the compositor, and nobody else publishes to the viewers', async () => {
      const { rig, place, program, source, outside, compositor } = await openComposed();
      await using _rig = rig;
      await using _source = rig.stage.sources.open(place, source.observer);
      using publisher = new SyntheticPublisher();
      using composed = new SyntheticPublisher();
      using watching = new SyntheticViewer();
      using viewer = new SyntheticViewer();
      expect((await publisher.publish(outside)).status).toBe(201);
      publisher.start();
      await until(() => source.told.includes('live VP8'), 'the publisher is there');
      expect(program).toEqual([]);
      expect((await watching.watch(compositor)).status).toBe(201);
      await until(() => watching.video.length > 20, 'the compositor watches it');
      // The room of viewers is not live by that.
      expect((await composed.publish(compositor)).status).toBe(201);
      composed.start();
      expect((await viewer.watch(outside)).status).toBe(201);
      await until(() => viewer.video.length > 20, 'a viewer watches the composed one');
      expect(program).toEqual(['live VP8', 'viewers 1']);
      expect(source.told).toEqual(['live VP8', 'viewers 1']);
      using second = new SyntheticPublisher();
      expect(await codeOf(await second.publish(outside))).toBe('publisher_exists');
    });

    test('a publisher that can’t be decoded is refused, and one before the way in is open finds no room', async () => {
      const { rig, place, source, outside, compositor } = await openComposed();
      await using _rig = rig;
      using early = new SyntheticPublisher();
      expect(await codeOf(await early.publish(outside))).toBe('session_not_found');
      using watching = new SyntheticViewer();
      expect(await codeOf(await watching.watch(compositor))).toBe('session_not_found');
      await using _source = rig.stage.sources.open(place, source.observer);
      using publisher = new SyntheticPublisher('H264');
      const refusal = await publisher.publish(outside);
      expect([refusal.status, await codeOf(refusal)]).toEqual([409, 'render_unsupported']);
      using strange = new SyntheticViewer();
      const offer = (await gather(strange.peer)).replaceAll('VP8', 'AV1');
      expect(await codeOf(await outside.post('whip', offer))).not.toBe('render_unsupported');
    });
  });
});

import { template as templateSchema, type Session, type Template } from '@backlot/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORGANIZATION } from '../backgrounds/library.testing.js';
import { PUBLIC_URL, readError, type TestApp } from '../http/http.testing.js';
import { codeOf, openTestSessions, type TestSessions } from './sessions.testing.js';

const WHIP = { provider: 'whip' };

describe('templates by REST', () => {
  let opened: TestSessions;
  let server: TestApp;

  beforeAll(async () => {
    opened = await openTestSessions();
    ({ server } = opened);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
  });

  const save = async (body: object = {}): Promise<Template> => {
    const response = await server.send('POST', '/v1/templates', { title: 'Evening show', avatar: WHIP, ...body });
    expect(response.status).toBe(201);
    return templateSchema.parse(await response.json());
  };
  const get = async (id: string): Promise<Template> => (await (await server.send('GET', `/v1/templates/${id}`)).json()) as Template;
  const change = async (id: string, body: object): Promise<Response> => server.send('PATCH', `/v1/templates/${id}`, body);
  const start = async (body: object): Promise<Response> => server.send('POST', '/v1/sessions', body);
  const started = async (body: object): Promise<Session> => {
    const response = await start(body);
    expect(response.status).toBe(201);
    return (await response.json()) as Session;
  };

  test('a new one has its defaults, and a place', async () => {
    const response = await server.send('POST', '/v1/templates', { title: '  Plain  ' });
    const saved = templateSchema.parse(await response.json());
    expect(response.headers.get('location')).toBe(`/v1/templates/${saved.id}`);
    expect(saved).toMatchObject({
      title: 'Plain',
      avatar: { provider: 'stand-in' },
      voice: null,
      background_image: null,
      thumbnail_url: null,
      canvas: { width: 1280, height: 720 },
      fit: 'cover',
    });
    expect(await get(saved.id)).toEqual(saved);
  });

  test('one that is sent twice with one idempotency key is saved once', async () => {
    const send = async () =>
      (await (await server.send('POST', '/v1/templates', { title: 'Once', avatar: WHIP }, { 'idempotency-key': 'template-1' })).json()) as Template;
    expect(await send()).toEqual(await send());
  });

  test('shows its image as a thumbnail that works without a key', async () => {
    const { thumbnail_url: url } = await save({ background_image: await opened.addImage() });
    const picture = await opened.library.app.request((url ?? '').replace(PUBLIC_URL, ''));
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  });

  test('every field is changed alone, and the rest stays', async () => {
    const saved = await save({ avatar: { provider: 'stand-in' }, voice: 'de' });
    const image = await opened.addImage();
    let expected: object = saved;
    for (const field of [
      { title: 'Morning show' },
      { voice: 'en-us' },
      { voice: null },
      { background_image: image },
      { canvas: { width: 720, height: 1280 } },
      { fit: 'contain' },
      { avatar: WHIP },
    ]) {
      const response = await change(saved.id, field);
      expect(response.status).toBe(200);
      expected = { ...expected, ...field };
      const { updated_at: _changes, thumbnail_url: _signed, ...rest } = (await response.json()) as Template;
      expect(expected).toMatchObject(rest);
    }
    expect((await get(saved.id)).thumbnail_url).toContain('/v1/renditions/');
    expect(await (await change(saved.id, { background_image: null })).json()).toMatchObject({ background_image: null, thumbnail_url: null });
  });

  test('what no session would take is refused by its field, and changes nothing', async () => {
    const saved = await save({ avatar: { provider: 'stand-in' }, voice: 'de' });
    const refused: [object, number, string, string[]][] = [
      [{ title: ' ' }, 422, 'invalid_request', ['title']],
      [{ avatar: { provider: 'hologram' } }, 422, 'invalid_request', ['avatar.provider']],
      [{ voice: 'tlh' }, 422, 'invalid_request', ['voice']],
      [{ avatar: WHIP, voice: 'de' }, 422, 'invalid_request', ['voice']],
      [{ canvas: { width: 1281, height: 720 } }, 422, 'invalid_request', ['canvas.width']],
      [{ fit: 'stretch' }, 422, 'invalid_request', ['fit']],
      [{ framing: { scale: 9 } }, 422, 'invalid_request', ['framing.scale']],
      [{ keying: { hue: 3 } }, 422, 'invalid_request', ['keying.hue']],
      [{ lighting: 'soft' }, 422, 'invalid_request', ['lighting']],
      [{ background_image: 'bg_nothing' }, 404, 'background_image_not_found', []],
      [{ background_image: await opened.addImage(ORGANIZATION) }, 404, 'background_image_not_found', []],
    ];
    for (const [body, ...expected] of refused) {
      for (const response of [await change(saved.id, body), await server.send('POST', '/v1/templates', { title: 'Refused', ...body })]) {
        const { code, details } = await readError(response);
        expect([response.status, code, details.map(({ field }) => field)]).toEqual(expected);
      }
    }
    // The saved voice is none of another avatar.
    expect(await codeOf(await change(saved.id, { avatar: WHIP }))).toEqual([422, 'invalid_request']);
    expect(await codeOf(await server.send('POST', '/v1/templates', { avatar: WHIP }))).toEqual([422, 'invalid_request']);
    expect(await get(saved.id)).toEqual(saved);
    const { data } = (await (await server.send('GET', '/v1/templates?limit=100')).json()) as { data: Template[] };
    expect(data.map(({ title }) => title)).not.toContain('Refused');
  });

  test('a page is stable while new ones arrive, and a cursor belongs to its list', async () => {
    const made = [(await save()).id, (await save()).id, (await save()).id];
    const first = (await (await server.send('GET', '/v1/templates?limit=2')).json()) as { data: Template[]; next_cursor: string };
    await save();
    const second = (await (await server.send('GET', `/v1/templates?limit=2&cursor=${first.next_cursor}`)).json()) as { data: Template[] };
    expect([...first.data, ...second.data].slice(0, 3).map(({ id }) => id)).toEqual(made.reverse());
    expect(await codeOf(await server.send('GET', `/v1/sessions?cursor=${first.next_cursor}`))).toEqual([422, 'invalid_cursor']);
  });

  test("another organization's does not exist, on any route", async () => {
    const { id } = await save();
    const other = { authorization: `Bearer ${server.otherApiKey}` };
    for (const [method, path, body] of [
      ['GET', `/v1/templates/${id}`],
      ['PATCH', `/v1/templates/${id}`, { title: 'Mine' }],
      ['DELETE', `/v1/templates/${id}`],
      ['POST', '/v1/sessions', { template_id: id }],
    ] as const) {
      expect(await codeOf(await server.send(method, path, body, other))).toEqual([404, 'template_not_found']);
    }
    expect(((await (await server.send('GET', '/v1/templates', undefined, other)).json()) as { data: unknown[] }).data).toEqual([]);
    expect((await get(id)).title).toBe('Evening show');
  });

  test('a deleted one is gone', async () => {
    const { id } = await save();
    expect((await server.send('DELETE', `/v1/templates/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect(await codeOf(await server.send(method, `/v1/templates/${id}`))).toEqual([404, 'template_not_found']);
    expect(await codeOf(await change(id, { title: 'Late' }))).toEqual([404, 'template_not_found']);
    expect(await codeOf(await start({ template_id: id }))).toEqual([404, 'template_not_found']);
  });

  test('a session takes what it needs of one, what is said beside it wins, and later changes do not touch it', async () => {
    const [image, another] = [await opened.addImage(), await opened.addImage()];
    const { id } = await save({ background_image: image, canvas: { width: 720, height: 1280 }, fit: 'contain' });
    const plain = await started({ template_id: id });
    expect(plain).toMatchObject({
      avatar: WHIP,
      canvas: { width: 720, height: 1280 },
      fit: 'contain',
      background: { has_background: true, background_id: image, background_version: 1 },
    });
    expect(await started({ template_id: id, background_image: another, canvas: { width: 1280, height: 720 }, fit: 'cover' })).toMatchObject({
      avatar: WHIP,
      canvas: { width: 1280, height: 720 },
      fit: 'cover',
      background: { background_id: another },
    });
    expect((await started({ template_id: id, background_image: null })).background).toMatchObject({ has_background: false, background_version: 0 });

    await change(id, { background_image: another, canvas: { width: 640, height: 640 }, fit: 'cover' });
    await server.send('DELETE', `/v1/templates/${id}`);
    expect(await (await server.send('GET', `/v1/sessions/${plain.session_id}`)).json()).toEqual(plain);
  });

  test('one whose image was deleted can be kept, renamed and mended, but starts no session without another image', async () => {
    const image = await opened.addImage();
    const { id } = await save({ background_image: image });
    await opened.library.library.service.remove(server.organizationId, image);
    expect(await get(id)).toMatchObject({ background_image: image, thumbnail_url: null });
    expect((await change(id, { title: 'Bereft' })).status).toBe(200);
    const response = await start({ template_id: id });
    expect(response.status).toBe(404);
    expect(await readError(response)).toMatchObject({ code: 'background_image_not_found', details: [{ field: 'template_id' }] });
    expect((await start({ template_id: id, background_image: null })).status).toBe(201);
    expect((await start({ template_id: id, background_image: await opened.addImage() })).status).toBe(201);
    await change(id, { background_image: await opened.addImage() });
    expect((await start({ template_id: id })).status).toBe(201);
  });
});

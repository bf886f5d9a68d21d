import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { basename } from 'node:path';
import { deflateSync } from 'node:zlib';
import { backgroundImage, backgroundImagePage, MAX_IMAGE_BYTES } from '@backlot/contract';
import { hasSharedData, sharedData } from '@backlot/testing';
import { like } from 'drizzle-orm';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webhookEvents } from '../database/schema.js';
import { openHttpServer } from '../http/server.js';
import { openTestLibrary, ORGANIZATION, OTHER_ORGANIZATION, type TestLibrary } from './library.testing.js';

let test: TestLibrary;
beforeAll(async () => {
  test = await openTestLibrary();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

const PATH = '/v1/background-images';

interface Send {
  readonly name?: string;
  readonly title?: string;
  readonly organization?: string;
}
const send = (bytes: Uint8Array, { name = 'photo.jpg', title, organization }: Send = {}): Promise<Response> => {
  const form = new FormData();
  if (title !== undefined) form.set('title', title);
  form.set('image', new File([new Uint8Array(bytes)], name));
  return post(form, organization);
};
const post = async (form: FormData, organization?: string): Promise<Response> =>
  test.app.request(PATH, { method: 'POST', body: form, ...(organization === undefined ? {} : { headers: { 'x-organization': organization } }) });
const upload = async (bytes: Uint8Array, options?: Send) => {
  const response = await send(bytes, options);
  const body: unknown = await response.json();
  if (response.status !== 201) throw new Error(`the upload was refused: ${JSON.stringify(body)}`);
  return backgroundImage.strict().parse(body);
};
const codeOf = async (response: Response): Promise<string> => {
  const body = (await response.json()) as { error: { code: string } };
  return `${response.status} ${body.error.code}`;
};
const get = async (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  test.app.request(url.replace('http://backlot.test', ''), { headers });
const picture = async (url: string, headers?: Record<string, string>) => {
  const response = await get(url, headers);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};
const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});
const pngChunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = ((crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] ?? 0)) >>> 0;
  const chunk = Buffer.alloc(body.byteLength + 8);
  chunk.writeUInt32BE(data.byteLength);
  body.copy(chunk, 4);
  chunk.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.byteLength + 4);
  return chunk;
};
/** A valid black-and-white PNG that is small as a file, however large as a picture. */
const blackPng = (width: number, height: number): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))), { level: 1 });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', new Uint8Array(0))]);
};
/** Smooth and different each time, so that no two uploads share bytes. */
let shade = 0;
const photo = (width: number, height: number, format: 'jpeg' | 'png' | 'webp' = 'jpeg') =>
  sharp({ create: { width, height, channels: 3, background: { r: 40, g: 80, b: ++shade % 256 } } })
    .toFormat(format)
    .toBuffer();
const blobCount = async (): Promise<number> => {
  let count = 0;
  for await (const blob of test.blobs.list()) count += blob.sizeBytes > 0 ? 1 : 0;
  return count;
};

describe('upload', () => {
  it('takes an image into the library and answers with its facts', async () => {
    const bytes = await photo(2560, 1440);
    const response = await send(bytes, { title: '  Quiet office ', name: 'x.jpg' });
    const image = backgroundImage.strict().parse(await response.json());
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`${PATH}/${image.id}`);
    expect(image).toMatchObject({
      title: 'Quiet office',
      width: 2560,
      height: 1440,
      size_bytes: bytes.byteLength,
      media_type: 'image/jpeg',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      advice: [],
    });
    expect(image.created_at).toBe(image.updated_at);
  });

  it.each([
    ['Summer_beach.final.JPG', 'Summer beach.final'],
    ['C:\\photos\\Büro.png', 'Büro'],
    ['../../etc/passwd', 'passwd'],
    ['.jpg', 'Untitled'],
    ['a\u202e\u0007b.webp', 'a b'],
    ['quo"te.jpg', 'quo"te'],
  ])('takes the title from the file name %j', async (name, title) => {
    expect((await upload(await photo(64, 36), { name })).title).toBe(title);
  });

  it('stores equal bytes once, as two entries', async () => {
    const bytes = await photo(640, 360);
    const first = await upload(bytes);
    const blobs = await blobCount();
    const second = await upload(bytes, { organization: OTHER_ORGANIZATION });
    expect(second.sha256).toBe(first.sha256);
    expect(second.id).not.toBe(first.id);
    expect(await blobCount()).toBe(blobs);
  });

  it('refuses forms without exactly one file', async () => {
    const bytes = new Uint8Array(await photo(64, 36));
    const file = (name = 'a.jpg') => new File([bytes], name);
    const form = (fields: readonly (readonly [string, string | File])[]) => {
      const data = new FormData();
      for (const [name, value] of fields) data.append(name, value);
      return data;
    };
    const before = await blobCount();
    expect(await codeOf(await post(form([['title', 'No file']])))).toBe('422 image_missing');
    expect(await codeOf(await post(form([['image', 'not a file']])))).toBe('422 image_missing');
    expect(await codeOf(await post(form([['photo', file()]])))).toBe('422 image_missing');
    expect(await codeOf(await post(form([['image', new File([], '')]])))).toBe('422 image_missing');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['image', file()],
          ]),
        ),
      ),
    ).toBe('422 image_duplicate_field');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['other', file()],
          ]),
        ),
      ),
    ).toBe('422 image_duplicate_field');
    expect(await codeOf(await post(form([['image', new File([], 'empty.jpg')]])))).toBe('422 image_empty');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['colour', 'red'],
          ]),
        ),
      ),
    ).toBe('422 invalid_request');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['title', ' '],
          ]),
        ),
      ),
    ).toBe('422 invalid_request');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['title', 'x'.repeat(201)],
          ]),
        ),
      ),
    ).toBe('422 invalid_request');
    expect(
      await codeOf(
        await post(
          form([
            ['image', file()],
            ['title', 'a'],
            ['title', 'b'],
          ]),
        ),
      ),
    ).toBe('422 invalid_request');
    expect(await blobCount()).toBe(before);
  });

  it('refuses bodies that are no form', async () => {
    const raw = (body: string, type: string) => test.app.request(PATH, { method: 'POST', body, headers: { 'content-type': type } });
    expect(await codeOf(await raw('x', 'text/plain'))).toBe('415 unsupported_media_type');
    expect(await codeOf(await raw('x', 'multipart/form-data'))).toBe('415 unsupported_media_type');
    expect(await codeOf(await raw('garbage', 'multipart/form-data; boundary=b'))).toBe('422 invalid_request');
    expect(await codeOf(await raw('--b\r\nno end', 'multipart/form-data; boundary=b'))).toBe('422 invalid_request');
    expect(await codeOf(await raw('--b--\r\n', 'multipart/form-data; boundary=b'))).toBe('422 image_missing');
  });

  it('takes 10 MB and refuses one byte more', async () => {
    const bytes = await photo(64, 36);
    const padded = (size: number) => Buffer.concat([bytes, Buffer.alloc(size - bytes.byteLength)]);
    expect((await upload(padded(MAX_IMAGE_BYTES))).size_bytes).toBe(MAX_IMAGE_BYTES);
    const before = await blobCount();
    expect(await codeOf(await send(padded(MAX_IMAGE_BYTES + 1)))).toBe('413 image_too_large');
    expect(await blobCount()).toBe(before);
  });

  it('stops reading an endless body without content-length soon after the limit', async () => {
    let sent = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel() {
        cancelled = true;
      },
    });
    const request = new Request(`http://backlot.test${PATH}`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    } as RequestInit);
    expect(await codeOf(await test.app.request(request))).toBe('413 image_too_large');
    expect(sent).toBeLessThan(MAX_IMAGE_BYTES + 500_000);
    expect(cancelled).toBe(true);
  });

  it('refuses what is no image by its content, whatever its name', async () => {
    const before = await blobCount();
    expect(await codeOf(await send(Buffer.from('Dear diary'), { name: 'photo.jpg' }))).toBe('415 image_unsupported_type');
    expect(await codeOf(await send(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), { name: 'a.png' }))).toBe('415 image_unsupported_type');
    const whole = await photo(800, 600);
    expect(await codeOf(await send(whole.subarray(0, whole.length / 2)))).toBe('422 image_undecodable');
    expect(await codeOf(await send(Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100)])))).toBe('422 image_undecodable');
    expect(await blobCount()).toBe(before);
    expect((await upload(await photo(64, 36, 'png'), { name: 'really-png.jpg' })).media_type).toBe('image/png');
  });

  it('refuses a picture of 900 million pixels by its header', async () => {
    const before = await blobCount();
    const bomb = blackPng(30_000, 30_000);
    expect(bomb.byteLength).toBeLessThan(MAX_IMAGE_BYTES);
    expect(await codeOf(await send(bomb))).toBe('422 image_too_many_pixels');
    expect(await blobCount()).toBe(before);
  });
});

describe('upload over a socket', () => {
  it('tells a client that sends 60 MB so, with and without content-length, and serves on', async () => {
    const server = await openHttpServer({ host: '127.0.0.1', port: 0 });
    server.serve(test.app);
    try {
      const send = (length: boolean): Promise<string> =>
        new Promise((resolve, reject) => {
          const body = Buffer.concat([
            Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'),
            Buffer.alloc(60_000_000),
            Buffer.from('\r\n--b--\r\n'),
          ]);
          const headers = {
            'content-type': 'multipart/form-data; boundary=b',
            ...(length ? { 'content-length': body.byteLength } : { 'transfer-encoding': 'chunked' }),
          };
          const outgoing = request({ host: '127.0.0.1', port: server.port, path: PATH, method: 'POST', headers, agent: false });
          let answered = false;
          outgoing.on('response', (incoming) => {
            answered = true;
            incoming
              .setEncoding('utf8')
              .once('data', (text: string) => resolve(`${incoming.statusCode} ${(JSON.parse(text) as { error: { code: string } }).error.code}`));
          });
          // The server may hang up on the rest of the body, once it has answered.
          outgoing.on('error', (error) => (answered ? undefined : reject(error)));
          outgoing.end(body);
        });
      expect(await send(true)).toBe('413 image_too_large');
      expect(await send(false)).toBe('413 image_too_large');
      expect((await fetch(`http://127.0.0.1:${server.port}${PATH}`)).status).toBe(200);
    } finally {
      await server.close(1000);
    }
  });
});

describe('library', () => {
  it('views, renames and deletes an image', async () => {
    const { id } = await upload(await photo(64, 36), { title: 'Before' });
    const url = `${PATH}/${id}`;
    expect(await (await get(url)).json()).toMatchObject({ id, title: 'Before' });
    const rename = (body: unknown) => test.app.request(url, { method: 'PATCH', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const renamed = backgroundImage.strict().parse(await (await rename({ title: ' After ' })).json());
    expect(renamed.title).toBe('After');
    expect(renamed.updated_at >= renamed.created_at).toBe(true);
    expect(await codeOf(await rename({ title: '' }))).toBe('422 invalid_request');
    expect(await codeOf(await rename({ title: 'x', id: 'y' }))).toBe('422 invalid_request');
    const remove = () => test.app.request(url, { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    expect(await codeOf(await remove())).toBe('404 background_image_not_found');
    expect(await codeOf(await get(url))).toBe('404 background_image_not_found');
    expect(await codeOf(await get(`${url}/image`))).toBe('404 background_image_not_found');
    expect(await codeOf(await rename({ title: 'x' }))).toBe('404 background_image_not_found');
  });

  it('tells webhooks of an image that came and went, without addresses that expire', async () => {
    const { id, title, width, height, size_bytes, media_type, sha256, created_at } = await upload(await photo(640, 360), { title: 'Told of' });
    await test.app.request(`${PATH}/${id}`, { method: 'PATCH', body: '{"title":"Renamed"}', headers: { 'content-type': 'application/json' } });
    for (let time = 0; time < 2; time++) await test.app.request(`${PATH}/${id}`, { method: 'DELETE' });
    const rows = await test.database.executor
      .select()
      .from(webhookEvents)
      .where(like(webhookEvents.body, `%${id}%`))
      .orderBy(webhookEvents.type);
    expect(rows.map(({ type, body, organizationId }) => [organizationId, type, (JSON.parse(body) as { data: unknown }).data])).toEqual([
      [ORGANIZATION, 'background_image.created', { id, title, width, height, size_bytes, media_type, sha256, created_at }],
      [ORGANIZATION, 'background_image.deleted', { id, title: 'Renamed' }],
    ]);
  });

  it('answers the same 404 for what belongs to another organization, and 401 without any', async () => {
    const { id } = await upload(await photo(64, 36));
    const url = `${PATH}/${id}`;
    const other = { 'x-organization': OTHER_ORGANIZATION };
    for (const [path, init] of [
      [url, {}],
      [`${url}/image`, {}],
      [url, { method: 'DELETE' }],
      [url, { method: 'PATCH', body: '{"title":"Mine"}' }],
    ] as const) {
      const headers = { ...other, 'content-type': 'application/json' };
      expect(await codeOf(await test.app.request(path, { ...init, headers }))).toBe('404 background_image_not_found');
      expect(await codeOf(await test.app.request(path, { ...init, headers: { ...headers, 'x-organization': 'none' } }))).toBe('401 unauthenticated');
    }
    expect(await codeOf(await post(new FormData(), 'none'))).toBe('401 unauthenticated');
    expect((await get(url)).status).toBe(200);
  });

  it('pages newest first; rows that come and go between pages neither repeat nor hide others', async () => {
    await using own = await openTestLibrary({ database: test.database });
    const create = async (title: string) => own.library.service.create('org_test', { title, bytes: await photo(16, 9) });
    const list = async (query: string) => backgroundImagePage.parse(await (await own.app.request(`${PATH}?${query}`)).json());
    const made = [];
    for (let index = 0; index < 7; index++) made.push(await create(`Image ${index}`));
    const first = await list('limit=3');
    expect(first.data.map((image) => image.title)).toEqual(['Image 6', 'Image 5', 'Image 4']);
    await create('Newer');
    await own.library.service.remove('org_test', made[4]?.id ?? '');
    const second = await list(`limit=3&cursor=${first.next_cursor}`);
    expect(second.data.map((image) => image.title)).toEqual(['Image 3', 'Image 2', 'Image 1']);
    const third = await list(`limit=3&cursor=${second.next_cursor}`);
    expect(third).toMatchObject({ data: [{ title: 'Image 0' }], next_cursor: null });
    expect(await codeOf(await own.app.request(`${PATH}?cursor=nonsense`))).toBe('422 invalid_cursor');
    expect(await codeOf(await own.app.request(`${PATH}?search=x&cursor=${first.next_cursor}`))).toBe('422 invalid_cursor');
  });

  it('sorts by time and by title, up and down, page by page, and counts all pages when asked', async () => {
    await using own = await openTestLibrary({ database: test.database });
    const titles = ['beach', 'Office', 'Ärmel', 'attic', 'office', 'Beach', 'office'];
    for (const title of titles) await own.library.service.create('org_test', { title, bytes: await photo(16, 9) });
    const all = async (sort: string): Promise<string[]> => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = `limit=2&include_total=true&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page = backgroundImagePage.parse(await (await own.app.request(`${PATH}?${query}`)).json());
        expect(page.total).toBe(7);
        found.push(...page.data.map(({ title }) => title));
        cursor = page.next_cursor;
      }
      return found;
    };
    expect(await all('created_at')).toEqual(titles);
    expect(await all('-created_at')).toEqual(titles.toReversed());
    const byTitle = await all('title');
    expect(byTitle.map((title) => title.toLowerCase()).filter((title) => title !== 'ärmel')).toEqual(['attic', 'beach', 'beach', 'office', 'office', 'office']);
    expect(byTitle.toSorted()).toEqual(titles.toSorted());
    expect(await all('-title')).toEqual(byTitle.toReversed());
    const listed = async (query: string) => backgroundImagePage.parse(await (await own.app.request(`${PATH}?${query}`)).json());
    expect((await listed('search=FF')).total).toBeUndefined();
    expect((await listed('search=FF&include_total=true&limit=1')).total).toBe(3);
    const cursor = (await listed('limit=1&sort=title')).next_cursor ?? '';
    expect(await codeOf(await own.app.request(`${PATH}?sort=-title&cursor=${cursor}`))).toBe('422 invalid_cursor');
    expect(await codeOf(await own.app.request(`${PATH}?sort=size`))).toBe('422 invalid_request');
    expect(await codeOf(await own.app.request(`${PATH}?include_total=perhaps`))).toBe('422 invalid_request');
    // The longest cursor is taken back, too.
    await own.library.service.create('org_test', { title: '🏢'.repeat(100), bytes: await photo(16, 9) });
    const longest = await listed('limit=1&sort=-title');
    expect(longest.data[0]?.title).toContain('🏢');
    expect((await listed(`limit=1&sort=-title&cursor=${longest.next_cursor}`)).data).toHaveLength(1);
  });

  it('searches titles in any case, and takes wildcards as they are', async () => {
    await using own = await openTestLibrary({ database: test.database });
    for (const title of ['100% Office', '1000 offices', 'Beach_1', 'Beach 2', 'Back\\slash'])
      await own.library.service.create('org_test', { title, bytes: await photo(16, 9) });
    const search = async (text: string) =>
      backgroundImagePage
        .parse(await (await own.app.request(`${PATH}?search=${encodeURIComponent(text)}`)).json())
        .data.map((image) => image.title)
        .sort();
    expect(await search('OFFICE')).toEqual(['100% Office', '1000 offices']);
    expect(await search('100%')).toEqual(['100% Office']);
    expect(await search('h_1')).toEqual(['Beach_1']);
    expect(await search('k\\s')).toEqual(['Back\\slash']);
    expect(await search('')).toHaveLength(5);
  });
});

describe('renditions', () => {
  it('serves a picture at a size, immutable, with ETag, 304 and HEAD', async () => {
    const { id } = await upload(await photo(2000, 1500));
    const url = `${PATH}/${id}/image?width=1000&height=500`;
    const response = await get(url);
    expect(await sharp(await response.arrayBuffer()).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 640 });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'private, max-age=31536000, immutable',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      'content-type': 'image/jpeg',
    });
    const etag = response.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const unchanged = await get(url, { 'if-none-match': `"other", W/${etag}` });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    expect((await get(url, { 'if-none-match': '"other"' })).status).toBe(200);
    const head = await test.app.request(url, { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      '',
      response.headers.get('content-length'),
      etag,
    ]);
  });

  it.each([
    ['', { width: 2000, height: 1500 }],
    ['width=320', { width: 320, height: 240 }],
    ['height=320', { width: 427, height: 320 }],
    ['width=320&height=320', { width: 320, height: 320 }],
    ['width=320&height=320&fit=contain', { width: 320, height: 240 }],
    ['width=3840&height=2160', { width: 2000, height: 1125 }],
    ['width=3840&height=2160&fit=contain', { width: 2000, height: 1500 }],
    ['width=100&height=100&format=webp', { width: 160, height: 160, format: 'webp' }],
    ['width=100&height=100&format=png', { width: 160, height: 160, format: 'png' }],
  ])('makes %j', async (query, expected) => {
    const { id } = await upload(await photo(2000, 1500));
    const bytes = await picture(`${PATH}/${id}/image?${query}`);
    expect(await sharp(bytes).metadata()).toMatchObject(expected);
  });

  it('refuses sizes and formats that are not made', async () => {
    const { id } = await upload(await photo(64, 36));
    for (const query of ['width=0', 'width=3841', 'width=x', 'fit=fill', 'format=avif', 'size=1']) {
      expect(await codeOf(await get(`${PATH}/${id}/image?${query}`))).toBe('422 invalid_request');
    }
  });

  it('makes a picture once, however many ask at the same time', async () => {
    const image = await upload(await photo(1000, 700));
    const before = await blobCount();
    const replies = await Promise.all(Array.from({ length: 30 }, () => get(image.image_url)));
    expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(await blobCount()).toBe(before + 1);
  });

  it('keeps serving signed addresses after the library entry was deleted', async () => {
    const image = await upload(await photo(1600, 900));
    expect((await test.app.request(`${PATH}/${image.id}`, { method: 'DELETE' })).status).toBe(204);
    const response = await get(image.thumbnail_url, { 'x-organization': 'none' });
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await sharp(await response.arrayBuffer()).metadata()).toMatchObject({ width: 320, height: 180, format: 'jpeg' });
    expect(await sharp(await picture(image.image_url)).metadata()).toMatchObject({ width: 1600, height: 900 });
  });

  it('answers 404 to addresses that were not signed as they are, or have expired', async () => {
    const image = await upload(await photo(640, 360));
    const bad = [
      image.thumbnail_url.replace('320x180', '640x360'),
      image.thumbnail_url.replace(/signature=.{6}/, 'signature=000000'),
      image.thumbnail_url.replace(/expires=\d/, 'expires=9'),
      image.thumbnail_url.replace(/&signature.*/, ''),
      image.thumbnail_url.replace(/\?.*/, ''),
      image.thumbnail_url.replace('320x180-cover', '320x180-cover.exe'),
      image.thumbnail_url.replace('320x180-cover', '..%2f..%2fx'),
      image.thumbnail_url.replace(image.sha256, '0'.repeat(64)),
    ];
    for (const url of bad) expect(await codeOf(await get(url))).toBe('404 rendition_not_found');
    await using past = await openTestLibrary({ database: test.database, now: () => new Date(Date.now() - 40 * 3_600_000) });
    const old = await past.library.service.create('org_test', { title: 'Old', bytes: await photo(64, 36) });
    expect(await codeOf(await past.app.request(old.thumbnail_url.replace('http://backlot.test', '')))).toBe('404 rendition_not_found');
  });

  it('gives the same signed address for hours, valid for at least a day', async () => {
    let now = Date.parse('2026-11-20T01:00:00Z');
    await using own = await openTestLibrary({ database: test.database, now: () => new Date(now) });
    const { id } = await own.library.service.create('org_test', { title: 'x', bytes: await photo(64, 36) });
    const urlNow = async () => (await own.library.service.get('org_test', id)).thumbnail_url;
    const first = await urlNow();
    now += 10 * 3_600_000;
    expect(await urlNow()).toBe(first);
    now += 10 * 3_600_000;
    expect(await urlNow()).not.toBe(first);
  });

  it('has thumbnail and canvas pictures ready after the upload', async () => {
    const image = await upload(await photo(1920, 1080));
    const before = await blobCount();
    for (const [width, height] of [
      [1280, 720],
      [720, 1280],
      [320, 180],
    ] as const) {
      const box = { width, height, fit: 'cover' } as const;
      await test.library.service.ensureRendition(image.sha256, box);
      const meta = await sharp(await picture(test.library.service.signedRenditionUrl(image.sha256, box))).metadata();
      // The image is not enlarged: 1080 high, a 9:16 picture is 608 wide.
      expect({ width: meta.width, height: meta.height }).toEqual(height === 1280 ? { width: 608, height: 1080 } : { width, height });
    }
    expect(await blobCount()).toBe(before);
  });

  it('makes a picture again whose bytes were lost', async () => {
    const image = await upload(await photo(900, 600));
    const bytes = await picture(image.thumbnail_url);
    await test.blobs.delete(createHash('sha256').update(bytes).digest('hex'));
    expect(Buffer.compare(await picture(image.thumbnail_url), bytes)).toBe(0);
  });

  it('keeps transparency as WebP and fills it with black in JPEG', async () => {
    const half = await sharp({ create: { width: 400, height: 300, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
      .composite([{ input: { create: { width: 200, height: 300, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 1 } } }, left: 0, top: 0 }])
      .png()
      .toBuffer();
    const image = await upload(half, { name: 'half.png' });
    expect(image.advice.map((advice) => advice.code)).toContain('transparent');
    const at = async (url: string) => {
      const bytes = await picture(url);
      const { format } = await sharp(bytes).metadata();
      const { data } = await sharp(bytes).ensureAlpha().extract({ left: 300, top: 100, width: 1, height: 1 }).raw().toBuffer({ resolveWithObject: true });
      return { format, pixel: [...data] };
    };
    expect(await at(`${PATH}/${image.id}/image`)).toMatchObject({ format: 'webp', pixel: [expect.anything(), expect.anything(), expect.anything(), 0] });
    expect(await at(`${PATH}/${image.id}/image?format=jpeg`)).toEqual({ format: 'jpeg', pixel: [0, 0, 0, 255] });
    const opaque = await upload(
      await sharp(await photo(100, 100))
        .ensureAlpha(1)
        .png()
        .toBuffer(),
      { name: 'opaque.png' },
    );
    expect(opaque.advice.map((advice) => advice.code)).not.toContain('transparent');
  });
});

describe.skipIf(!hasSharedData)('real files', () => {
  const load = (path: string) => readFile(sharedData(`backgrounds/${path}`));
  /** Mean difference of two pictures of equal size, in codes. */
  const difference = async (left: Buffer, right: Buffer): Promise<number> => {
    const size = [96, 96] as const;
    const pixels = (bytes: Buffer) =>
      sharp(bytes)
        .resize(...size, { fit: 'fill' })
        .removeAlpha()
        .toColourspace('srgb')
        .raw()
        .toBuffer();
    const [a, b] = await Promise.all([pixels(left), pixels(right)]);
    return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
  };
  const whole = async (path: string) => {
    const image = await upload(await load(path), { name: basename(path) });
    const bytes = await picture(`${PATH}/${image.id}/image?width=320&fit=contain`);
    return { image, bytes, metadata: await sharp(bytes).metadata() };
  };

  it.each([
    ['EXIF, landscape', ['0', '1', '3', '6', '8'].map((name) => `exif/Landscape_${name}.jpg`)],
    ['EXIF, portrait', ['0', '1', '3', '6', '8'].map((name) => `exif/Portrait_${name}.jpg`)],
    ['all eight', ['1', '2', '3', '4', '5', '6', '7', '8'].map((name) => `libvips/rotation-${name}.jpg`)],
  ])('orients upright: %s', async (_name, paths) => {
    const [first, ...others] = await Promise.all(paths.map(whole));
    if (first === undefined) throw new Error('no files');
    for (const other of others) {
      expect(other.image.width > other.image.height).toBe(first.image.width > first.image.height);
      expect(other.metadata.orientation).toBeUndefined();
      expect(await difference(first.bytes, other.bytes)).toBeLessThan(6);
    }
  });

  it('applies the transformations of AVIF once', async () => {
    const upright = await whole('link-u/kimono.jpg');
    for (const path of ['link-u/kimono.avif', 'link-u/kimono.rotate90.avif', 'link-u/kimono.mirror-vertical.rotate270.avif']) {
      const { image, bytes } = await whole(path);
      expect(image.media_type).toBe('image/avif');
      expect([image.width, image.height]).toEqual([upright.image.width, upright.image.height]);
      expect(await difference(upright.bytes, bytes)).toBeLessThan(8);
    }
    const { image } = await whole('link-u/kimono.crop.avif');
    expect([image.width, image.height]).toEqual([385, 330]);
  });

  it('converts CMYK, grey, P3, 16-bit and 10-bit to plain sRGB and drops metadata', async () => {
    const paths = [
      'sharp/Channel_digital_image_CMYK_color.jpg',
      'sharp/Channel_digital_image_CMYK_color_no_profile.jpg',
      'sharp/concert.jpg',
      'sharp/p3.png',
      'sharp/prophoto.png',
      'sharp/gain-map.jpg',
      'link-u/hato.profile0.10bpc.yuv420.avif',
      'sharp/sdr_cosmos12920_cicp1-13-6_yuv444_full_qp10.avif',
    ];
    for (const path of paths) {
      const { metadata } = await whole(path);
      expect(metadata).toMatchObject({ format: 'jpeg', space: 'srgb', channels: 3, depth: 'uchar' });
      expect([metadata.icc, metadata.exif, metadata.xmp, metadata.iptc]).toEqual([undefined, undefined, undefined, undefined]);
    }
    // The profile says red at twelve o'clock; the bytes without it say something else.
    const { bytes } = await whole('link-u/red-at-12-oclock-with-color-profile-8bpc.avif');
    const [r = 0, g = 0, b = 0] = await sharp(bytes).extract({ left: 158, top: 30, width: 1, height: 1 }).raw().toBuffer();
    expect(r).toBeGreaterThan(180);
    expect(Math.max(g, b)).toBeLessThan(120);
  });

  it('keeps odd sizes and takes the first frame of animations, saying so', async () => {
    const odd = await whole('link-u/fox.odd-width.odd-height.png');
    expect([odd.image.width, odd.image.height]).toEqual([1203, 799]);
    const animated = await whole('webav/animated.webp');
    expect(animated.image.advice).toContainEqual({ code: 'animated', message: 'Only the first of its 6 frames is shown.' });
    expect(animated.metadata).toMatchObject({ width: 320, height: 201 });
    expect((await whole('derived-9x16-16x9/window-720x1280.gif')).image).toMatchObject({ media_type: 'image/gif', width: 720, height: 1280 });
  });

  it('takes HEIC', async () => {
    const { image, bytes } = await whole('libheif/example.heic');
    expect(image).toMatchObject({ media_type: 'image/heic', width: 1280, height: 854 });
    expect((await sharp(bytes).stats()).entropy).toBeGreaterThan(6);
  });

  it('refuses JPEG 2000 and animated AVIF, which are not decoded here', async () => {
    for (const path of ['sharp/relax.jp2', 'webav/animated.avif']) {
      expect(await codeOf(await send(await load(path), { name: 'photo.jpg' }))).toBe('415 image_unsupported_type');
    }
  });
});

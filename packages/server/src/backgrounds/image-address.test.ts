import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import { backgroundImage, type BackgroundImage } from '@backlot/contract';
import { hasSharedData, sharedData } from '@backlot/testing';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readError } from '../http/http.testing.js';
import { IMAGE_HOST, openSafeFetchRig, type SafeFetchRig } from '../http/safe-fetch/rig.testing.js';
import { openTestLibrary, type TestLibrary } from './library.testing.js';

const PATH = '/v1/background-images';

let rig: SafeFetchRig;
let library: TestLibrary;
let jpeg: Buffer;
beforeAll(async () => {
  rig = await openSafeFetchRig();
  library = await openTestLibrary({ fetcher: rig.open() });
  jpeg = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer();
});
afterEach(() => {
  expect(rig.connections.secret).toBe(0);
});
afterAll(async () => {
  await library[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const post = async (body: unknown): Promise<Response> =>
  library.app.request(PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const serve = (path: string, bytes: Uint8Array): string => {
  rig.handle(path, (_request, response) => response.end(bytes));
  return `https://good.test:${rig.port}${path}`;
};
const add = async (body: object): Promise<BackgroundImage> => {
  const response = await post(body);
  expect(response.status).toBe(201);
  return backgroundImage.strict().parse(await response.json());
};
const codeOf = async (body: unknown): Promise<string> => {
  const response = await post(body);
  return `${response.status} ${(await readError(response)).code}`;
};
const pngChunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(8);
  chunk.writeUInt32BE(data.byteLength);
  chunk.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([chunk.subarray(0, 4), body, chunk.subarray(4)]);
};

describe('an image of an address', () => {
  it('comes into the library as an uploaded one does', async () => {
    const image = await add({ title: ' Office ', image_url: `${serve('/office.jpg', jpeg)}?signature=1` });
    expect(image).toMatchObject({ title: 'Office', width: 640, height: 360, size_bytes: jpeg.byteLength, media_type: 'image/jpeg' });
    const list = (await (await library.app.request(`${PATH}?search=Office`)).json()) as { data: BackgroundImage[] };
    expect(list.data.map(({ id }) => id)).toEqual([image.id]);
    const picture = await library.app.request(image.image_url.replace('http://backlot.test', ''));
    expect((await sharp(Buffer.from(await picture.arrayBuffer())).metadata()).width).toBe(640);
  });

  it.skipIf(!hasSharedData)('of the real world comes in, whatever the server calls it', async () => {
    for (const [path, media_type] of [
      ['backgrounds/libheif/example.heic', 'image/heic'],
      ['backgrounds/webav/animated.webp', 'image/webp'],
      ['backgrounds/derived-9x16-16x9/window-720x1280.gif', 'image/gif'],
      ['backgrounds/link-u/kimono.jpg', 'image/jpeg'],
      ['backgrounds/link-u/fox.odd-width.odd-height.png', 'image/png'],
    ] as const) {
      expect((await add({ image_url: serve('/photo', await readFile(sharedData(path))) })).media_type).toBe(media_type);
    }
  });

  it.each([
    ['/images/quiet_office.jpg', 'quiet office'],
    ['/K%C3%BCche.png', 'Küche'],
    ['/50%', '50%'],
    ['/', 'Untitled'],
  ])('is called by its address %s, unless the request says how: %s', async (path, title) => {
    expect((await add({ image_url: serve(path, jpeg) })).title).toBe(title);
  });

  it('is refused by the code of what is wrong', async () => {
    rig.resolve('inside.test', [['127.0.0.1']]);
    const port = rig.port;
    const html = serve('/page', Buffer.from('<html>'));
    for (const [image_url, code] of [
      ['http://good.test/a.jpg', '422 invalid_image_url'],
      ['', '422 invalid_image_url'],
      [`https://inside.test:${port}/`, '422 url_not_allowed'],
      [`https://127.0.0.1:${port}/`, '422 url_not_allowed'],
      [`https://good.test:${port}/absent`, '422 image_fetch_failed'],
      [html, '422 unsupported_image_type'],
      [serve('/large', Buffer.concat([jpeg, Buffer.alloc(10 * 1024 * 1024)])), '422 image_too_large'],
      [serve('/truncated', jpeg.subarray(0, jpeg.byteLength / 2)), '422 image_undecodable'],
    ]) {
      expect(await codeOf({ image_url })).toBe(code);
    }
  });

  it('83: of too many pixels is refused by its header, before it is decoded', async () => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(60_000);
    header.writeUInt32BE(60_000, 4);
    header.set([8, 2], 8);
    const bytes = Buffer.concat([
      Buffer.from('89504e470d0a1a0a', 'hex'),
      pngChunk('IHDR', header),
      pngChunk('IDAT', deflateSync(Buffer.alloc(1000))),
      pngChunk('IEND', new Uint8Array(0)),
    ]);
    expect(await codeOf({ image_url: serve('/huge.png', bytes) })).toBe('422 image_too_many_pixels');
  });

  it('is refused as a body that does not fit', async () => {
    const image_url = serve('/a.jpg', jpeg);
    const before = rig.connections.images;
    expect(await codeOf('{')).toBe('400 invalid_json');
    for (const body of [{}, { image_url: 7 }, { image_url, title: '' }, { image_url, colour: 'red' }, [image_url], null]) {
      expect(await codeOf(body)).toBe('422 invalid_request');
    }
    expect(rig.connections.images).toBe(before);
  });

  it('too many at a time are told to come back', async () => {
    const gate = new AbortController();
    rig.handle('/gate', (_request, response) => gate.signal.addEventListener('abort', () => response.end(jpeg)));
    const fetcher = rig.open({ limits: { maxPerProcess: 1, maxWaiting: 0 } });
    await using busy = await openTestLibrary({ database: library.database, fetcher });
    const send = async (): Promise<Response> =>
      busy.app.request(PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ image_url: `https://${IMAGE_HOST}:${rig.port}/gate` }),
      });
    const before = rig.requests.length;
    const first = send();
    await expect.poll(() => rig.requests.length).toBe(before + 1);
    const second = await send();
    expect([second.status, (await readError(second)).code, second.headers.get('retry-after')]).toEqual([503, 'image_fetch_busy', '2']);
    gate.abort();
    expect((await first).status).toBe(201);
  });
});

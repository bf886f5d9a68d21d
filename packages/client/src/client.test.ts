import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BacklotApiError, createBacklotClient } from './index.js';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serve = async (handler: Handler): Promise<string> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

const session = (status: string) => ({
  session_id: 'sess_4tz8hw2kq9mx7cvn3pdr',
  status,
  reason: null,
  canvas: { width: 1280, height: 720 },
  video_codec: null,
});
const background = (version: number) => ({
  has_background: false,
  background_id: null,
  background_version: version,
  image_url: null,
  color: null,
  fit: 'cover',
  transition_ms: 400,
});
const sse = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

describe('requests', () => {
  test('carry the key, the idempotency key and a JSON body', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request, response, body) => {
      seen.push([request.method, request.url, request.headers.authorization, request.headers['idempotency-key'], request.headers['content-type'], body]);
      json(response, 201, { session_id: 'sess_1' });
    });
    const client = createBacklotClient({ baseUrl: `${baseUrl}/`, apiKey: 'blk_1' });
    expect(await client.sessions.create({ background_image: 'bg_1' }, { idempotencyKey: 'k1' })).toEqual({ session_id: 'sess_1' });
    await client.sessions.speak('sess/1', 'Hello.');
    expect(seen).toEqual([
      ['POST', '/v1/sessions', 'Bearer blk_1', 'k1', 'application/json', '{"background_image":"bg_1"}'],
      ['POST', '/v1/sessions/sess%2F1/speech', 'Bearer blk_1', undefined, 'application/json', '{"text":"Hello."}'],
    ]);
  });

  test('go to the keys of avatar vendors by their paths', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request, response, body) => {
      seen.push([request.method, request.url, body]);
      if (request.method === 'DELETE') response.writeHead(204).end();
      else json(response, 200, { data: [{ vendor: 'tavus' }] });
    });
    const { avatarCredentials } = createBacklotClient({ baseUrl, apiKey: 'blk_1' });
    expect(await avatarCredentials.list()).toEqual([{ vendor: 'tavus' }]);
    await avatarCredentials.put('tavus', 'key-at-tavus');
    await avatarCredentials.delete('simli');
    expect(seen).toEqual([
      ['GET', '/v1/avatar-credentials', ''],
      ['PUT', '/v1/avatar-credentials/tavus', '{"api_key":"key-at-tavus"}'],
      ['DELETE', '/v1/avatar-credentials/simli', ''],
    ]);
  });

  test('go to templates by their paths', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request, response, body) => {
      seen.push([request.method, request.url, request.headers['idempotency-key'], body]);
      if (request.method === 'DELETE') response.writeHead(204).end();
      else json(response, 200, { id: 'tmpl_1' });
    });
    const { templates, sessions } = createBacklotClient({ baseUrl, apiKey: 'blk_1' });
    await templates.create({ title: 'Show' }, { idempotencyKey: 'k1' });
    await templates.list({ limit: 2, cursor: 'c' });
    await templates.get('tmpl/1');
    await templates.update('tmpl_1', { background_image: null });
    await templates.delete('tmpl_1');
    await sessions.create({ template_id: 'tmpl_1' });
    expect(seen).toEqual([
      ['POST', '/v1/templates', 'k1', '{"title":"Show"}'],
      ['GET', '/v1/templates?limit=2&cursor=c', undefined, ''],
      ['GET', '/v1/templates/tmpl%2F1', undefined, ''],
      ['PATCH', '/v1/templates/tmpl_1', undefined, '{"background_image":null}'],
      ['DELETE', '/v1/templates/tmpl_1', undefined, ''],
      ['POST', '/v1/sessions', undefined, '{"template_id":"tmpl_1"}'],
    ]);
  });

  test('upload as a form with title, file name and bytes', async () => {
    let form = '';
    const baseUrl = await serve((_request, response, body) => {
      form = body;
      json(response, 201, { id: 'bg_1' });
    });
    await createBacklotClient({ baseUrl, apiKey: 'blk_1' }).backgroundImages.create({ image: new Blob(['PIXELS']), title: 'Office', fileName: 'office.jpg' });
    expect(form).toMatch(/name="title"\r\n\r\nOffice\r\n[\s\S]*name="image"; filename="office.jpg"[\s\S]*PIXELS/);
  });

  test('iterate over every page with the filter kept', async () => {
    const urls: (string | undefined)[] = [];
    const baseUrl = await serve((request, response) => {
      urls.push(request.url);
      json(response, 200, urls.length === 1 ? { data: [{ id: 'a' }, { id: 'b' }], next_cursor: 'c=1' } : { data: [{ id: 'c' }], next_cursor: null });
    });
    const ids: string[] = [];
    for await (const image of createBacklotClient({ baseUrl }).backgroundImages.iterate({ search: 'a b', limit: 2 })) ids.push(image.id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(urls).toEqual(['/v1/background-images?limit=2&search=a+b', '/v1/background-images?limit=2&cursor=c%3D1&search=a+b']);
  });

  test('speak of webhooks as the contract does', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request, response, body) => {
      seen.push([request.method, request.url, body]);
      json(response, 200, {});
    });
    const { webhookEndpoints, webhookEvents } = createBacklotClient({ baseUrl });
    await webhookEndpoints.create({ url: 'https://example.com/' });
    await webhookEndpoints.update('whe_1', { enabled: false });
    await webhookEndpoints.secret('whe_1');
    await webhookEndpoints.rotateSecret('whe_1');
    await webhookEndpoints.test('whe_1');
    await webhookEvents.list({ type: 'session.ended', limit: 5 });
    await webhookEvents.replay('evt_1');
    await webhookEvents.replay('evt_1', { endpointId: 'whe_1' });
    expect(seen).toEqual([
      ['POST', '/v1/webhook-endpoints', '{"url":"https://example.com/"}'],
      ['PATCH', '/v1/webhook-endpoints/whe_1', '{"enabled":false}'],
      ['GET', '/v1/webhook-endpoints/whe_1/secret', ''],
      ['POST', '/v1/webhook-endpoints/whe_1/secret', ''],
      ['POST', '/v1/webhook-endpoints/whe_1/test', ''],
      ['GET', '/v1/webhook-events?limit=5&type=session.ended', ''],
      ['POST', '/v1/webhook-events/evt_1/replay', '{}'],
      ['POST', '/v1/webhook-events/evt_1/replay', '{"endpoint_id":"whe_1"}'],
    ]);
  });

  test('speak of conversations and the simulated phone as the contract does', async () => {
    const seen: string[] = [];
    const baseUrl = await serve((request, response, body) => {
      seen.push(`${request.method} ${request.url} ${request.headers['content-type']?.split(';')[0] ?? ''} ${body.startsWith('{') ? body : ''}`.trim());
      json(response, 200, { data: [] });
    });
    const { conversations, simulator } = createBacklotClient({ baseUrl });
    await conversations.list({ limit: 50, offset: 50 });
    await conversations.get('conv_1', { messageLimit: 10 });
    await conversations.update('conv_1', { metadata: null });
    await conversations.messages('conv_1', { before: '2026-11-20T12:00:00.000Z', limit: 7 });
    await conversations.showTyping('conv_1');
    await conversations.setBackground('conv_1', { background_image: 'bg_1', fit: 'phone' });
    await conversations.getBackground('conv_1');
    await conversations.removeBackground('conv_1');
    await simulator.chats();
    await simulator.chat('+12025550142');
    await simulator.begin({ people: [{ identifier: '+12025550150' }] });
    await simulator.write('+12025550142', { text: 'Hi' });
    await simulator.setWallpaper('+12025550142', new Blob(['x'], { type: 'image/png' }));
    await simulator.removeWallpaper('+12025550142');
    await simulator.faults();
    await simulator.setFaults({ status: 503 });
    expect(seen).toEqual([
      'GET /v1/conversations?limit=50&offset=50',
      'GET /v1/conversations/conv_1?message_limit=10',
      'PATCH /v1/conversations/conv_1 application/json {"metadata":null}',
      'GET /v1/conversations/conv_1/messages?limit=7&before=2026-11-20T12%3A00%3A00.000Z',
      'POST /v1/conversations/conv_1/typing',
      'POST /v1/conversations/conv_1/background application/json {"background_image":"bg_1","fit":"phone"}',
      'GET /v1/conversations/conv_1/background',
      'DELETE /v1/conversations/conv_1/background',
      'GET /v1/simulator/chats',
      'GET /v1/simulator/chats/%2B12025550142',
      'POST /v1/simulator/chats application/json {"people":[{"identifier":"+12025550150"}]}',
      'POST /v1/simulator/chats/%2B12025550142/messages application/json {"text":"Hi"}',
      'PUT /v1/simulator/chats/%2B12025550142/wallpaper multipart/form-data',
      'DELETE /v1/simulator/chats/%2B12025550142/wallpaper',
      'GET /v1/simulator/faults',
      'PUT /v1/simulator/faults application/json {"status":503}',
    ]);
  });

  test('resolve to nothing for an empty answer', async () => {
    const baseUrl = await serve((_request, response) => response.writeHead(204).end());
    expect(await createBacklotClient({ baseUrl }).backgroundImages.delete('bg_1')).toBeUndefined();
  });

  test('refuse an address that is none at construction', () => {
    expect(() => createBacklotClient({ baseUrl: 'localhost:8787' })).toThrow(TypeError);
  });
});

describe('failures', () => {
  test('have the facts of the error body', async () => {
    const baseUrl = await serve((_request, response) =>
      json(
        response,
        429,
        {
          error: {
            code: 'speech_busy',
            message: 'Too much.',
            type: 'rate_limit',
            details: [{ field: 'text', message: 'later' }],
            request_id: 'req_1',
            docs_url: 'http://x/docs/errors/speech_busy',
          },
        },
        { 'retry-after': '3' },
      ),
    );
    const failure = await createBacklotClient({ baseUrl })
      .me()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BacklotApiError);
    expect(failure).toMatchObject({
      message: 'Too much.',
      code: 'speech_busy',
      status: 429,
      requestId: 'req_1',
      retryAfterSeconds: 3,
      retryable: true,
      details: [{ field: 'text', message: 'later' }],
    });
  });

  test('of a proxy or a dead server are errors of the same kind', async () => {
    const proxy = await serve((_request, response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    await expect(createBacklotClient({ baseUrl: proxy }).me()).rejects.toMatchObject({ code: 'unexpected_response', status: 502, retryable: true });
    const page = await serve((_request, response) => response.writeHead(200).end('<h1>Welcome</h1>'));
    await expect(createBacklotClient({ baseUrl: page }).me()).rejects.toMatchObject({ code: 'unexpected_response', status: 200, retryable: false });
    await expect(createBacklotClient({ baseUrl: 'http://127.0.0.1:1' }).me()).rejects.toMatchObject({ code: 'connection_failed', status: 0, retryable: true });
  });

  test('by time and by the caller are told apart', async () => {
    const baseUrl = await serve(() => undefined);
    const client = createBacklotClient({ baseUrl, timeoutMs: 50 });
    await expect(client.me()).rejects.toMatchObject({ code: 'timeout' });
    const reason = new Error('Enough.');
    await expect(client.me({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('events', () => {
  test('survive a cut stream, skip what is stale or known, and end with the session', async () => {
    let connections = 0;
    const baseUrl = await serve((request, response) => {
      expect(request.headers.accept).toBe('text/event-stream');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      connections++;
      if (connections === 1) {
        response.write(`: hello\r\n\r\n${sse('session', session('starting'))}${sse('background', background(3)).slice(0, 30)}`);
        setImmediate(() => {
          response.write(`${sse('background', background(3)).slice(30)}event: viewers\rdata: {"viewers":2}\r\r`, () => response.destroy());
        });
        return;
      }
      response.end(
        [
          sse('session', session('starting')),
          sse('background', background(3)),
          sse('background', background(2)),
          sse('background', background(4)),
          sse('later', {}),
          sse('session', session('ended')),
        ].join(''),
      );
    });
    const events: string[] = [];
    let reconnects = 0;
    for await (const { event, data } of createBacklotClient({ baseUrl }).sessions.events('sess_1', { onReconnect: () => reconnects++ })) {
      events.push(event === 'background' ? `background ${data.background_version}` : event === 'session' ? data.status : event);
    }
    expect(events).toEqual(['starting', 'background 3', 'viewers', 'background 4', 'ended']);
    expect([connections, reconnects]).toEqual([2, 1]);
  });

  test('of conversations go on after a lost stream, and say when something may have been missed', async () => {
    let streams = 0;
    const baseUrl = await serve((_request, response) => {
      streams++;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse('unknown', {}));
      response.write(sse('conversation', { conversationId: `conv_${streams}` }));
      if (streams === 1) response.end();
    });
    const client = createBacklotClient({ baseUrl });
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { event, data } of client.conversations.events({ signal: abort.signal, onOpen: () => seen.push('open') })) {
      seen.push(`${event} ${data.conversationId}`);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(['open', 'conversation conv_1', 'open', 'conversation conv_2']);
  });

  test('reconnect when the stream falls silent', async () => {
    let connections = 0;
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse('session', session(++connections === 1 ? 'live' : 'ended')));
    });
    const statuses: string[] = [];
    for await (const event of createBacklotClient({ baseUrl }).sessions.events('sess_1', { idleTimeoutMs: 50 })) {
      if (event.event === 'session') statuses.push(event.data.status);
    }
    expect(statuses).toEqual(['live', 'ended']);
  });

  test("throw what trying again can't mend, and stop with the signal", async () => {
    const gone = await serve((_request, response) =>
      json(response, 404, { error: { code: 'session_not_found', message: 'None.', type: 'not_found', details: [], request_id: 'r', docs_url: '' } }),
    );
    await expect(createBacklotClient({ baseUrl: gone }).sessions.events('sess_1').next()).rejects.toMatchObject({ code: 'session_not_found' });

    let onClose: () => void;
    const closed = new Promise<void>((resolve) => {
      onClose = resolve;
    });
    const silent = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse('session', session('live')));
      response.once('close', () => onClose());
    });
    const abort = new AbortController();
    const events = createBacklotClient({ baseUrl: silent }).sessions.events('sess_1', { signal: abort.signal });
    await events.next();
    const next = events.next();
    abort.abort(new Error('Enough.'));
    await expect(next).rejects.toThrow('Enough.');
    await closed;
    expect(abort.signal.aborted).toBe(true);
  });
});

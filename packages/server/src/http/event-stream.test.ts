import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type EventSink, EventStreams } from './event-stream.js';

const openStream = async (streams: EventStreams, subscribe: (sink: EventSink) => Promise<() => void>) => {
  const app = new Hono().get('/', (context) => streams.respond(context, subscribe));
  const response = await app.request('/');
  if (response.body === null) throw new Error('the reply has no body');
  return { response, reader: response.body.pipeThrough(new TextDecoderStream()).getReader() };
};

const readAll = async (reader: ReadableStreamDefaultReader<string>): Promise<string> => {
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  return text;
};

describe('an event stream', () => {
  test('carries events in order and ends when its owner says so', async () => {
    const streams = new EventStreams();
    let stopped = 0;
    const { response, reader } = await openStream(streams, async (sink) => {
      sink.send('session', { status: 'live' });
      sink.send('session', { status: 'ended' });
      sink.end();
      sink.send('session', { status: 'too late' });
      return () => {
        stopped++;
      };
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await readAll(reader)).toBe('retry: 1000\n\nevent: session\ndata: {"status":"live"}\n\nevent: session\ndata: {"status":"ended"}\n\n');
    expect([stopped, streams.size]).toEqual([1, 0]);
  });

  test('ends with the server, and when its client leaves', async () => {
    const streams = new EventStreams();
    let stopped = 0;
    const subscribe = async () => () => {
      stopped++;
    };
    const first = await openStream(streams, subscribe);
    const second = await openStream(streams, subscribe);
    expect(streams.size).toBe(2);
    await first.reader.cancel();
    await expect.poll(() => [stopped, streams.size]).toEqual([1, 1]);
    streams.closeAll();
    await readAll(second.reader);
    expect([stopped, streams.size]).toEqual([2, 0]);
  });

  test('cuts off a client that reads nothing while events pile up', async () => {
    const streams = new EventStreams();
    let sink: EventSink | undefined;
    await openStream(streams, async (opened) => {
      sink = opened;
      return () => undefined;
    });
    for (let index = 0; index < 100 && streams.size > 0; index++) sink?.send('speech', { text: 'x'.repeat(10_000) });
    expect(streams.size).toBe(0);
  });

  test("is an ordinary error when it can't be opened", async () => {
    const streams = new EventStreams();
    const app = new Hono().get('/', (context) => streams.respond(context, async () => Promise.reject(new Error('no such session'))));
    app.onError((error, context) => context.text(error.message, 404));
    expect((await app.request('/')).status).toBe(404);
    expect(streams.size).toBe(0);
  });
});

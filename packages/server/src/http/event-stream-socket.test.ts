import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from './app.js';
import { type EventSink, EventStreams } from './event-stream.js';
import { type HttpServer, openHttpServer } from './server.js';

let streams: EventStreams;
let server: HttpServer;
let sinks: EventSink[];
let stopped: number;

beforeEach(async () => {
  streams = new EventStreams();
  sinks = [];
  stopped = 0;
  const app = createApp({ log: pino({ level: 'silent' }), version: '0.0.0', publicUrl: 'http://backlot.test' });
  app.get('/events', async (context) =>
    streams.respond(context, async (sink) => {
      sinks.push(sink);
      sink.send('state', { value: 'first\nline' });
      return () => {
        stopped++;
      };
    }),
  );
  server = await openHttpServer({ host: '127.0.0.1', port: 0 });
  server.serve(app);
});
afterEach(async () => {
  streams.closeAll();
  await server.close(0);
});

describe('event streams over a socket', () => {
  const url = (): string => `http://127.0.0.1:${server.port}/events`;

  it('stop the subscription when the client leaves', async () => {
    const client = new AbortController();
    const response = await fetch(url(), { signal: client.signal });
    await response.body?.getReader().read();
    expect(streams.size).toBe(1);
    client.abort();
    await expect.poll(() => stopped).toBe(1);
    expect(streams.size).toBe(0);
    // What comes afterwards goes nowhere and breaks nothing.
    sinks[0]?.send('state', {});
    sinks[0]?.end();
    expect(stopped).toBe(1);
  });

  it('hang up on a client that does not read', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /events HTTP/1.1\r\nHost: backlot.test\r\n\r\n');
    await expect.poll(() => sinks.length).toBe(1);
    socket.pause();
    const text = 'x'.repeat(64 * 1024);
    await expect
      .poll(() => {
        for (let count = 0; count < 16; count++) sinks[0]?.send('state', text);
        return stopped;
      })
      .toBe(1);
    expect(streams.size).toBe(0);
    const closed = once(socket, 'close');
    socket.resume();
    await closed;
  });

  it('all end at shutdown, and those that come too late after their first events', async () => {
    const responses = await Promise.all([fetch(url()), fetch(url())]);
    streams.closeAll();
    const texts = await Promise.all(responses.map(async (response) => response.text()));
    expect(texts.every((text) => text.includes('first\\nline'))).toBe(true);
    expect(stopped).toBe(2);
    expect(await (await fetch(url())).text()).toContain('first\\nline');
    expect(stopped).toBe(3);
    expect(streams.size).toBe(0);
  });
});

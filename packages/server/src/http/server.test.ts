import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createApp } from './app.js';
import { openHttpServer, StartupError } from './server.js';

const openApp = () => createApp({ log: pino({ level: 'silent' }), version: '0.0.0', publicUrl: 'http://backlot.test' });

describe('the HTTP server', () => {
  it('says in one line that its port is in use', async () => {
    const first = await openHttpServer({ host: '127.0.0.1', port: 0 });
    try {
      const second = openHttpServer({ host: '127.0.0.1', port: first.port });
      await expect(second).rejects.toThrow(StartupError);
      await expect(second).rejects.toThrow(new RegExp(`^Port ${first.port} on 127\\.0\\.0\\.1 is in use\\. Set BACKLOT_PORT[^\\n]*$`));
    } finally {
      await first.close(0);
    }
  });

  it('says in one line that its address is not one of the machine', async () => {
    // 192.0.2.0/24 is kept for documentation (RFC 5737).
    await expect(openHttpServer({ host: '192.0.2.1', port: 0 })).rejects.toThrow(/^192\.0\.2\.1 is not an address of this machine/);
  });

  it('answers 503 until there is something to serve', async () => {
    const server = await openHttpServer({ host: '127.0.0.1', port: 0 });
    try {
      const early = await fetch(`http://127.0.0.1:${server.port}/health/live`);
      expect(early.status).toBe(503);
      expect(early.headers.get('retry-after')).toBe('1');
    } finally {
      await server.close(0);
    }
  });

  it('finishes a request under way when it closes, despite idle keep-alive connections', async () => {
    const server = await openHttpServer({ host: '127.0.0.1', port: 0 });
    const app = openApp();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      reached = resolve;
    });
    app.get('/slow', async (context) => {
      reached();
      await released;
      return context.text('done');
    });
    app.get('/fast', (context) => context.text('fast'));
    server.serve(app);
    const agent = new Agent({ keepAlive: true });
    const get = async (path: string): Promise<string> => {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ port: server.port, host: '127.0.0.1', path, agent }, resolve).once('error', reject).end();
      });
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return text;
    };
    await get('/fast');
    const slow = get('/slow');
    await started;
    const closed = server.close(20_000);
    release();
    expect(await slow).toBe('done');
    await closed;
    agent.destroy();
    await expect(fetch(`http://127.0.0.1:${server.port}/fast`)).rejects.toThrow('fetch failed');
  });

  it('does not wait longer than it may for a request that never ends', async () => {
    const server = await openHttpServer({ host: '127.0.0.1', port: 0 });
    const app = openApp();
    let reached: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      reached = resolve;
    });
    app.get('/never', async () => {
      reached();
      return new Promise<Response>(() => undefined);
    });
    server.serve(app);
    const outcome = fetch(`http://127.0.0.1:${server.port}/never`).then(
      () => 'answered',
      () => 'hung up',
    );
    await started;
    await server.close(20);
    expect(await outcome).toBe('hung up');
  });

  it('lives on when clients send rubbish or leave in the middle of a body', async () => {
    const server = await openHttpServer({ host: '127.0.0.1', port: 0 });
    const app = openApp();
    app.post('/v1/body', async (context) => context.text(String((await context.req.text()).length)));
    app.get('/fast', (context) => context.text('fast'));
    server.serve(app);
    const send = async (text: string, leaves: boolean): Promise<string> => {
      const socket = connect(server.port, '127.0.0.1');
      let reply = '';
      socket.on('data', (chunk: Buffer) => {
        reply += chunk.toString();
      });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      socket.write(text, () => {
        if (leaves) socket.destroy();
      });
      await closed;
      return reply;
    };
    try {
      expect(await send('rubbish\r\n\r\n', false)).toContain('400 Bad Request');
      await send('POST /v1/body HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"half', true);
      await send('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n', true);
      expect(await (await fetch(`http://127.0.0.1:${server.port}/fast`)).text()).toBe('fast');
    } finally {
      await server.close(0);
    }
  });
});

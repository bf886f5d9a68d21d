import { startBacklot } from '@backlot/testing';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Signed with this secret, by the letter of Standard Webhooks. */
  readonly isSignedWith: (secret: string) => boolean;
}

describe('webhooks of a started server', () => {
  let receiver: Server;
  let port: number;
  let dataDir: string;
  const deliveries: Delivery[] = [];
  const types = (): string[] => deliveries.map(({ type }) => type);

  beforeEach(async () => {
    deliveries.length = 0;
    dataDir = await mkdtemp(join(tmpdir(), 'backlot-webhooks-'));
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
        const { type, data } = JSON.parse(body) as Delivery;
        const isSignedWith = (secret: string): boolean => {
          const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
          return (
            signature ===
            `v1,${createHmac('sha256', key)
              .update(`${String(id)}.${String(at)}.${body}`)
              .digest('base64')}`
          );
        };
        deliveries.push({ id: String(id), type, data, isSignedWith });
        response.writeHead(204).end();
      });
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    port = (receiver.address() as AddressInfo).port;
  });
  afterEach(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = async () => startBacklot({ dataDir, env: { BACKLOT_FETCH_ALLOW: `127.0.0.1:${port}` } });

  test("tell a session's life, an image's, and what a kill cut off; they arrive also after the server was stopped", async () => {
    let secret = '';
    let killed = '';
    {
      await using backlot = await start();
      const created = await backlot.api('POST', '/v1/webhook-endpoints', { url: `http://127.0.0.1:${port}/hook` });
      expect(created.status).toBe(201);
      secret = (created.body as { secret: string }).secret;

      const form = new FormData();
      const picture = await readFile(new URL('../packages/server/assets/backgrounds/studio-wall.jpg', import.meta.url));
      form.set('image', new Blob([new Uint8Array(picture)]), 'studio-wall.jpg');
      const image = (await backlot.api('POST', '/v1/background-images', form)).body as { id: string };
      const { session_id: id } = (await backlot.api('POST', '/v1/sessions', {})).body as { session_id: string };
      await expect.poll(types, { timeout: 30_000 }).toContain('session.started');
      await backlot.api('POST', `/v1/sessions/${id}/background`, { background_image: image.id });
      await backlot.api('DELETE', `/v1/sessions/${id}`);
      await backlot.api('DELETE', `/v1/background-images/${image.id}`);
      await expect
        .poll(() => types().sort(), { timeout: 10_000 })
        .toEqual(['background_image.created', 'background_image.deleted', 'session.background.updated', 'session.ended', 'session.started']);
      expect(deliveries.find(({ type }) => type === 'session.started')?.data).toMatchObject({ session_id: id, status: 'live' });
      expect(deliveries.find(({ type }) => type === 'session.background.updated')?.data).toMatchObject({ session_id: id, background_id: image.id });
      expect(deliveries.every(({ isSignedWith }) => isSignedWith(secret))).toBe(true);

      deliveries.length = 0;
      killed = ((await backlot.api('POST', '/v1/sessions', { avatar: { provider: 'whip' } })).body as { session_id: string }).session_id;
      await backlot.stop('SIGKILL');
    }
    await using backlot = await start();
    await expect
      .poll(() => deliveries.map(({ data }) => data), { timeout: 10_000 })
      .toMatchObject([{ session_id: killed, reason: { code: 'server_restarted' } }]);

    // What is said while the server stops is sent before it is gone.
    deliveries.length = 0;
    const { session_id: last } = (await backlot.api('POST', '/v1/sessions', { avatar: { provider: 'whip' } })).body as { session_id: string };
    expect(await backlot.stop()).toBe(0);
    expect(deliveries.map(({ data }) => data)).toMatchObject([{ session_id: last, reason: { code: 'server_stopped' } }]);
    expect(deliveries[0]?.isSignedWith(secret)).toBe(true);
  });
});

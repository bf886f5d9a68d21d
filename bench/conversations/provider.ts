import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider that speaks as much of Blooio's wire as is needed here, and does nothing slowly. */
export interface BenchProvider extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port of 127.0.0.1, with so many chats without messages. */
export const startProvider = async (chats: number): Promise<BenchProvider> => {
  const list = Array.from({ length: chats }, (_, index) => {
    const identifier = `+1202555${String(index).padStart(4, '0')}`;
    return { id: identifier, type: 'phone', is_group: false, contact: { identifier, name: null }, last_message_time: Date.now() };
  });
  const versions = new Map<string, number>();
  const server = createServer((request, response) => {
    const answer = (): void => {
      const url = new URL(request.url ?? '', 'http://provider');
      const chatId = /^\/chats\/([^/]+)\/background$/.exec(url.pathname)?.[1];
      const limit = Number(url.searchParams.get('limit') ?? 50);
      const offset = Number(url.searchParams.get('offset') ?? 0);
      let body: unknown = { messages: [], pagination: { limit, offset, total: 0 } };
      if (chatId !== undefined) {
        const version = (versions.get(chatId) ?? 0) + (request.method === 'PUT' ? 1 : 0);
        versions.set(chatId, version);
        body = { chat_id: chatId, has_background: version > 0, background_id: `id-${version}`, background_version: version, changed: true };
      } else if (url.pathname === '/chats') {
        body = { chats: list.slice(offset, offset + limit), pagination: { limit, offset, total: list.length } };
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    request.resume().once('end', answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};

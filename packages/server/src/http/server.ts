import { createServer, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { App } from './context.js';

/** Said to the person who starts Backlot, as one line. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

export interface HttpServer {
  readonly port: number;
  /** Until then every request is answered with 503: the port is held while the parts start. */
  serve(app: App): void;
  /**
   * Stops taking requests and waits for those under way, `graceMs` at most. Event streams must have been ended
   * before: they never end by themselves.
   */
  close(graceMs: number): Promise<void>;
}

const explain = (error: NodeJS.ErrnoException, host: string, port: number): string => {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Set BACKLOT_PORT to another one, or stop what uses it.`;
    case 'EACCES':
      return `Port ${port} on ${host} may not be opened by this user. Set BACKLOT_PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine. Set BACKLOT_HOST to one that is.`;
    default:
      return `The HTTP server could not listen on ${host}:${port}: ${error.message}`;
  }
};

/** Opens the port. Throws `StartupError` when it can't be had. */
export const openHttpServer = async (options: { readonly host: string; readonly port: number }): Promise<HttpServer> => {
  const { host, port } = options;
  let app: App | undefined;
  const starting = (): Response => new Response(null, { status: 503, headers: { 'Retry-After': '1' } });
  const listen = getRequestListener((request, env) => app?.fetch(request, env) ?? starting(), { overrideGlobalObjects: false });
  const server: Server = createServer(
    { requestTimeout: 120_000, headersTimeout: 20_000, keepAliveTimeout: 15_000 },
    (incoming, outgoing) => void listen(incoming, outgoing),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new StartupError(explain(error, host, port), { cause: error })));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new StartupError('The HTTP server has no port.');
  return {
    port: address.port,
    serve: (ready) => {
      app = ready;
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      const deadlineMs = performance.now() + graceMs;
      // A keep-alive socket that becomes idle after `close` would linger for its whole time-out.
      for (let over = false; !over && performance.now() < deadlineMs;) {
        server.closeIdleConnections();
        over = await Promise.race([closed.then(() => true), wait(50, false)]);
      }
      server.closeAllConnections();
      await closed;
    },
  };
};

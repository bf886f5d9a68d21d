import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** As sent, escapes and query included. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What to answer: JSON unless `body` is text, which goes out as it is. */
export interface WireReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a provider can do instead of answering. */
export type WireFault =
  | { readonly kind: 'reply'; readonly reply: WireReply }
  /** Takes the request and stays silent. */
  | { readonly kind: 'hang' }
  /** Sends the status and half an answer, then nothing more. */
  | { readonly kind: 'hang_mid_body' }
  /** Sends half an answer and closes. */
  | { readonly kind: 'close_mid_body' }
  /** Closes without a word. */
  | { readonly kind: 'close' };

/** A provider's server under the tests' control. */
export interface WireServer extends AsyncDisposable {
  readonly url: string;
  /** For what else a provider speaks on its port. */
  readonly http: Server;
  /** Everything that was asked, in order. */
  readonly requests: WireRequest[];
  /** How it answers. */
  answer: (request: WireRequest) => WireReply | Promise<WireReply>;
  /** While set, every request meets it instead. */
  fault: WireFault | null;
  /** Waits for the request that comes next. */
  next(): Promise<WireRequest>;
}

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const send = (outgoing: ServerResponse, { status = 200, headers = {}, body }: WireReply): void => {
  const isText = typeof body === 'string';
  outgoing.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
  outgoing.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
};

/** Starts a server on a free port of 127.0.0.1. */
export const startWireServer = async (): Promise<WireServer> => {
  const requests: WireRequest[] = [];
  const waiting: ((request: WireRequest) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const handle = async (): Promise<void> => {
      const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
      const request: WireRequest = { method: incoming.method ?? '', path: incoming.url ?? '', headers, body: await readBody(incoming) };
      requests.push(request);
      for (const resolve of waiting.splice(0)) resolve(request);
      const { fault } = wire;
      switch (fault?.kind) {
        case undefined:
          return send(outgoing, await wire.answer(request));
        case 'reply':
          return send(outgoing, fault.reply);
        case 'hang':
          return undefined;
        case 'close':
          incoming.socket.destroy();
          return undefined;
        case 'hang_mid_body':
        case 'close_mid_body':
          outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
          outgoing.write('{"half":');
          if (fault.kind === 'close_mid_body') outgoing.write(' ', () => incoming.socket.destroy());
          return undefined;
      }
    };
    // A client that gives up in the middle of its own request is what some tests are about.
    handle().catch(() => outgoing.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const wire: WireServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    http: server,
    requests,
    answer: () => ({ status: 404, body: { error: 'no such call' } }),
    fault: null,
    next: async () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return wire;
};

/** A part of a form as it was sent. */
export interface WirePart {
  readonly headers: readonly string[];
  readonly bytes: Buffer;
}

/**
 * The parts of a multipart body, read byte for byte: anything before the first boundary, after the last, or not as
 * RFC 7578 has it is an error.
 */
export const readMultipartExactly = (request: WireRequest): { readonly boundary: string; readonly parts: WirePart[] } => {
  const boundary = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`not a form: ${request.headers['content-type']}`);
  if (Number(request.headers['content-length']) !== request.body.byteLength) throw new Error('the content length is not that of the body');
  const parts: WirePart[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let position = delimiter.length - 2;
  if (!request.body.subarray(0, position).equals(delimiter.subarray(2))) throw new Error('the body does not begin with its boundary');
  for (;;) {
    const mark = request.body.subarray(position, position + 2).toString('latin1');
    if (mark === '--') {
      if (request.body.subarray(position + 2).toString('latin1') !== '\r\n') throw new Error('something follows the last boundary');
      return { boundary, parts };
    }
    if (mark !== '\r\n') throw new Error('a boundary does not end its line');
    const headerEnd = request.body.indexOf('\r\n\r\n', position);
    const end = request.body.indexOf(delimiter, headerEnd + 2);
    if (headerEnd < 0 || end < 0) throw new Error('a part does not end');
    parts.push({
      headers: request.body
        .subarray(position + 2, headerEnd)
        .toString('utf8')
        .split('\r\n'),
      bytes: request.body.subarray(headerEnd + 4, end),
    });
    position = end + delimiter.length;
  }
};

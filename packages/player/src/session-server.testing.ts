import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sharedData } from '@backlot/testing';
import { build } from 'vite';
import type { LivekitConnection } from './livekit/livekit-source.js';
import type { BackgroundState, SessionState, SpeechState } from './session-events.js';

/** Id and token of the only session. */
export const SESSION_ID = 'sess_4tz8hw2kq9mx7cvn3pdr';
export const TOKEN = 'viewer-token';

/** Answers a viewer's offer: the WebRTC end of a session. */
export type Answer = (offer: string) => Promise<string>;

const buildBundle = async (mode: 'production' | 'software' | 'livekit'): Promise<string> => {
  const result = await build({ configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)), mode, logLevel: 'error', build: { write: false } });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('The bundle was not built.');
  return first.output[0].code;
};

const types: Record<string, string> = { mp4: 'video/mp4', png: 'image/png', jpg: 'image/jpeg' };

/** A server that speaks one session's wire: WHEP, the live feed, ways into its LiveKit room, images, and pages to play it on. */
export class SessionServer implements AsyncDisposable {
  session: SessionState = {
    session_id: SESSION_ID,
    status: 'live',
    reason: null,
    stage: 'embedded',
    render: 'client',
    canvas: { width: 640, height: 360 },
    framing: { scale: 1, x: 0, y: 0, crop: 'none' },
    keying: {},
    video_codec: 'VP8',
  };
  background: BackgroundState = {
    has_background: false,
    background_id: null,
    background_version: 0,
    image_url: null,
    color: null,
    fit: 'cover',
    transition_ms: 0,
  };
  /** How offers are answered; null: the publisher is absent. */
  answer: Answer | null = null;
  /** What viewers of LiveKit join with; null: the session isn't there any more. */
  joinRoom: (() => Promise<LivekitConnection>) | null = null;
  /** Scripts of pages besides the player's, by path. */
  readonly scripts = new Map<string, string>();
  /** Whether `keyer.wasm` is to be had: without it the player keys by WebGL. */
  hasWasm = true;
  /** Requests by `METHOD path`, in order. */
  readonly requests: string[] = [];
  /** Feeds that are open. */
  readonly feeds = new Set<ServerResponse>();
  readonly #server: Server;
  readonly #bundle: string;
  readonly #software: string;
  #livekit: Promise<string> | null = null;
  #connections = 0;

  private constructor(bundle: string, software: string) {
    this.#bundle = bundle;
    this.#software = software;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
  }

  /** Builds the player from its sources and starts to listen. */
  static async start(): Promise<SessionServer> {
    const server = new SessionServer(await buildBundle('production'), await buildBundle('software'));
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that were made and not deleted. */
  get openConnections(): number {
    return this.#connections;
  }

  /** Forgets what earlier viewers did. */
  reset(): void {
    this.requests.length = 0;
    this.#connections = 0;
  }

  setSession(change: Partial<SessionState>): void {
    this.session = { ...this.session, ...change };
    this.#send('session', this.session);
  }

  setBackground(change: Partial<BackgroundState>): void {
    this.background = { ...this.background, ...change };
    this.#send('background', this.background);
  }

  /** Sends a state that is not the current one, as a late packet would. */
  sendBackground(state: BackgroundState): void {
    this.#send('background', state);
  }

  sendSpeech(state: SpeechState): void {
    this.#send('speech', state);
  }

  /** Cuts all live feeds, as a proxy's time-out does. */
  dropFeeds(): void {
    for (const feed of this.feeds) feed.destroy();
    this.feeds.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropFeeds();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #send(name: string, data: unknown): void {
    for (const feed of this.feeds) feed.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', this.origin).pathname);
    this.requests.push(`${request.method} ${path}`);
    const html = (body: string) => response.setHeader('Content-Type', 'text/html').end(`<!doctype html><link rel="icon" href="data:,"><body>${body}`);
    if (path === '/player/backlot-player.js') return void response.setHeader('Content-Type', 'text/javascript').end(this.#bundle);
    if (path === '/player/software.js') return void response.setHeader('Content-Type', 'text/javascript').end(this.#software);
    if (path === '/player/livekit.js') return void response.setHeader('Content-Type', 'text/javascript').end(await (this.#livekit ??= buildBundle('livekit')));
    const script = this.scripts.get(path);
    if (script !== undefined) return void response.setHeader('Content-Type', 'text/javascript').end(script);
    if (path === '/player/keyer.wasm' && !this.hasWasm) return void response.writeHead(404).end();
    if (path === '/player/keyer.wasm') return this.#sendFile(fileURLToPath(import.meta.resolve('@backlot/keyer/keyer.wasm')), request, response);
    if (path === '/host') return void html('<script src="/player/backlot-player.js"></script>');
    if (path === '/publisher') return void html('');
    if (path === '/page') return void html([...this.scripts.keys()].map((source) => `<script src="${source}"></script>`).join(''));
    if (path.startsWith('/player/'))
      return (
        createReadStream(fileURLToPath(new URL('../public/player.html', import.meta.url))).pipe(response.setHeader('Content-Type', 'text/html')) && undefined
      );
    if (path.startsWith('/data/')) return this.#sendFile(sharedData(path.slice('/data/'.length)), request, response);
    if (!path.startsWith(`/v1/sessions/${SESSION_ID}/`)) return void response.writeHead(404).end();
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return void response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error":{"code":"unauthenticated"}}');
    if (path.endsWith('/events')) return this.#follow(response);
    if (path.endsWith('/livekit-connection')) {
      const [status, body] = this.joinRoom === null ? [409, { error: { code: 'session_ended' } }] : [200, await this.joinRoom()];
      return void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    }
    if (request.method === 'DELETE') {
      this.#connections--;
      return void response.end();
    }
    return this.#connect(request, response);
  }

  #follow(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`event: session\ndata: ${JSON.stringify(this.session)}\n\nevent: background\ndata: ${JSON.stringify(this.background)}\n\n`);
    this.feeds.add(response);
    response.on('close', () => this.feeds.delete(response));
  }

  async #connect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let offer = '';
    for await (const chunk of request.setEncoding('utf8')) offer += String(chunk);
    if (this.answer === null)
      return void response.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/json' }).end('{"error":{"code":"publisher_absent"}}');
    const answer = await this.answer(offer);
    this.#connections++;
    response.writeHead(201, { 'Content-Type': 'application/sdp', Location: `/v1/sessions/${SESSION_ID}/whep/conn_${this.requests.length}` }).end(answer);
  }

  #sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
    const { size } = statSync(file);
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = to === undefined || to === '' ? size - 1 : Number(to);
    const headers = {
      'Content-Type': types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'Accept-Ranges': 'bytes',
      'Content-Length': end - start + 1,
    };
    if (from === undefined) response.writeHead(200, headers);
    else response.writeHead(206, { ...headers, 'Content-Range': `bytes ${start}-${end}/${size}` });
    createReadStream(file, { start, end }).pipe(response);
  }
}

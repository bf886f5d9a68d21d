import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const { config } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly config: { readonly livekitServer: string } };

/** The version that tests are run with. */
const VERSION = config.livekitServer;
const API_KEY = 'devkey';
/** As long as LiveKit wants it. */
const API_SECRET = 'secret-of-a-livekit-server-in-tests';
const START_MS = 20_000;
const POLL_MS = 25;
/** Another process may take a port between its finding and its use. */
const START_TRIES = 3;
const OUTPUT_LENGTH = 64 * 1024;

/**
 * Path of a LiveKit server: what `BACKLOT_LIVEKIT_SERVER` names, what `npm test` brought, or the one on the PATH.
 * Undefined, and said aloud, when there is none; under `CI=true` that is an error.
 */
export const findLivekitServer = (): string | undefined => {
  const candidates = [
    process.env['BACKLOT_LIVEKIT_SERVER'] ?? '',
    join(homedir(), '.cache', 'backlot', `livekit-server-${VERSION}`, 'server'),
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'livekit-server')),
  ];
  const path = candidates.find((candidate) => candidate !== '' && existsSync(candidate));
  if (path === undefined) {
    const message = `LiveKit's server is missing: \`npm test\` brings it where Go is installed, or set BACKLOT_LIVEKIT_SERVER.`;
    if (process.env['CI'] === 'true') throw new Error(message);
    process.stderr.write(`SKIPPED: ${message}\n`);
  }
  return path;
};

export interface LivekitOptions {
  /** Path of the server; by default that of `findLivekitServer`. */
  readonly path?: string | undefined;
  /** Merged into the server's configuration (its YAML file, as an object), one level deep. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

/** A LiveKit server of its own, on ports of its own. */
export interface LivekitServer extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>`; the same over restarts. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** `BACKLOT_LIVEKIT_…` for a Backlot that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** The end of what it has logged. */
  readonly output: () => string;
  /** Kills it: no goodbye to anybody, and its rooms are gone. */
  readonly stop: () => Promise<void>;
  /** Brings it back on the same ports. */
  readonly start: () => Promise<void>;
  readonly restart: () => Promise<void>;
}

const freeTcpPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** A UDP port that nobody has at this moment. */
export const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
};

/** Starts a LiveKit server and waits until it answers. Rejects with its output when it ends before that. */
export const startLivekit = async (options: LivekitOptions = {}): Promise<LivekitServer> => {
  const path = options.path ?? findLivekitServer();
  if (path === undefined) throw new Error("LiveKit's server is not installed.");
  let server: ChildProcess | undefined;
  let output = '';
  let port = 0;
  let body = '';

  const launch = async (): Promise<void> => {
    const started = spawn(path, ['--config-body', body], { stdio: ['ignore', 'pipe', 'pipe'] });
    server = started;
    const ended = new AbortController();
    const collect = (chunk: Buffer): void => {
      output = `${output}${chunk.toString()}`.slice(-OUTPUT_LENGTH);
    };
    started.stdout.on('data', collect);
    started.stderr.on('data', collect);
    started.once('error', (error) => ended.abort(error));
    started.once('exit', (code, signal) => ended.abort(new Error(`LiveKit's server ended (${code ?? signal}):\n${output}`)));
    const deadline = AbortSignal.any([ended.signal, AbortSignal.timeout(START_MS)]);
    for (;;) {
      deadline.throwIfAborted();
      const answers = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) }).then(
        (response) => response.ok,
        () => false,
      );
      if (answers) return;
      await wait(POLL_MS);
    }
  };

  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    // On SIGTERM it would wait for everybody to leave.
    running.kill('SIGKILL');
    await exited;
  };

  for (let attempt = 1; ; attempt++) {
    port = await freeTcpPort();
    const settings: Record<string, unknown> = {
      port,
      bind_addresses: ['127.0.0.1'],
      keys: { [API_KEY]: API_SECRET },
      rtc: { tcp_port: await freeTcpPort(), udp_port: await freeUdpPort(), node_ip: '127.0.0.1', use_external_ip: false, enable_loopback_candidate: true },
      logging: { level: 'info', json: true },
    };
    for (const [section, values] of Object.entries(options.config ?? {})) {
      settings[section] = { ...(settings[section] as object | undefined), ...values };
    }
    // JSON is YAML.
    body = JSON.stringify(settings);
    try {
      await launch();
      break;
    } catch (error) {
      await stop();
      if (attempt === START_TRIES) throw error;
    }
  }

  const url = `ws://127.0.0.1:${port}`;
  return {
    url,
    apiKey: API_KEY,
    apiSecret: API_SECRET,
    env: { BACKLOT_LIVEKIT_URL: url, BACKLOT_LIVEKIT_API_KEY: API_KEY, BACKLOT_LIVEKIT_API_SECRET: API_SECRET },
    output: () => output,
    stop,
    start: launch,
    restart: async () => {
      await stop();
      await launch();
    },
    [Symbol.asyncDispose]: stop,
  };
};

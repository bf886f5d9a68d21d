import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url));

/** The key of every Backlot that tests start. */
export const TEST_API_KEY = 'blk_test_0123456789abcdefghijklmnop';

export interface StartOptions {
  /** Kept over restarts when given; else a temporary folder that is removed at the end. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A started Backlot: the real server in a process of its own, on ports of its own. */
export interface StartedBacklot extends AsyncDisposable {
  /** Base address, without a slash at the end. */
  readonly url: string;
  readonly signInUrl: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What it has printed to standard output and error. */
  readonly output: () => string;
  /** A JSON request with the test key. */
  readonly api: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ status: number; headers: Headers; body: unknown }>;
  /** Ends it as an operator would and resolves to its exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Starts the built server and waits until it is ready. Rejects with its output when it ends before that. */
export const startBacklot = async (options: StartOptions = {}): Promise<StartedBacklot> => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'backlot-test-')));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      BACKLOT_PORT: '0',
      BACKLOT_UDP_PORT: '0',
      BACKLOT_DATA_DIR: dataDir,
      BACKLOT_API_KEY: TEST_API_KEY,
      BACKLOT_LOG_LEVEL: 'info',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      const link = /Console\s+(\S+)/.exec(output)?.[1];
      if (link !== undefined && output.includes('is ready')) resolve(link);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`Backlot ended (${code ?? signal}) before it was ready:\n${output}`)));
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  };
  let signInUrl: string;
  try {
    signInUrl = await ready;
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  const url = new URL(signInUrl).origin;
  return {
    url,
    signInUrl,
    dataDir,
    process: child,
    output: () => output,
    api: async (method, path, body, headers = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TEST_API_KEY}`,
          ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
};

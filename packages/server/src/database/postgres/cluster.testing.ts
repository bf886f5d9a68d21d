import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = '/usr/lib/postgresql';

/** Folder of the newest installed PostgreSQL's programs (Debian's layout); undefined, and said aloud, when there is none. */
export const findPostgres = (): string | undefined => {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = versions.map((version) => join(ROOT, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (folder === undefined) {
    const message = 'PostgreSQL is missing: install it (`apt-get install postgresql`).';
    if (process.env['CI'] === 'true') throw new Error(message);
    process.stderr.write(`SKIPPED: ${message}\n`);
  }
  return folder;
};

/** A PostgreSQL server of its own in a temporary folder. */
export interface Cluster extends AsyncDisposable {
  /** Makes an empty database and resolves to its address. */
  readonly createDatabase: () => Promise<string>;
  /** Stops the server as an operator in a hurry would; `start` brings it back. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const findFreePort = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port)));
    });
  });

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
const serverUser = async (): Promise<{ uid?: number; gid?: number }> => {
  if (process.getuid?.() !== 0) return {};
  const fields = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((line) => line.startsWith('postgres:'))
    ?.split(':');
  return { uid: Number(fields?.[2]), gid: Number(fields?.[3]) };
};

/** Makes and starts a cluster from the programs in `bin`. */
export const startCluster = async (bin: string): Promise<Cluster> => {
  const user = await serverUser();
  const folder = await mkdtemp(join(tmpdir(), 'backlot-postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o700);
  const data = join(folder, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'backlot', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'], { ...user, cwd: folder });
  const port = await findFreePort();
  let server: ChildProcess | undefined;
  const psql = async (sql: string): Promise<void> => {
    await run('psql', ['-h', '127.0.0.1', '-p', String(port), '-U', 'backlot', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
  };
  const start = async (): Promise<void> => {
    const started = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off'],
      { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    server = started;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      started.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('ready to accept connections')) resolve();
      });
      started.once('exit', () => reject(new Error(`PostgreSQL ended:\n${output}`)));
    });
  };
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      // SIGQUIT: at once, without a word to clients.
      running.kill('SIGQUIT');
    });
  };
  await start();
  let databases = 0;
  return {
    createDatabase: async () => {
      const name = `test_${++databases}`;
      await psql(`create database ${name}`);
      return `postgres://backlot@127.0.0.1:${port}/${name}`;
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

import { constants } from 'node:fs';
import { access, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { toError } from '../errors.js';
import { StartupError } from '../http/server.js';

const HEARTBEAT_MS = 10_000;
/** A lock of another host counts as left behind after so long without a heartbeat. */
const STALE_MS = 30_000;

const ownerSchema = z.object({ hostname: z.string(), pid: z.number().int(), startedAt: z.string(), bootId: z.string(), heartbeatAt: z.number() });
type Owner = z.infer<typeof ownerSchema>;

/** Start time of a process in clock ticks since boot, on Linux: tells a process from a later one with the same id. */
const readProcessStart = async (pid: number): Promise<string> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

const readBootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const isHeld = async (owner: Owner): Promise<boolean> => {
  if (owner.hostname !== hostname()) return Date.now() - owner.heartbeatAt < STALE_MS;
  if (owner.bootId !== (await readBootId()) || !isRunning(owner.pid)) return false;
  return owner.startedAt === (await readProcessStart(owner.pid));
};

/** The data folder, held by this process alone. Disposing it lets go of it. */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes the data folder when it is absent and takes it for this process: the embedded database loses rows when two
 * processes share it.
 *
 * @throws StartupError one line for people: not writable, or held by another process
 */
export const openDataFolder = async (path: string): Promise<DataFolder> => {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (cause) {
    throw new StartupError(`The data folder ${path} can't be written: ${toError(cause).message}. Set BACKLOT_DATA_DIR to a folder that can.`, { cause });
  }
  const lockPath = join(path, 'lock.json');
  const draft = `${lockPath}.${process.pid}`;
  const describe = async (): Promise<string> =>
    JSON.stringify({ hostname: hostname(), pid: process.pid, startedAt: await readProcessStart(process.pid), bootId: await readBootId(), heartbeatAt: Date.now() } satisfies Owner);

  for (let attempt = 0; ; attempt++) {
    try {
      // Written first, linked then: whoever finds the lock finds a whole one.
      await writeFile(draft, await describe());
      await link(draft, lockPath);
      await rm(draft, { force: true });
      break;
    } catch (thrown) {
      const error = toError(thrown) as NodeJS.ErrnoException;
      if (error.code !== 'EEXIST') throw new StartupError(`The data folder ${path} can't be written: ${error.message}.`, { cause: error });
      const owner = ownerSchema.safeParse(await readFile(lockPath, 'utf8').then((text): unknown => JSON.parse(text), () => null));
      if (attempt >= 5 || (owner.success && (await isHeld(owner.data)))) {
        throw new StartupError(
          `The data folder ${path} is in use by another Backlot${owner.success ? ` (process ${owner.data.pid} on ${owner.data.hostname})` : ''}. Stop it, or set BACKLOT_DATA_DIR to another folder.`,
        );
      }
      // Left behind by a process that is gone. Two who find it race on `wx` again.
      await rm(lockPath, { force: true });
    }
  }

  const heartbeat = setInterval(() => {
    void (async () => {
      await writeFile(draft, await describe());
      await rename(draft, lockPath);
    })().catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeat);
      await rm(lockPath, { force: true });
    },
  };
};

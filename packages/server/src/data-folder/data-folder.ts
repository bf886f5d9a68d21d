import { randomUUID } from 'node:crypto';
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

const parseOwner = (text: string): Owner | null => {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

/** Removes a lock that was found to be left behind; a newer one that somebody put there meanwhile goes back. */
const takeAway = async (lockPath: string, found: string): Promise<void> => {
  const aside = `${lockPath}.${randomUUID()}`;
  try {
    await rename(lockPath, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== found) await link(aside, lockPath);
  await rm(aside);
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
  const draft = `${lockPath}.${randomUUID()}`;
  const describe = async (): Promise<string> =>
    JSON.stringify({
      hostname: hostname(),
      pid: process.pid,
      startedAt: await readProcessStart(process.pid),
      bootId: await readBootId(),
      heartbeatAt: Date.now(),
    } satisfies Owner);

  for (;;) {
    try {
      // Written first, linked then: whoever finds the lock finds a whole one.
      await writeFile(draft, await describe());
      await link(draft, lockPath);
      await rm(draft, { force: true });
      break;
    } catch (thrown) {
      const error = toError(thrown) as NodeJS.ErrnoException;
      if (error.code !== 'EEXIST') throw new StartupError(`The data folder ${path} can't be written: ${error.message}.`, { cause: error });
      const found = await readFile(lockPath, 'utf8').catch(() => '');
      const owner = parseOwner(found);
      if (owner !== null && (await isHeld(owner))) {
        await rm(draft, { force: true });
        throw new StartupError(
          `The data folder ${path} is in use by another Backlot (process ${owner.pid} on ${owner.hostname}). Stop it, or set BACKLOT_DATA_DIR to another folder.`,
        );
      }
      await takeAway(lockPath, found);
    }
  }

  let beat = Promise.resolve();
  const heartbeat = setInterval(() => {
    beat = (async () => {
      await writeFile(draft, await describe());
      await rename(draft, lockPath);
    })().catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeat);
      // One under way would put the lock back.
      await beat;
      await rm(lockPath, { force: true });
    },
  };
};

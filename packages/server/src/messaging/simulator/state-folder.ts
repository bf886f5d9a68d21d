import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Also the name of its file. */
const WALLPAPER_ID = /^obj_[0-9a-z]{1,40}$/;

/** How a chat's messages travel. */
export const protocol = z.enum(['imessage', 'sms', 'rcs']);

const person = z.object({ identifier: z.string(), name: z.string().nullable() });

/** A message in a simulated chat; times are milliseconds since 1970. */
const storedMessage = z.object({
  messageId: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  text: z.string(),
  sender: z.string().nullable(),
  sentMs: z.number(),
});

/** A wallpaper as everybody in the chat sees it. */
const storedWallpaper = z.object({
  wallpaperId: z.string().regex(WALLPAPER_ID),
  sha256: z.string(),
  sizeBytes: z.number(),
  mediaType: z.string(),
  /** Set by a program, it comes zoomed; set by hand on a phone, it comes as it was framed there. */
  setBy: z.enum(['program', 'hand']),
  setMs: z.number(),
});

const storedChat = z.object({
  chatId: z.string(),
  isGroup: z.boolean(),
  groupName: z.string().nullable(),
  protocol,
  people: z.array(person),
  wallpaper: storedWallpaper.nullable(),
  /** Rises with every change, removals included. */
  wallpaperVersion: z.number().int(),
  messages: z.array(storedMessage),
});

const storedWebhook = z.object({ webhookId: z.string(), url: z.string(), type: z.enum(['message', 'status', 'all']), secret: z.string() });

const storedState = z.object({ format: z.literal(1), phoneNumber: z.string(), chats: z.array(storedChat), webhooks: z.array(storedWebhook) });

export type Protocol = z.infer<typeof protocol>;
export type StoredMessage = z.infer<typeof storedMessage>;
export type StoredWallpaper = z.infer<typeof storedWallpaper>;
export type StoredChat = z.infer<typeof storedChat>;
export type StoredWebhook = z.infer<typeof storedWebhook>;
export type StoredState = z.infer<typeof storedState>;

/** Writes a file such that whoever reads it, after a crash too, finds either the old or the new one, whole. */
const writeAtomically = async (path: string, bytes: Uint8Array | string): Promise<void> => {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

const ignoreAbsent = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};

/** What the simulator keeps over restarts: one JSON file, and each wallpaper's bytes under its id. */
export class StateFolder {
  readonly #folder: string;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null when there is none yet. What can't be read is put aside, not overwritten. */
  async load(): Promise<StoredState | null> {
    await mkdir(join(this.#folder, 'wallpapers'), { recursive: true });
    const text = await readFile(this.#statePath, 'utf8').catch(ignoreAbsent);
    if (text === null) return null;
    try {
      return storedState.parse(JSON.parse(text));
    } catch {
      await rename(this.#statePath, `${this.#statePath}.unreadable-${Date.now()}`);
      return null;
    }
  }

  /** Resolves when the state is kept as it is now, or newer: calls that come while one is being written share the next. */
  async save(state: StoredState): Promise<void> {
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(async () => {
        this.#current = this.#next ?? Promise.resolve();
        this.#next = null;
        await writeAtomically(this.#statePath, JSON.stringify(state));
      });
    await this.#next;
  }

  async putWallpaper(wallpaperId: string, bytes: Uint8Array): Promise<void> {
    await writeAtomically(this.#wallpaperPath(wallpaperId), bytes);
  }

  /** Null when it has been removed. */
  async readWallpaper(wallpaperId: string): Promise<Buffer<ArrayBuffer> | null> {
    return readFile(this.#wallpaperPath(wallpaperId)).catch(ignoreAbsent);
  }

  async removeWallpaper(wallpaperId: string): Promise<void> {
    await rm(this.#wallpaperPath(wallpaperId), { force: true });
  }

  /** Removes what an end at a bad moment has left: every file but those of these wallpapers. */
  async sweep(wanted: ReadonlySet<string>): Promise<void> {
    const folder = join(this.#folder, 'wallpapers');
    for (const name of await readdir(folder)) if (!wanted.has(name)) await rm(join(folder, name), { force: true });
  }

  get #statePath(): string {
    return join(this.#folder, 'state.json');
  }

  #wallpaperPath(wallpaperId: string): string {
    if (!WALLPAPER_ID.test(wallpaperId)) throw new TypeError('A wallpaper has an id such as obj_1a2b.');
    return join(this.#folder, 'wallpapers', wallpaperId);
  }
}

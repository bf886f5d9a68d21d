import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { BacklotError, toError } from '../errors.js';
import { ImageChild, type ImageChildOptions } from './image-child.js';
import type { ImageFacts, MadeOutput, PrepareOutput } from './messages.js';

export interface ImagePoolOptions {
  /** Folder for the children's outputs; emptied at start. Best on the disk of the blobs. */
  readonly folder: string;
  /** Folders with the images, which children read. */
  readonly readableFolders: readonly string[];
  readonly log: Logger;
  /** Children at most; one stays warm. Default: 2. */
  readonly maxChildren?: number;
  /** Jobs that wait at most before callers are told to come back. Default: 16. */
  readonly maxQueued?: number;
  /** Largest width × height that is decoded. */
  readonly maxPixels: number;
  /** Time of one decoder run. Default: 5 s. */
  readonly timeoutSeconds?: number;
  /** Time after which a child that doesn't answer is killed. Default: 2 s more than the decoder has. */
  readonly deadlineMs?: number;
  /** Jobs after which a child is replaced. Default: 100. */
  readonly jobsPerChild?: number;
  /** Time after which a second child without work ends. Default: 60 s. */
  readonly idleMs?: number;
  /** Cap on a child's address space. Default: 3 GiB. */
  readonly maxMemoryKiB?: number;
  /** Size of a child in memory beyond which it is replaced. Default: 1 GiB. */
  readonly maxIdleBytes?: number;
}

/** One image to decode and the pictures to make of it. */
export interface ImageJob {
  /** Hash of the file: one that has killed two children is not tried again. */
  readonly sha256: string;
  /** The file's path in a readable folder, or its bytes. */
  readonly file: string | Uint8Array;
  /** Without any the image is only decoded, whole. */
  readonly outputs: readonly PrepareOutput[];
  /** `all`: every frame is decoded too, and all of them count against the limit on pixels. Default: `first`. */
  readonly frames?: 'first' | 'all';
}

export interface MadePicture extends MadeOutput {
  readonly bytes: Uint8Array;
}

export interface PreparedImage {
  readonly image: ImageFacts;
  /** In the order of the job's outputs. */
  readonly pictures: readonly MadePicture[];
}

interface Worker {
  readonly child: ImageChild;
  jobs: number;
  busy: boolean;
  idleTimer: NodeJS.Timeout | null;
}

interface Waiting {
  readonly take: (worker: Worker) => void;
  readonly refuse: (error: Error) => void;
}

const MAX_PICTURE_BYTES = 64 * 1024 * 1024;
const KILLS_TO_REFUSE = 2;
const MAX_REMEMBERED_KILLERS = 1000;

/** Reads what a child wrote. The child is not trusted: not with the size, and not to leave a plain file. */
const readPicture = async (path: string): Promise<Uint8Array> => {
  await using handle = await open(path, 'r');
  const status = await handle.stat();
  if (!status.isFile() || status.size > MAX_PICTURE_BYTES) throw new Error(`a picture of ${status.size} bytes is no picture`);
  return await handle.readFile();
};

/** Decodes images in child processes, one image a child. */
export class ImagePool implements AsyncDisposable {
  readonly #options: Required<ImagePoolOptions>;
  readonly #workers = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  /** Children that a file has cost, by the file's hash; the oldest are forgotten. */
  readonly #kills = new Map<string, number>();
  #nextJob = 1;
  #closed = false;

  private constructor(options: ImagePoolOptions) {
    const timeoutSeconds = options.timeoutSeconds ?? 5;
    this.#options = {
      maxChildren: 2,
      maxQueued: 16,
      timeoutSeconds,
      deadlineMs: timeoutSeconds * 1000 + 2000,
      jobsPerChild: 100,
      idleMs: 60_000,
      maxMemoryKiB: 3 * 1024 * 1024,
      maxIdleBytes: 1024 ** 3,
      ...options,
    };
  }

  /** Empties the folder and starts the first child, without waiting for it. */
  static async start(options: ImagePoolOptions): Promise<ImagePool> {
    await rm(options.folder, { recursive: true, force: true });
    await mkdir(options.folder, { recursive: true });
    const pool = new ImagePool(options);
    pool.#spawn();
    return pool;
  }

  /** Process ids of the children that are alive. */
  get pids(): number[] {
    return [...this.#workers].flatMap(({ child }) => child.pid ?? []);
  }

  /**
   * Decodes an image and makes pictures of it. Throws `image_unsupported_type`, `image_too_many_pixels`,
   * `image_undecodable`, `image_service_busy` when the queue is full, and `image_service_failed` when the child
   * crashed or took too long. When `signal` aborts, the job is given up.
   */
  async prepare(job: ImageJob, signal?: AbortSignal): Promise<PreparedImage> {
    if ((this.#kills.get(job.sha256) ?? 0) >= KILLS_TO_REFUSE) throw new BacklotError('image_undecodable');
    const worker = await this.#acquire(signal);
    let outputFolder: string | null = null;
    try {
      // On some disks a folder takes longer than the image.
      if (job.outputs.length > 0) outputFolder = await mkdtemp(join(this.#options.folder, 'job-'));
      return await this.#run(worker, job, outputFolder ?? '', signal);
    } finally {
      this.#release(worker);
      if (outputFolder !== null) await rm(outputFolder, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(new BacklotError('shutting_down'));
    const workers = [...this.#workers];
    for (const worker of workers) this.#retire(worker);
    await Promise.all(workers.map(({ child }) => child.exited));
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  async #run(worker: Worker, job: ImageJob, outputFolder: string, signal: AbortSignal | undefined): Promise<PreparedImage> {
    const { deadlineMs, timeoutSeconds, maxPixels, maxIdleBytes, log } = this.#options;
    const number = this.#nextJob++;
    worker.jobs++;
    const end = new AbortController();
    const giveUp = () => end.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    let deadline: NodeJS.Timeout | undefined;
    let reply: Awaited<ReturnType<ImageChild['prepare']>>;
    try {
      // A child that is still starting doesn't use up the image's time.
      await worker.child.ready;
      signal?.throwIfAborted();
      deadline = setTimeout(() => end.abort(new Error(`no answer after ${deadlineMs} ms`)), deadlineMs);
      reply = await worker.child.prepare(
        job.file,
        { type: 'prepare', job: number, outputFolder, outputs: [...job.outputs], frames: job.frames ?? 'first', maxPixels, timeoutSeconds },
        end.signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#closed) throw new BacklotError('shutting_down', { cause: error });
      this.#blame(job.sha256);
      log.error({ err: error, sha256: job.sha256 }, 'an image child failed');
      throw new BacklotError('image_service_failed', { cause: error });
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', giveUp);
    }
    if (reply.spent || reply.rssBytes > maxIdleBytes) worker.jobs = Infinity;
    if (reply.type === 'refused') {
      log.info({ code: reply.code, reason: reply.reason, sha256: job.sha256 }, 'an image was refused');
      if (reply.code === 'image_service_failed') this.#blame(job.sha256);
      throw new BacklotError(reply.code, { cause: new Error(reply.reason) });
    }
    const pictures = await Promise.all(
      reply.outputs.map(async (output, index) => ({ ...output, bytes: await readPicture(join(outputFolder, String(index))) })),
    );
    return { image: reply.image, pictures };
  }

  #blame(sha256: string): void {
    const kills = (this.#kills.get(sha256) ?? 0) + 1;
    this.#kills.delete(sha256);
    this.#kills.set(sha256, kills);
    if (this.#kills.size > MAX_REMEMBERED_KILLERS) {
      const [oldest] = this.#kills.keys();
      if (oldest !== undefined) this.#kills.delete(oldest);
    }
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Worker> {
    signal?.throwIfAborted();
    if (this.#closed) throw new BacklotError('shutting_down');
    const idle = [...this.#workers].find((worker) => !worker.busy && !worker.child.gone);
    const worker = idle ?? (this.#workers.size < this.#options.maxChildren ? this.#spawn() : null);
    if (worker !== null) return this.#occupy(worker);
    if (this.#waiting.length >= this.#options.maxQueued) throw new BacklotError('image_service_busy', { retryAfterSeconds: 2 });
    return new Promise<Worker>((resolve, reject) => {
      const leave = () => {
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(toError(signal?.reason));
      };
      const waiting: Waiting = {
        take: (free) => {
          signal?.removeEventListener('abort', leave);
          resolve(this.#occupy(free));
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', leave);
          reject(error);
        },
      };
      this.#waiting.push(waiting);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #occupy(worker: Worker): Worker {
    if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
    worker.idleTimer = null;
    worker.busy = true;
    return worker;
  }

  #release(worker: Worker): void {
    worker.busy = false;
    if (worker.child.gone || worker.jobs >= this.#options.jobsPerChild) this.#retire(worker);
    this.#serve();
  }

  /** Gives free children to those who wait, and keeps one warm. */
  #serve(): void {
    if (this.#closed) return;
    for (;;) {
      const free = [...this.#workers].find((worker) => !worker.busy && !worker.child.gone);
      const needed = free === undefined && this.#workers.size < this.#options.maxChildren && (this.#waiting.length > 0 || this.#workers.size === 0);
      const worker = free ?? (needed ? this.#spawn() : undefined);
      if (worker === undefined) return;
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#rest(worker);
        return;
      }
      next.take(worker);
    }
  }

  /** Ends a child that has nothing to do after a while, unless it is the last. */
  #rest(worker: Worker): void {
    worker.idleTimer ??= setTimeout(() => {
      worker.idleTimer = null;
      if (!worker.busy && this.#workers.size > 1) this.#retire(worker);
    }, this.#options.idleMs);
    worker.idleTimer.unref();
  }

  #retire(worker: Worker): void {
    this.#workers.delete(worker);
    if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
    worker.child.kill();
  }

  #spawn(): Worker {
    const { folder, readableFolders, maxMemoryKiB, log } = this.#options;
    const options: ImageChildOptions = { readableFolders, writableFolder: folder, maxMemoryKiB };
    const worker: Worker = { child: new ImageChild(options), jobs: 0, busy: false, idleTimer: null };
    this.#workers.add(worker);
    let started = false;
    worker.child.ready.then(
      () => {
        started = true;
      },
      (error: unknown) => {
        if (!this.#closed) log.error({ err: error }, 'an image child did not start');
      },
    );
    void worker.child.exited.then(() => {
      // A busy child is released by its job. One that never started is only replaced when there is work, lest it loops.
      if (!this.#workers.has(worker) || worker.busy) return;
      this.#retire(worker);
      if (started) this.#serve();
    });
    return worker;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toError } from '../errors.js';
import { type ChildReply, childReply, type PrepareCommand } from './messages.js';

/** How an image child is started. */
export interface ImageChildOptions {
  /** Folders with images to read. */
  readonly readableFolders: readonly string[];
  /** Folder that the child may write to. */
  readonly writableFolder: string;
  /** Cap on the child's address space in kibibytes; Linux only. */
  readonly maxMemoryKiB: number;
}

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
/** The built child, seen from `src` and `dist` alike. */
const ENTRY = join(PACKAGE, 'dist/images/child/child.js');
const ERROR_TAIL_CHARACTERS = 4000;
/** 1 GiB in pages of 64 KiB; a HEIC of 50 million pixels takes half of it. */
const MAX_WASM_PAGES = 16_384;
const START_TIMEOUT_MS = 20_000;

/** The `node_modules` folders that hold what the child imports. */
const moduleFolders = (): string[] => {
  const require = createRequire(import.meta.url);
  const folders = ['sharp', 'libheif-js/wasm-bundle', 'zod'].map((name) => {
    const path = require.resolve(name);
    return path.slice(0, path.indexOf(`${sep}node_modules${sep}`) + `${sep}node_modules`.length);
  });
  return [...new Set(folders)];
};

const nodeFlags = (options: ImageChildOptions): string[] => {
  const major = Number(process.versions.node.split('.')[0]);
  // The package's own `package.json` says that its files are modules.
  const read = [...moduleFolders(), PACKAGE, ...options.readableFolders, options.writableFolder];
  return [
    major >= 22 ? '--permission' : '--experimental-permission',
    '--no-warnings',
    // Else WebAssembly reserves 8 GiB of addresses for each memory, which the cap on them forbids.
    '--disable-wasm-trap-handler',
    `--wasm-max-mem-pages=${MAX_WASM_PAGES}`,
    '--allow-addons',
    ...read.map((folder) => `--allow-fs-read=${join(folder, '*')}`),
    `--allow-fs-write=${join(options.writableFolder, '*')}`,
  ];
};

/**
 * One child process that decodes images. It has no environment, may read the images and write its folder, has a cap
 * on memory, and is the kernel's first choice when memory is short. Native decoders are not held by Node's
 * permissions, so these are a second fence; the first is that a crash or a hang costs one job.
 */
export class ImageChild {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #errorTail = '';
  #reply: { readonly resolve: (reply: ChildReply) => void; readonly reject: (error: Error) => void } | null = null;
  #gone = false;
  /** Settles once the child can take a job. Rejects when it did not start. */
  readonly ready: Promise<void>;

  constructor(options: ImageChildOptions) {
    const node = [process.execPath, '--max-old-space-size=256', ...nodeFlags(options), ENTRY];
    const command = process.platform === 'linux' ? ['/bin/sh', '-c', `ulimit -v ${options.maxMemoryKiB} && ulimit -c 0 && exec "$0" "$@"`, ...node] : node;
    const [file = process.execPath, ...args] = command;
    this.#process = spawn(file, args, { env: {}, stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    this.#process.stdin?.on('error', (error) => this.#fail(error));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#errorTail = (this.#errorTail + text).slice(-ERROR_TAIL_CHARACTERS);
      });
    }
    this.#process.on('message', (message) => this.#receive(message));
    this.#process.on('error', (error) => this.#fail(error));
    this.#exited = once(this.#process, 'close').then(
      ([code, signal]: unknown[]) => this.#fail(new Error(`the image child ended (${String(signal ?? code)}): ${this.#errorTail.trim()}`)),
      (error: unknown) => this.#fail(toError(error)),
    );
    const { pid } = this.#process;
    if (process.platform === 'linux' && pid !== undefined) {
      // Best effort: without /proc the kernel chooses by size.
      writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined);
    }
    const start = AbortSignal.timeout(START_TIMEOUT_MS);
    this.ready = this.#nextReply(start).then((reply) => {
      if (reply.type !== 'ready') throw new Error(`the image child said ${reply.type} instead of ready`);
    });
    this.ready.catch(() => this.kill());
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether it has ended, or is about to. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Settles when the process has ended. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /**
   * Gives the child an image, by its path or its bytes, and waits for its verdict. Rejects when the child ends or `signal`
   * aborts: then it is killed.
   */
  async prepare(file: string | Uint8Array, command: Omit<PrepareCommand, 'file'>, signal: AbortSignal): Promise<Exclude<ChildReply, { type: 'ready' }>> {
    await this.ready;
    const waiting = this.#nextReply(signal);
    const message: PrepareCommand = { ...command, file: typeof file === 'string' ? file : file.byteLength };
    this.#process.send(message, (error) => {
      if (error !== null) this.#fail(error);
    });
    if (typeof file !== 'string') this.#process.stdin?.write(file);
    const reply = await waiting;
    if (reply.type === 'ready' || reply.job !== command.job) {
      this.kill();
      throw new Error(`the image child answered out of turn (${reply.type})`);
    }
    return reply;
  }

  /** Ends the process at once. */
  kill(): void {
    this.#gone = true;
    this.#process.kill('SIGKILL');
  }

  async #nextReply(signal: AbortSignal): Promise<ChildReply> {
    const onAbort = () => {
      this.#reply?.reject(toError(signal.reason));
      this.kill();
    };
    try {
      return await new Promise<ChildReply>((resolve, reject) => {
        this.#reply = { resolve, reject };
        if (this.#gone) reject(new Error('the image child has ended'));
        else if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#reply = null;
    }
  }

  #receive(message: unknown): void {
    const parsed = childReply.safeParse(message);
    if (!parsed.success || this.#reply === null) {
      this.#fail(new Error('the image child sent what it must not send', { cause: parsed.error }));
      this.kill();
      return;
    }
    this.#reply.resolve(parsed.data);
  }

  #fail(error: Error): void {
    this.#gone = true;
    this.#reply?.reject(error);
  }
}

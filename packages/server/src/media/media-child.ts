import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type MediaCommand, type MediaReply, mediaReply } from './messages.js';

/** The built child, seen from `src` and `dist` alike. */
const ENTRY = fileURLToPath(new URL('../../dist/media/child.js', import.meta.url));
const STDERR_TAIL = 4000;

export interface MediaChildObserver {
  reply(message: MediaReply): void;
  /** The process has ended, asked or not. Told once, last. */
  exited(): void;
}

/** The parent's end of a media child: starts the process, checks what it says, keeps the tail of its standard error. */
export class MediaChild {
  readonly #process: ChildProcess;
  readonly #log: Logger;
  #stderr = '';
  #gone = false;
  #isReady = false;
  #observer: MediaChildObserver | null = null;
  #settleReady: (ready: boolean) => void = () => undefined;
  /** Whether it came to load everything; settles, never rejects. */
  readonly ready: Promise<boolean>;
  /** Settles when the process has ended. */
  readonly exited: Promise<void>;

  constructor(log: Logger) {
    this.ready = new Promise((resolve) => {
      this.#settleReady = resolve;
    });
    this.#process = spawn(process.execPath, ['--max-old-space-size=512', ENTRY], {
      // Nothing of the server's environment, in which there are secrets.
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Images go to the child as bytes.
      serialization: 'advanced',
    });
    const { pid } = this.#process;
    this.#log = log.child({ mediaPid: pid });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.#process.on('message', (message) => this.#receive(message));
    this.#process.on('error', (error) => this.#log.error({ err: error }, 'media child did not start'));
    this.exited = new Promise((resolve) => {
      const end = (): void => {
        if (this.#gone) return;
        this.#gone = true;
        this.#settleReady(false);
        const { exitCode, signalCode } = this.#process;
        const facts = { exitCode, signal: signalCode, stderr: this.#stderr.trim() };
        if (exitCode === 0 || signalCode === 'SIGKILL') this.#log.debug(facts, 'media child ended');
        else this.#log.warn(facts, 'media child ended unexpectedly');
        this.#observer?.exited();
        resolve();
      };
      this.#process.once('close', end);
      this.#process.once('error', () => {
        if (this.#process.pid === undefined) end();
      });
    });
    if (process.platform === 'linux' && pid !== undefined) {
      // When memory is short, the kernel takes a session and not the server. Best effort.
      writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined);
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }
  get gone(): boolean {
    return this.#gone;
  }
  /** Whether it ever came to load everything. */
  get wasReady(): boolean {
    return this.#isReady;
  }
  get isReady(): boolean {
    return this.#isReady && !this.#gone;
  }

  /** Who hears from it from now on. */
  observe(observer: MediaChildObserver): void {
    this.#observer = observer;
  }

  send(command: MediaCommand): void {
    if (this.#gone || !this.#process.connected) return;
    // A failed delivery means that the process is ending; its end is told by itself.
    this.#process.send(command, () => undefined);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #receive(message: unknown): void {
    const parsed = mediaReply.safeParse(message);
    if (!parsed.success) {
      this.#log.error({ err: parsed.error }, 'media child sent what it must not send');
      this.kill();
    } else if (parsed.data.type === 'ready') {
      this.#isReady = true;
      this.#settleReady(true);
    } else {
      this.#observer?.reply(parsed.data);
    }
  }
}

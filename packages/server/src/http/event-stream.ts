import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** A comment goes out this often, so that proxies and clients can tell a quiet stream from a dead one. */
const HEARTBEAT_MS = 15_000;
/** A client that falls behind by so many bytes is cut off; it comes back and gets the state as it is. */
const MAX_BACKLOG_BYTES = 256 * 1024;

/** Where a subscription puts its events. */
export interface EventSink {
  send(event: string, data: unknown): void;
  /** Ends the stream after what was sent. */
  end(): void;
}

/** Keeps the server's open event streams, so that shutdown can end them: they never end by themselves. */
export class EventStreams {
  readonly #open = new Set<() => void>();
  #isClosed = false;

  get size(): number {
    return this.#open.size;
  }

  /**
   * Answers with server-sent events (HTML §9.2).
   *
   * @param subscribe starts sending and resolves to how to stop
   */
  async respond(context: Context, subscribe: (sink: EventSink) => Promise<() => void>): Promise<Response> {
    const encoder = new TextEncoder();
    let stop: (() => void) | undefined;
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let ended = false;
    const finish = (): void => {
      ended = true;
      clearInterval(heartbeat);
      this.#open.delete(close);
      stop?.();
    };
    const close = (): void => {
      if (ended) return;
      finish();
      controller?.close();
    };
    const write = (text: string): void => {
      if (ended || controller === undefined) return;
      controller.enqueue(encoder.encode(text));
      if ((controller.desiredSize ?? 0) >= -MAX_BACKLOG_BYTES) return;
      finish();
      // An end would wait, with all that has piled up, until the client reads it, which may be never.
      const outgoing = (context.env as Partial<HttpBindings> | undefined)?.outgoing;
      if (outgoing === undefined) controller.close();
      else outgoing.destroy();
    };
    const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (started) => {
          controller = started;
        },
        cancel: () => {
          controller = undefined;
          close();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
    this.#open.add(close);
    write('retry: 1000\n\n');
    try {
      stop = await subscribe({ send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`), end: close });
    } catch (error) {
      close();
      throw error;
    }
    // It may have ended, or its client left, while the subscription was made.
    if (ended) stop();
    else if (this.#isClosed) close();
    return context.body(stream, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
  }

  /** Ends every stream, and from now on each new one after its first events. */
  closeAll(): void {
    this.#isClosed = true;
    for (const close of this.#open) close();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Picture } from '../../compositor/picture.js';
import { MediaFailure } from '../../failure.js';
import type { StreamSource } from '../../source.js';
import { connected, deleteResource, OfferRefused, postOffer } from '../../webrtc-endpoint.js';
import type { RemoteTrack, Wrtc, WrtcAudioSink, WrtcVideoSink } from '../../wrtc.js';
import { SoundQueue } from './sound-queue.js';

const OPEN_TIMEOUT_MS = 10_000;
/** Pauses before another try; after the last one the source gives up. */
const BACKOFF_MS = [100, 300, 1000, 3000];

export interface WhepSourceOptions {
  readonly wrtc: Wrtc;
  /** A WHEP endpoint with its Bearer token. */
  readonly url: string;
  readonly token: string;
  /** Called once, when the stream was lost and can't be had again; the last picture stands from then on. */
  readonly onFailed: (failure: MediaFailure) => void;
  readonly signal: AbortSignal;
}

/** A stranger's stream, watched by WHEP: its newest picture, and its sound with next to no delay. */
export class WhepSource implements StreamSource {
  readonly #options: WhepSourceOptions;
  readonly #abort = new AbortController();
  readonly #sound = new SoundQueue();
  readonly #running: Promise<void>;
  #picture: Picture | null = null;
  #opened: () => void = () => undefined;

  private constructor(options: WhepSourceOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Connects, and resolves when the first picture is there. Throws `MediaFailure`. */
  static async open(options: WhepSourceOptions): Promise<WhepSource> {
    options.signal.throwIfAborted();
    let fail: (failure: MediaFailure) => void = () => undefined;
    const failed = new Promise<MediaFailure>((resolve) => (fail = resolve));
    let isOpen = false;
    const source = new WhepSource({ ...options, onFailed: (failure) => (isOpen ? options.onFailed(failure) : fail(failure)) });
    const opened = new Promise<null>((resolve) => (source.#opened = () => resolve(null)));
    const limit = AbortSignal.any([options.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]);
    const late = new Promise<MediaFailure>((resolve) =>
      limit.addEventListener('abort', () => resolve(new MediaFailure('avatar_failed', "No picture came from the avatar's publisher.")), { once: true }),
    );
    const failure = await Promise.race([opened, failed, late]);
    isOpen = true;
    if (failure === null) return source;
    await source[Symbol.asyncDispose]();
    throw failure;
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  readAudio(into: Int16Array): void {
    this.#sound.read(into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#watch();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        const pauseMs = BACKOFF_MS[failures++];
        if (error instanceof OfferRefused || pauseMs === undefined) {
          this.#options.onFailed(new MediaFailure('avatar_failed', "The avatar's stream could not be received.", error));
          return;
        }
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** One connection, from its offer until the other side is gone. */
  async #watch(): Promise<void> {
    const { wrtc, url, token } = this.#options;
    const { signal } = this.#abort;
    const connection = new wrtc.RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [] });
    const sinks: (WrtcVideoSink | WrtcAudioSink)[] = [];
    let resource: string | null = null;
    try {
      connection.ontrack = ({ track }) => sinks.push(track.kind === 'video' ? this.#look(track) : this.#listen(track));
      connection.addTransceiver('video', { direction: 'recvonly' });
      connection.addTransceiver('audio', { direction: 'recvonly' });
      const offer = await connection.createOffer();
      await connection.setLocalDescription(offer);
      const answer = await postOffer({ url, token, signal }, offer.sdp);
      resource = answer.resource;
      await connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
      await connected(connection, signal);
      await new Promise<void>((resolve) => {
        const check = (): void => {
          if (connection.connectionState !== 'connected') resolve();
        };
        connection.onconnectionstatechange = check;
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
        check();
      });
    } finally {
      for (const sink of sinks) sink.stop();
      connection.ontrack = null;
      connection.onconnectionstatechange = null;
      await deleteResource(resource, token);
      connection.close();
    }
  }

  #look(track: RemoteTrack): WrtcVideoSink {
    const sink = new this.#options.wrtc.nonstandard.RTCVideoSink(track);
    sink.onframe = ({ frame: { data, width, height } }) => {
      // Only the newest one counts: whatever nobody has asked for in time is dropped.
      this.#picture = { data, width, height };
      this.#opened();
    };
    return sink;
  }

  #listen(track: RemoteTrack): WrtcAudioSink {
    const sink = new this.#options.wrtc.nonstandard.RTCAudioSink(track);
    sink.ondata = ({ samples, channelCount = 1 }) => this.#sound.write(samples, channelCount);
    return sink;
  }
}

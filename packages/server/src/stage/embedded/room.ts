import type { Logger } from 'pino';
import { BacklotError } from '../../errors.js';
import type { Room, RoomObserver, VideoCodec } from '../port.js';
import type { Connection, MediaAddress } from './connection.js';
import type { StageLimits } from './limits.js';
import { OutgoingStream } from './outgoing-stream.js';
import { CLOCK_HZ, Publisher, type StreamKind } from './publisher.js';
import { ResendBuffer } from './resend-buffer.js';
import { readMarker, readSequence } from './rtp.js';
import { askForReferenceTime, type ReducedOffer, reduceOffer } from './sdp.js';
import { Viewer } from './viewer.js';

/** What the stage carries. */
const CODECS: readonly VideoCodec[] = ['VP8', 'H264'];
/** Video packets kept to be sent again: about a second and a half. */
const RESEND_PACKETS = 512;
/** When a packet that was sent again is sent once more, in milliseconds. */
const RESEND_TWICE_MS = 15;
/** When the last packet of a picture is sent once more to a viewer that loses packets, in milliseconds. */
const REPEAT_END_MS = 10;
/** Packets that wait to be sent again, over all viewers: more than a burst of honest losses, less than a flood. */
const MAX_RESENDING = 1024;

/** Who a connection belongs to. */
export type ConnectionRole = 'viewer' | 'publisher';

/** What a peer gets for its offer. */
export interface Connected {
  readonly connectionId: string;
  /** Quoted, as it goes into the header. */
  readonly etag: string;
  readonly answerSdp: string;
}

export interface EmbeddedRoomOptions {
  readonly sessionId: string;
  readonly observer: RoomObserver;
  /** What its publisher may send. */
  readonly publisherCodecs: readonly VideoCodec[];
  /** Whether only a compositor publishes into it. */
  readonly isComposed: boolean;
  readonly address: MediaAddress;
  readonly limits: StageLimits;
  readonly log: Logger;
  /** Called once, when the room is disposed. */
  readonly onDisposed: () => void;
}

/**
 * One session on the embedded stage: passes its publisher's packets on to every viewer as they are. Viewers outlive
 * publishers: when another one takes over with the same codec, they go on without connecting anew.
 */
export class EmbeddedRoom implements Room {
  readonly sessionId: string;
  readonly #options: EmbeddedRoomOptions;
  readonly #streams: Readonly<Record<StreamKind, OutgoingStream>> = { video: new OutgoingStream(CLOCK_HZ.video), audio: new OutgoingStream(CLOCK_HZ.audio) };
  readonly #sent = new ResendBuffer(RESEND_PACKETS);
  readonly #viewers: Viewer[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #abort = new AbortController();
  #publisher: Publisher | null = null;
  #codec: VideoCodec | null = null;
  #lastKeyFrameRequestAtMs = -Infinity;
  #keyFrameTimer: NodeJS.Timeout | undefined;
  /** When media began to flow again after a pause; viewers' silence counts from there. */
  #flowingSinceMs = 0;
  #lastPacketAtMs = -Infinity;
  #resending = 0;

  constructor(options: EmbeddedRoomOptions) {
    this.sessionId = options.sessionId;
    this.#options = options;
  }

  get codec(): VideoCodec | null {
    return this.#codec;
  }

  /** Whether only a compositor publishes into it. */
  get isComposed(): boolean {
    return this.#options.isComposed;
  }

  get viewers(): number {
    return this.#viewers.length;
  }

  /** Takes a publisher's offer. Throws `sdp_invalid`, `no_common_codec`, `render_unsupported`, `publisher_exists` and `session_ended`. */
  async publish(offerSdp: string): Promise<Connected> {
    this.#assertOpen();
    const offer = this.#readPublisherOffer(offerSdp);
    if (this.#publisher !== null) {
      if (!this.#isStalled(this.#publisher)) throw new BacklotError('publisher_exists');
      this.#dropPublisher('lost');
    }
    const publisher: Publisher = new Publisher(offer, this.#options.address, this.#options.limits.publisherBitrateBps, {
      packet: (kind, packet, nowMs) => this.#forward(publisher, kind, packet, nowMs),
      senderReport: (kind, compound, offset) => this.#forwardReport(publisher, kind, compound, offset),
      keyFrameNeeded: () => this.#requestKeyFrame(),
      gone: () => {
        if (this.#publisher === publisher) this.#dropPublisher('lost');
      },
    });
    this.#publisher = publisher;
    for (const stream of Object.values(this.#streams)) stream.changePublisher();
    try {
      return await this.#answer(publisher.connection);
    } catch (error) {
      if (this.#publisher === publisher) this.#dropPublisher('closed');
      throw error;
    }
  }

  /**
   * Takes a viewer's offer; holds it for a while when nobody publishes yet. Throws `sdp_invalid`, `no_common_codec`,
   * `publisher_absent`, `viewers_full` and `session_ended`.
   */
  async watch(offerSdp: string, signal?: AbortSignal): Promise<Connected> {
    this.#assertOpen();
    // What can't be answered at all is told at once, whoever publishes.
    reduceOffer(offerSdp, 'viewer', CODECS);
    if (this.#viewers.length + this.#waiting.size >= this.#options.limits.maxViewers) throw new BacklotError('viewers_full', { retryAfterSeconds: 5 });
    const codec = this.#codec ?? (await this.#waitForPublisher(signal));
    const offer = reduceOffer(offerSdp, 'viewer', [codec]);
    const ssrcs = { video: this.#streams.video.ssrc, audio: this.#streams.audio.ssrc };
    const viewer: Viewer = new Viewer(offer, this.#options.address, ssrcs, {
      keyFrameNeeded: () => this.#requestKeyFrame(),
      missed: (sequence) => this.#resend(viewer, sequence),
      gone: () => this.#dropViewer(viewer),
    });
    this.#viewers.push(viewer);
    this.#tellViewers();
    try {
      const connected = await this.#answer(viewer.connection);
      return { ...connected, answerSdp: askForReferenceTime(connected.answerSdp, offer.video.codec.payloadType) };
    } catch (error) {
      this.#dropViewer(viewer);
      throw error;
    }
  }

  /** Adds trickled candidates. Throws `connection_not_found`, and what `Connection.trickle` throws. */
  trickle(role: ConnectionRole, connectionId: string, fragment: string, ifMatch: string | undefined): void {
    this.#find(role, connectionId).connection.trickle(fragment, ifMatch);
  }

  /** Ends a connection at its peer's wish. Throws `connection_not_found`. */
  disconnect(role: ConnectionRole, connectionId: string): void {
    const peer = this.#find(role, connectionId);
    if (peer instanceof Publisher) this.#dropPublisher('closed');
    else this.#dropViewer(peer);
  }

  /** Sends reports that are due and gives up who is silent: called a few times a second. */
  tick(nowMs: number): void {
    const { limits } = this.#options;
    const publisher = this.#publisher;
    if (publisher !== null) {
      publisher.tick(nowMs);
      const silentMs = nowMs - (publisher.lastPacketAtMs ?? publisher.startedAtMs);
      if (silentMs >= (publisher.lastPacketAtMs === null ? limits.connectMs : limits.lostAfterMs)) this.#dropPublisher('lost');
    }
    const flows = nowMs - this.#lastPacketAtMs < limits.stalledAfterMs;
    for (const viewer of this.#viewers.slice()) {
      const silentMs = nowMs - Math.max(viewer.lastReportAtMs ?? viewer.startedAtMs, this.#flowingSinceMs);
      if (viewer.isOpen ? flows && silentMs >= limits.viewerSilentMs : nowMs - viewer.startedAtMs >= limits.connectMs) this.#dropViewer(viewer);
    }
  }

  /** Its followers hear it from Backlot's own event streams. */
  announce(): void {}

  announceSpeech(): void {}

  async leave(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    clearTimeout(this.#keyFrameTimer);
    this.#publisher?.[Symbol.dispose]();
    this.#publisher = null;
    this.#codec = null;
    for (const viewer of this.#viewers) viewer[Symbol.dispose]();
    this.#viewers.length = 0;
    for (const wake of this.#waiting) wake();
    this.#options.onDisposed();
  }

  #forward(publisher: Publisher, kind: StreamKind, packet: Buffer, nowMs: number): void {
    if (publisher !== this.#publisher) return;
    if (nowMs - this.#lastPacketAtMs >= this.#options.limits.stalledAfterMs) this.#flowingSinceMs = nowMs;
    this.#lastPacketAtMs = nowMs;
    if (kind === 'video' && this.#codec === null) this.#goLive(publisher.codec);
    this.#streams[kind].rewrite(packet, nowMs);
    if (kind === 'video') this.#sent.keep(packet);
    for (const viewer of this.#viewers) viewer.send(kind, packet);
    if (kind === 'video' && readMarker(packet)) this.#repeatEnd(readSequence(packet), nowMs);
  }

  /**
   * Sends the last packet of a picture once more to viewers that lose packets: they notice the loss of another one by
   * the packets that follow at once, but of this one only when the next picture comes.
   */
  #repeatEnd(sequence: number, nowMs: number): void {
    if (!this.#viewers.some((viewer) => viewer.losesPackets(nowMs))) return;
    setTimeout(() => {
      const packet = this.#sent.find(sequence);
      if (packet === null) return;
      for (const viewer of this.#viewers) if (viewer.losesPackets(nowMs)) viewer.send('video', packet);
    }, REPEAT_END_MS).unref();
  }

  /**
   * Sends a packet again, and once more a little later: a browser asks anew only after its round-trip time (100 ms
   * while it doesn't know it), and when that copy is lost, too, the picture stands. What it has already it drops.
   */
  #resend(viewer: Viewer, sequence: number): void {
    const sendAgain = (): void => {
      const packet = this.#sent.find(sequence);
      if (packet !== null) viewer.send('video', packet);
    };
    sendAgain();
    if (this.#resending >= MAX_RESENDING) return;
    this.#resending += 1;
    setTimeout(() => {
      this.#resending -= 1;
      sendAgain();
    }, RESEND_TWICE_MS).unref();
  }

  #forwardReport(publisher: Publisher, kind: StreamKind, compound: Buffer, offset: number): void {
    if (publisher !== this.#publisher) return;
    const report = this.#streams[kind].rewriteReport(compound, offset);
    if (report === null) return;
    for (const viewer of this.#viewers) viewer.sendReport(kind, report);
  }

  #goLive(codec: VideoCodec): void {
    this.#codec = codec;
    // Who decodes another codec has to connect anew.
    for (const viewer of this.#viewers.filter((candidate) => candidate.codec !== codec)) this.#dropViewer(viewer);
    this.#options.observer.publisherLive(codec);
    for (const wake of this.#waiting) wake();
    if (this.#viewers.length > 0) this.#requestKeyFrame();
  }

  #readPublisherOffer(offerSdp: string): ReducedOffer {
    const { publisherCodecs } = this.#options;
    try {
      return reduceOffer(offerSdp, 'publisher', publisherCodecs);
    } catch (error) {
      const isTooFew = error instanceof BacklotError && error.code === 'no_common_codec' && publisherCodecs.length < CODECS.length;
      if (!isTooFew) throw error;
      // It is the composition that can't do with it; without one it would be welcome.
      reduceOffer(offerSdp, 'publisher', CODECS);
      throw new BacklotError('render_unsupported', { message: `This session is composed on the server, which takes ${publisherCodecs.join(' or ')} only.` });
    }
  }

  #isStalled(publisher: Publisher): boolean {
    return publisher.lastPacketAtMs !== null && performance.now() - publisher.lastPacketAtMs >= this.#options.limits.stalledAfterMs;
  }

  /** At most one in `keyFrameEveryMs`, so that a crowd doesn't cause a storm; a request in between is sent at its end. */
  #requestKeyFrame(): void {
    if (this.#keyFrameTimer !== undefined || this.#abort.signal.aborted) return;
    const waitMs = this.#lastKeyFrameRequestAtMs + this.#options.limits.keyFrameEveryMs - performance.now();
    if (waitMs <= 0) {
      this.#lastKeyFrameRequestAtMs = performance.now();
      this.#publisher?.requestKeyFrame();
      return;
    }
    this.#keyFrameTimer = setTimeout(() => {
      this.#keyFrameTimer = undefined;
      this.#requestKeyFrame();
    }, waitMs);
    this.#keyFrameTimer.unref();
  }

  async #waitForPublisher(signal: AbortSignal | undefined): Promise<VideoCodec> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, this.#options.limits.holdOfferMs);
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
      if (signal?.aborted === true) wake();
    });
    this.#assertOpen();
    if (this.#codec === null || signal?.aborted === true) throw new BacklotError('publisher_absent');
    return this.#codec;
  }

  async #answer(connection: Connection): Promise<Connected> {
    const answerSdp = await connection.answer();
    this.#assertOpen();
    return { connectionId: connection.id, etag: connection.etag, answerSdp };
  }

  #find(role: ConnectionRole, connectionId: string): Publisher | Viewer {
    const peer = role === 'publisher' ? this.#publisher : this.#viewers.find((viewer) => viewer.connection.id === connectionId);
    if (peer?.connection.id !== connectionId) throw new BacklotError('connection_not_found');
    return peer;
  }

  #dropPublisher(how: 'closed' | 'lost'): void {
    const wasLive = this.#codec !== null;
    this.#publisher?.[Symbol.dispose]();
    this.#publisher = null;
    this.#codec = null;
    if (wasLive) this.#options.observer.publisherLeft(how);
    this.#options.log.debug({ sessionId: this.sessionId, how, wasLive }, 'publisher connection ended');
  }

  #dropViewer(viewer: Viewer): void {
    viewer[Symbol.dispose]();
    const index = this.#viewers.indexOf(viewer);
    if (index === -1) return;
    this.#viewers.splice(index, 1);
    this.#tellViewers();
  }

  #tellViewers(): void {
    if (!this.#abort.signal.aborted) this.#options.observer.viewersChanged(this.#viewers.length);
  }

  #assertOpen(): void {
    if (this.#abort.signal.aborted) throw new BacklotError('session_ended');
  }
}

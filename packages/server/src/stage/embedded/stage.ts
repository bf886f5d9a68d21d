import datachannel, { type PeerConnection } from 'node-datachannel';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from 'pino';
import type { RoomObserver, RoomSpec, SourceRooms, Stage, VideoCodec } from '../port.js';
import { connectionConfig, type MediaAddress } from './connection.js';
import { DEFAULT_LIMITS, type StageLimits } from './limits.js';
import { type ConnectionRole, EmbeddedRoom, type EmbeddedRoomOptions } from './room.js';

const TICK_MS = 250;
/** What viewers are carried, and what our media children can decode. */
const CARRIED: readonly VideoCodec[] = ['VP8', 'H264'];
const COMPOSABLE: readonly VideoCodec[] = ['VP8'];

export interface EmbeddedStageOptions {
  /** Address to bind the UDP port to; every address by default. */
  readonly host?: string | undefined;
  /** The one UDP port of all media; 0 for any free one. */
  readonly udpPort: number;
  /** Address at which the outside reaches the port, when the machine is behind 1:1 NAT. */
  readonly announcedAddress?: string | undefined;
  readonly limits?: Partial<StageLimits> | undefined;
  readonly log: Logger;
}

/** The stage that runs within Backlot: forwards RTP packets from one publisher to many viewers, over one UDP port. */
export class EmbeddedStage implements Stage {
  readonly kind = 'embedded';
  readonly outlivesBacklot = false;
  readonly udpPort: number;
  readonly #address: MediaAddress;
  readonly #limits: StageLimits;
  readonly #log: Logger;
  readonly #anchor: PeerConnection;
  readonly #rooms = new Map<string, EmbeddedRoom>();
  readonly #sourceRooms = new Map<string, EmbeddedRoom>();
  readonly #timer: NodeJS.Timeout;
  readonly sources: SourceRooms = {
    open: ({ sessionId }, observer) => this.#open(this.#sourceRooms, sessionId, observer, { publisherCodecs: COMPOSABLE, isComposed: false }),
  };

  /** Takes the port that `anchor` holds; use `createEmbeddedStage`. */
  constructor(address: MediaAddress, limits: StageLimits, log: Logger, anchor: PeerConnection) {
    this.udpPort = address.port;
    this.#address = address;
    this.#limits = limits;
    this.#log = log;
    this.#anchor = anchor;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      for (const room of this.#allRooms()) room.tick(nowMs);
    }, TICK_MS);
    this.#timer.unref();
  }

  async openRoom(spec: RoomSpec, observer: RoomObserver): Promise<EmbeddedRoom> {
    return this.resumeRoom(spec, observer);
  }

  resumeRoom({ place: { sessionId }, state: { render } }: RoomSpec, observer: RoomObserver): EmbeddedRoom {
    return this.#open(this.#rooms, sessionId, observer, { publisherCodecs: CARRIED, isComposed: render === 'server' });
  }

  /** Nothing is left of rooms that are closed. */
  clearRooms(): void {}

  /** The open room that somebody gets into, for the stage's own routes: what is composed is published apart from its viewers. */
  roomOf(sessionId: string, role: ConnectionRole): EmbeddedRoom | undefined {
    const room = this.#rooms.get(sessionId);
    return role === 'publisher' && room?.isComposed === true ? this.#sourceRooms.get(sessionId) : room;
  }

  /** The open room that a session's compositor gets into: it watches its publisher, and publishes to its viewers. */
  roomOfCompositor(sessionId: string, role: ConnectionRole): EmbeddedRoom | undefined {
    return (role === 'viewer' ? this.#sourceRooms : this.#rooms).get(sessionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#allRooms().map((room) => room[Symbol.asyncDispose]()));
    this.#anchor.close();
  }

  #allRooms(): EmbeddedRoom[] {
    return [...this.#rooms.values(), ...this.#sourceRooms.values()];
  }

  #open(
    rooms: Map<string, EmbeddedRoom>,
    sessionId: string,
    observer: RoomObserver,
    kind: Pick<EmbeddedRoomOptions, 'publisherCodecs' | 'isComposed'>,
  ): EmbeddedRoom {
    if (rooms.has(sessionId)) throw new TypeError(`The room of ${sessionId} is open already; a session has one.`);
    const room = new EmbeddedRoom({
      sessionId,
      observer,
      ...kind,
      address: this.#address,
      limits: this.#limits,
      log: this.#log,
      onDisposed: () => rooms.delete(sessionId),
    });
    rooms.set(sessionId, room);
    return room;
  }
}

/** Binds and frees a UDP port, and resolves to its number. Rejects when another process has it. */
const probePort = async (port: number, host: string | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type: host !== undefined && isIPv6(host) ? 'udp6' : 'udp4' });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      socket.close();
      const reason = cause.code === 'EADDRINUSE' ? 'another process uses it' : cause.code === 'EACCES' ? 'this user may not' : cause.message;
      reject(new Error(`UDP port ${port}${host === undefined ? '' : ` of ${host}`} can't be opened for media: ${reason}.`, { cause }));
    });
    socket.bind({ port, exclusive: true, ...(host === undefined ? {} : { address: host }) }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });

/**
 * A connection to nobody, which keeps the shared port open while no peer is connected. (`IceUdpMuxListener` would too,
 * but in node-datachannel 0.33.4 stopping one while connections close corrupts memory.)
 */
const holdPort = async (address: MediaAddress): Promise<PeerConnection> => {
  const anchor = new datachannel.PeerConnection('anchor', connectionConfig(address));
  const bound = new Promise<void>((resolve) => {
    anchor.onGatheringStateChange((state) => {
      if (state === 'complete') resolve();
    });
  });
  anchor.createDataChannel('anchor');
  anchor.setLocalDescription('offer');
  await bound;
  return anchor;
};

/** Opens the stage on its UDP port and keeps the port until the stage is disposed. Rejects with a sentence that names the port. */
export const createEmbeddedStage = async (options: EmbeddedStageOptions): Promise<EmbeddedStage> => {
  const host = options.host === '0.0.0.0' || options.host === '::' ? undefined : options.host;
  const port = await probePort(options.udpPort, host);
  const address: MediaAddress = { port, host, announcedAddress: options.announcedAddress };
  return new EmbeddedStage(address, { ...DEFAULT_LIMITS, ...options.limits }, options.log, await holdPort(address));
};

import { type LivekitServer, startLivekit } from '@backlot/testing';
import { LocalVideoTrack, Room, RoomEvent, TrackPublishOptions, TrackSource, VideoBufferType, VideoFrame, VideoSource } from '@livekit/rtc-node';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import type { SessionPlace } from '../port.js';
import { createLivekitAccess } from './access.js';
import { LivekitStage, type LivekitStageOptions } from './stage.js';

const WIDTH = 160;
const HEIGHT = 120;
const FRAME_MS = 50;

/** Who joins a room in a test. */
export interface Guest {
  readonly identity: string;
  readonly kind?: 'agent';
  readonly attributes?: Record<string, string>;
  /** Publishes a grey picture as its camera. */
  readonly publishes?: boolean;
}

/** A participant of a room, and what it has seen: `metadata`, `data`, `disconnected`, in their order. */
export interface JoinedGuest extends AsyncDisposable {
  readonly room: Room;
  readonly seen: { readonly kind: 'metadata' | 'data' | 'disconnected'; readonly text: string }[];
}

/** Joins a room with a token. */
export const joinWith = async (url: string, token: string, publishes = false): Promise<JoinedGuest> => {
  const room = new Room();
  const seen: JoinedGuest['seen'] = [];
  room.on(RoomEvent.RoomMetadataChanged, (metadata) => seen.push({ kind: 'metadata', text: metadata }));
  room.on(RoomEvent.DataReceived, (payload, _from, _kind, topic) => seen.push({ kind: 'data', text: `${topic}:${new TextDecoder().decode(payload)}` }));
  room.on(RoomEvent.Disconnected, () => seen.push({ kind: 'disconnected', text: '' }));
  await room.connect(url, token, { autoSubscribe: false, dynacast: false });
  if (!publishes) return { room, seen, [Symbol.asyncDispose]: async () => room.disconnect() };
  const source = new VideoSource(WIDTH, HEIGHT);
  const track = LocalVideoTrack.createVideoTrack('camera', source);
  const frame = new VideoFrame(new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128), WIDTH, HEIGHT, VideoBufferType.I420);
  const timer = setInterval(() => source.captureFrame(frame), FRAME_MS);
  await room.localParticipant?.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, simulcast: false }));
  return {
    room,
    seen,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await room.disconnect();
      await track.close();
    },
  };
};

/** A way to a LiveKit server, which goes on when the way is cut. */
export interface LivekitWay extends AsyncDisposable {
  readonly url: string;
  readonly cut: () => void;
  readonly mend: () => void;
}

/** Opens it. */
export const openWay = async (livekitUrl: string): Promise<LivekitWay> => {
  const { hostname, port } = new URL(livekitUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy();
    const onward = connect(Number(port), hostname);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => {
        socket.destroy();
        onward.destroy();
        sockets.delete(end);
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `ws://127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      isCut = false;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};

/** A real LiveKit server, with ways to look at it and into it from outside of Backlot. */
export interface LivekitRig extends AsyncDisposable {
  readonly livekit: LivekitServer;
  readonly rooms: RoomServiceClient;
  readonly access: ReturnType<typeof createLivekitAccess>;
  /** A stage of one installation. */
  readonly openStage: (options?: Partial<LivekitStageOptions>) => LivekitStage;
  readonly join: (place: SessionPlace, guest: Guest) => Promise<JoinedGuest>;
  /** Mutes or shows a participant's video. */
  readonly mute: (room: string, identity: string, muted: boolean) => Promise<void>;
}

/** Starts it. */
export const createLivekitRig = async (): Promise<LivekitRig> => {
  const livekit = await startLivekit({ config: { room: { enable_remote_unmute: true } } });
  const rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
  const log = pino({ level: 'silent' });
  return {
    livekit,
    rooms,
    access: createLivekitAccess(livekit),
    openStage: (options = {}) => {
      const { url, apiKey, apiSecret } = livekit;
      return new LivekitStage({ url, apiKey, apiSecret, installationId: 'test', log, ...options });
    },
    join: async ({ room }, { identity, kind, attributes, publishes = false }) => {
      const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity, ...(attributes === undefined ? {} : { attributes }) });
      if (kind !== undefined) token.kind = kind;
      token.addGrant({ roomJoin: true, room: room ?? '' });
      return joinWith(livekit.url, await token.toJwt(), publishes);
    },
    mute: async (room, identity, muted) => {
      const { tracks } = await rooms.getParticipant(room, identity);
      for (const { sid } of tracks) await rooms.mutePublishedTrack(room, identity, sid, muted);
    },
    [Symbol.asyncDispose]: async () => livekit[Symbol.asyncDispose](),
  };
};

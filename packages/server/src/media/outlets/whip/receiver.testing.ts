import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';

/** What a WHIP receiver has seen of one publisher. */
export interface Received {
  /** Packets with a payload, and frames (packets with the marker bit). */
  videoPackets: number;
  videoFrames: number;
  /** RTP time between each frame and the one before, in ticks (90 000 a second). */
  readonly frameTicks: number[];
  videoBytes: number;
  audioPackets: number;
  audioBytes: number;
  /** RTP time of the newest packet, in ticks since the first (48 000 a second). */
  audioTicks: number;
  /** Size in the newest VP8 key frame. */
  keyFrame: { readonly width: number; readonly height: number } | null;
  readonly firstVideoAtMs: number | null;
}

/** A WHIP endpoint for tests: real WebRTC by node-datachannel, counting what arrives. */
export interface WhipReceiver extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly offers: readonly string[];
  /** One for each connection, in their order. */
  readonly received: readonly Readonly<Received>[];
  /** Connections that said goodbye by DELETE. */
  readonly deleted: number;
  /** Answers what comes next with this status instead of an SDP answer; null: back to normal. */
  refuseWith(status: number | null): void;
  /** Drops every connection without a word to the publisher's HTTP side. */
  drop(): void;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
};

/** Starts a receiver on a port of its own. */
export const startWhipReceiver = async (): Promise<WhipReceiver> => {
  const token = 'token-of-the-test';
  const offers: string[] = [];
  const received: (Received & { firstVideoAtMs: number | null })[] = [];
  // Unreferenced connections and tracks are collected, and their media stops.
  const connections = new Map<string, { peer: PeerConnection; tracks: Track[] }>();
  let refusal: number | null = null;
  let deleted = 0;

  const answer = async (offer: string): Promise<string> => {
    const counts: Received & { firstVideoAtMs: number | null } = {
      videoPackets: 0,
      videoFrames: 0,
      frameTicks: [],
      videoBytes: 0,
      audioPackets: 0,
      audioBytes: 0,
      audioTicks: 0,
      keyFrame: null,
      firstVideoAtMs: null,
    };
    const peer = new nodeDataChannel.PeerConnection('whip-receiver', { iceServers: [], disableAutoNegotiation: true });
    const tracks: Track[] = [];
    connections.set(String(received.push(counts) - 1), { peer, tracks });
    let firstTicks: number | null = null;
    let frameAtTicks: number | null = null;
    peer.onTrack((track) => {
      tracks.push(track);
      const isVideo = track.type() === 'video';
      track.onMessage((packet) => {
        const kind = (packet[1] ?? 0) & 0x7f;
        if (packet.length < 12 || (kind >= 64 && kind <= 95)) return;
        const payload = payloadOf(packet);
        if (payload.length === 0) return;
        if (isVideo) {
          counts.firstVideoAtMs ??= performance.now();
          counts.videoPackets++;
          counts.videoBytes += packet.length;
          if (((packet[1] ?? 0) & 0x80) !== 0) {
            counts.videoFrames++;
            const atTicks = packet.readUInt32BE(4);
            if (frameAtTicks !== null) counts.frameTicks.push((atTicks - frameAtTicks) >>> 0);
            frameAtTicks = atTicks;
          }
          counts.keyFrame = keyFrameSize(payload) ?? counts.keyFrame;
        } else {
          counts.audioPackets++;
          counts.audioBytes += payload.length;
          const ticks = packet.readUInt32BE(4);
          firstTicks ??= ticks;
          counts.audioTicks = (ticks - firstTicks) >>> 0;
        }
      });
    });
    const gathered = new Promise<void>((resolve) => peer.onGatheringStateChange((state) => state === 'complete' && resolve()));
    peer.setRemoteDescription(offer, 'offer');
    peer.setLocalDescription('answer');
    await gathered;
    return peer.localDescription()?.sdp ?? '';
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
    } else if (request.method === 'DELETE') {
      deleted++;
      const id = (request.url ?? '').split('/').pop() ?? '';
      connections.get(id)?.peer.close();
      connections.delete(id);
      response.writeHead(200).end();
    } else if (refusal !== null) {
      response.writeHead(refusal).end();
    } else {
      const offer = await readBody(request);
      offers.push(offer);
      const sdp = await answer(offer);
      response.writeHead(201, { 'content-type': 'application/sdp', location: `/whip/${received.length - 1}` }).end(sdp);
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.writeHead(500).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The test server has no port.');

  return {
    url: `http://127.0.0.1:${address.port}/whip`,
    token,
    offers,
    received,
    get deleted() {
      return deleted;
    },
    refuseWith: (status) => {
      refusal = status;
    },
    drop: () => {
      for (const { peer } of connections.values()) peer.close();
      connections.clear();
    },
    [Symbol.asyncDispose]: async () => {
      for (const { peer } of connections.values()) peer.close();
      connections.clear();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

/** RTP payload without header, CSRCs, extension and padding (RFC 3550 §5.1). */
const payloadOf = (packet: Buffer): Buffer => {
  const first = packet[0] ?? 0;
  let start = 12 + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) start += 4 + packet.readUInt16BE(start + 2) * 4;
  const padding = (first & 0x20) === 0 ? 0 : (packet[packet.length - 1] ?? 0);
  return packet.subarray(start, packet.length - padding);
};

/** Width and height when the payload starts a VP8 key frame (RFC 7741 §4.2, RFC 6386 §9.1). */
const keyFrameSize = (payload: Buffer): { width: number; height: number } | null => {
  const first = payload[0] ?? 0;
  // The start of a frame's first partition.
  if ((first & 0x17) !== 0x10) return null;
  let offset = 1;
  if ((first & 0x80) !== 0) {
    const extensions = payload[1] ?? 0;
    offset = 2;
    if ((extensions & 0x80) !== 0) offset += ((payload[offset] ?? 0) & 0x80) === 0 ? 1 : 2;
    if ((extensions & 0x40) !== 0) offset++;
    if ((extensions & 0x30) !== 0) offset++;
  }
  if (payload.length < offset + 10 || ((payload[offset] ?? 0) & 1) !== 0) return null;
  return { width: payload.readUInt16LE(offset + 6) & 0x3fff, height: payload.readUInt16LE(offset + 8) & 0x3fff };
};

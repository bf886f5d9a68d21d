import { createAdaptorServer } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import { randomInt } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import datachannel, { type PeerConnection, type Track } from 'node-datachannel';
import { pino } from 'pino';
import { BacklotError } from '../../errors.js';
import type { AppEnv } from '../../http/context.js';
import { createId } from '../../ids.js';
import type { VideoCodec } from '../port.js';
import { recordRoom, roomSpec } from '../room.testing.js';
import type { StageLimits } from './limits.js';
import type { EmbeddedRoom } from './room.js';
import { registerWebrtcRoutes, type WebrtcRouteOptions } from './routes.js';
import { createReceiverReport } from './rtcp.js';
import { createEmbeddedStage, type EmbeddedStage } from './stage.js';

/** What tests of the stage share: a served stage with one room, and peers that speak synthetic RTP over real WebRTC. */

/** Resolves when `isTrue` holds; rejects at the deadline. */
export const until = async (isTrue: () => boolean | Promise<boolean>, what: string, deadlineMs = 20_000): Promise<void> => {
  const end = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`In ${deadlineMs} ms it did not come to pass: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
};

/** A stage behind a real HTTP server, with one open room. */
export interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly sessionId: string;
  readonly stage: EmbeddedStage;
  readonly room: EmbeddedRoom;
  /** What the room has told its session, such as `live VP8`, `left lost`, `viewers 2`. */
  readonly told: string[];
  /** Posts an SDP offer. */
  readonly post: (kind: 'whip' | 'whep', sdp: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
}

export const createRig = async (limits: Partial<StageLimits> = {}, authorize: WebrtcRouteOptions['authorize'] = async () => 'other'): Promise<Rig> => {
  const stage = await createEmbeddedStage({ udpPort: 0, limits, log: pino({ level: 'silent' }) });
  const app = new OpenAPIHono<AppEnv>();
  app.onError((error, c) => {
    if (!(error instanceof BacklotError)) throw error;
    return c.json(
      { error: { code: error.code, message: error.message } },
      error.facts.status as 400,
      error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) },
    );
  });
  app.get('/', (c) => c.html('<!doctype html><title>test</title>'));
  registerWebrtcRoutes(app, { stage, authorize });
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sessionId = createId('sess');
  const { told, observer } = recordRoom();
  return {
    url,
    sessionId,
    stage,
    room: await stage.openRoom(roomSpec(sessionId), observer),
    told,
    post: async (kind, sdp, headers = {}) =>
      fetch(`${url}/v1/sessions/${sessionId}/${kind}`, { method: 'POST', body: sdp, headers: { 'content-type': 'application/sdp', ...headers } }),
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    },
  };
};

/** Resolves to the complete local description of a peer. */
export const gather = async (peer: PeerConnection): Promise<string> => {
  const done = new Promise<void>((resolve) => {
    peer.onGatheringStateChange((state) => {
      if (state === 'complete') resolve();
    });
  });
  peer.setLocalDescription('offer');
  await done;
  const sdp = peer.localDescription()?.sdp;
  if (sdp === undefined) throw new Error('The peer has no local description.');
  return sdp;
};

const VIDEO_TYPE = 102;
const AUDIO_TYPE = 111;
const H264_PARAMETERS = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

const addVideoCodec = (video: InstanceType<typeof datachannel.Video>, codec: VideoCodec): void => {
  if (codec === 'VP8') video.addVP8Codec(VIDEO_TYPE);
  else video.addH264Codec(VIDEO_TYPE, H264_PARAMETERS);
};

/** Payload that says which packet it is. */
export const SYNTHETIC_PAYLOAD = 1000;

/** A publisher of packets that look like video and audio, and that answers NACKs unless told not to. */
export class SyntheticPublisher implements Disposable {
  readonly peer: PeerConnection;
  readonly ssrc = randomInt(1, 2 ** 31);
  readonly audioSsrc = this.ssrc + 1;
  /** RTCP that the stage has sent. */
  readonly rtcp: Buffer[] = [];
  sequence = randomInt(0, 65_536);
  timestamp = randomInt(0, 2 ** 32);
  sent = 0;
  readonly #video: Track;
  readonly #audio: Track;
  #timer: NodeJS.Timeout | undefined;

  constructor(codec: VideoCodec = 'VP8') {
    this.peer = new datachannel.PeerConnection('publisher', { iceServers: [] });
    const video = new datachannel.Video('0', 'SendOnly');
    addVideoCodec(video, codec);
    video.addSSRC(this.ssrc, 'test', 'test', 'video');
    this.#video = this.peer.addTrack(video);
    const audio = new datachannel.Audio('1', 'SendOnly');
    audio.addOpusCodec(AUDIO_TYPE);
    audio.addSSRC(this.audioSsrc, 'test', 'test', 'audio');
    this.#audio = this.peer.addTrack(audio);
    this.#video.setMediaHandler(new datachannel.RtcpNackResponder(512));
    this.#video.onMessage((packet) => this.rtcp.push(packet));
  }

  /** Publishes into the rig's session and resolves when media can flow. */
  async publish(rig: Rig): Promise<Response> {
    const response = await rig.post('whip', await gather(this.peer));
    if (response.status !== 201) return response;
    this.peer.setRemoteDescription(await response.clone().text(), 'answer');
    await until(() => this.#video.isOpen() && this.#audio.isOpen(), "the publisher's tracks open");
    return response;
  }

  /** Sends `count` video packets and an audio packet every 20 ms. */
  start(count = 5): void {
    this.#timer = setInterval(() => {
      for (let index = 0; index < count; index++) this.send();
      this.sendAudio();
    }, 20);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One video packet whose payload starts with its running number. `extended` gives it a header extension. */
  send(extended = false): void {
    const header = extended ? 20 : 12;
    const packet = Buffer.alloc(header + SYNTHETIC_PAYLOAD);
    packet[0] = extended ? 0x90 : 0x80;
    packet[1] = VIDEO_TYPE | (this.sent % 5 === 4 ? 0x80 : 0);
    packet.writeUInt16BE(this.sequence, 2);
    packet.writeUInt32BE(this.timestamp, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    if (extended) packet.writeUInt32BE(0xbede_0001, 12);
    packet.writeUInt32BE(this.sent, header);
    this.sequence = (this.sequence + 1) & 0xffff;
    if (this.sent % 5 === 4) this.timestamp = (this.timestamp + 1800) >>> 0;
    this.sent += 1;
    if (this.#video.isOpen()) this.#video.sendMessageBinary(packet);
  }

  sendAudio(): void {
    const packet = Buffer.alloc(60);
    packet[0] = 0x80;
    packet[1] = AUDIO_TYPE;
    packet.writeUInt16BE(this.sent & 0xffff, 2);
    packet.writeUInt32BE(this.timestamp, 4);
    packet.writeUInt32BE(this.audioSsrc, 8);
    if (this.#audio.isOpen()) this.#audio.sendMessageBinary(packet);
  }

  sendRaw(packet: Buffer): void {
    if (this.#video.isOpen()) this.#video.sendMessageBinary(packet);
  }

  [Symbol.dispose](): void {
    this.stop();
    this.peer.close();
  }
}

/** A viewer that keeps what it receives. */
export class SyntheticViewer implements Disposable {
  readonly peer: PeerConnection;
  readonly video: Buffer[] = [];
  readonly audio: Buffer[] = [];
  /** Payload type that it wants, unlike the publisher's. */
  readonly payloadType = 98;
  readonly #video: Track;
  readonly #audio: Track;
  #ssrc = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(codec: VideoCodec = 'VP8') {
    this.peer = new datachannel.PeerConnection('viewer', { iceServers: [] });
    const video = new datachannel.Video('v', 'RecvOnly');
    if (codec === 'VP8') video.addVP8Codec(this.payloadType);
    else video.addH264Codec(this.payloadType, H264_PARAMETERS);
    this.#video = this.peer.addTrack(video);
    const audio = new datachannel.Audio('a', 'RecvOnly');
    audio.addOpusCodec(AUDIO_TYPE);
    this.#audio = this.peer.addTrack(audio);
    this.#video.onMessage((packet) => {
      this.video.push(packet);
      this.#ssrc = packet.readUInt32BE(8);
    });
    this.#audio.onMessage((packet) => this.audio.push(packet));
  }

  get isOpen(): boolean {
    return this.#video.isOpen();
  }

  /** Watches the rig's session; sends a receiver report every 200 ms, as browsers do about once a second. */
  async watch(rig: Rig, editAnswer: (sdp: string) => string = (sdp) => sdp): Promise<Response> {
    const response = await rig.post('whep', await gather(this.peer));
    if (response.status !== 201) return response;
    this.peer.setRemoteDescription(editAnswer(await response.clone().text()), 'answer');
    await until(() => this.#video.isOpen(), "the viewer's track opens");
    this.#timer = setInterval(() => {
      const nothing = { fractionLost: 0, lost: 0, highestSequence: 0, jitter: 0, lastReport: 0, sinceLastReport: 0 };
      if (this.#ssrc !== 0) this.sendRtcp(createReceiverReport(1, { mediaSsrc: this.#ssrc, ...nothing }));
    }, 200);
    return response;
  }

  /** Stops its reports, as a peer that has vanished. */
  fallSilent(): void {
    clearInterval(this.#timer);
  }

  /** Asks for a key frame. */
  sendPli(): void {
    const packet = Buffer.from('81ce00020000000100000000', 'hex');
    packet.writeUInt32BE(this.#ssrc, 8);
    this.sendRtcp(packet);
  }

  sendRtcp(packet: Buffer): void {
    if (this.#video.isOpen()) this.#video.sendMessageBinary(packet);
  }

  [Symbol.dispose](): void {
    this.fallSilent();
    this.peer.close();
  }
}

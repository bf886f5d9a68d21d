// One process of the stage's benchmark: `stage`, `publisher <url>` or `viewers <url> <count>`.
import { createAdaptorServer } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import datachannel from 'node-datachannel';
import { pino } from 'pino';
import { createEmbeddedStage, registerWebrtcRoutes } from '../../packages/server/dist/stage/embedded/index.js';

const [role, url, count = '0'] = process.argv.slice(2);
const PATH = '/v1/sessions/sess_bench';

const connect = async (peer, kind) => {
  const gathered = new Promise((resolve) => {
    peer.onGatheringStateChange((state) => {
      if (state === 'complete') resolve(undefined);
    });
  });
  peer.setLocalDescription('offer');
  await gathered;
  const response = await fetch(`${url}${PATH}/${kind}`, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription().sdp });
  if (response.status !== 201) throw new Error(`${kind} answered ${response.status}`);
  peer.setRemoteDescription(await response.text(), 'answer');
};

const opened = async (track) => {
  while (!track.isOpen()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

// Native peers stop when they are collected.
const kept = [];

const runStage = async () => {
  const stage = await createEmbeddedStage({ udpPort: 0, log: pino({ level: 'silent' }) });
  const ignore = () => undefined;
  await stage.openRoom(
    { place: { sessionId: 'sess_bench', room: null, viewerIdentity: null }, avatar: 'invited', state: {} },
    { publisherLive: ignore, publisherPaused: ignore, publisherLeft: ignore, viewersChanged: ignore, over: ignore },
  );
  const app = new OpenAPIHono();
  registerWebrtcRoutes(app, { stage, authorize: async () => undefined });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
};

const runPublisher = async () => {
  const peer = new datachannel.PeerConnection('publisher', { iceServers: [] });
  const video = new datachannel.Video('0', 'SendOnly');
  video.addVP8Codec(96);
  video.addSSRC(1000, 'bench', 'bench', 'video');
  const audio = new datachannel.Audio('1', 'SendOnly');
  audio.addOpusCodec(111);
  audio.addSSRC(2000, 'bench', 'bench', 'audio');
  const [videoTrack, audioTrack] = [peer.addTrack(video), peer.addTrack(audio)];
  kept.push(peer, videoTrack, audioTrack);
  await connect(peer, 'whip');
  await Promise.all([opened(videoTrack), opened(audioTrack)]);
  // Ten packets of 1000 bytes a picture, 30 pictures a second, and 50 audio packets a second, by the clock.
  const packet = Buffer.alloc(1012);
  const startedAtMs = performance.now();
  let pictures = 0;
  let sounds = 0;
  const write = (track, length, second, sequence, timestamp, ssrc) => {
    packet[0] = 0x80;
    packet[1] = second;
    packet.writeUInt16BE(sequence & 0xffff, 2);
    packet.writeUInt32BE(timestamp >>> 0, 4);
    packet.writeUInt32BE(ssrc, 8);
    track.sendMessageBinary(packet.subarray(0, length));
  };
  setInterval(() => {
    const elapsedMs = performance.now() - startedAtMs;
    for (; pictures < (elapsedMs * 30) / 1000; pictures++) {
      for (let index = 0; index < 10; index++) write(videoTrack, 1012, 96 | (index === 9 ? 0x80 : 0), pictures * 10 + index, pictures * 3000, 1000);
    }
    for (; sounds < elapsedMs / 20; sounds++) write(audioTrack, 112, 111, sounds, sounds * 960, 2000);
  }, 5);
  process.send('publishing');
};

const runViewers = async () => {
  let packets = 0;
  for (let index = 0; index < Number(count); index++) {
    const peer = new datachannel.PeerConnection(`viewer${index}`, { iceServers: [] });
    const video = new datachannel.Video('0', 'RecvOnly');
    video.addVP8Codec(96);
    const audio = new datachannel.Audio('1', 'RecvOnly');
    audio.addOpusCodec(111);
    const [videoTrack, audioTrack] = [peer.addTrack(video), peer.addTrack(audio)];
    kept.push(peer, videoTrack, audioTrack);
    const report = Buffer.alloc(32);
    report.writeUInt32BE(0x81c9_0007, 0);
    report.writeUInt32BE(1, 4);
    videoTrack.onMessage((packet) => {
      packets += 1;
      packet.copy(report, 8, 8, 12);
    });
    audioTrack.onMessage(() => {
      packets += 1;
    });
    await connect(peer, 'whep');
    await opened(videoTrack);
    setInterval(() => videoTrack.isOpen() && videoTrack.sendMessageBinary(report), 1000);
  }
  process.on('message', () => process.send(packets));
  process.send('watching');
};

await { stage: runStage, publisher: runPublisher, viewers: runViewers }[role]();

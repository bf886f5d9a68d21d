// A participant of a LiveKit room in a process of its own, for tests and benchmarks: an avatar that publishes a drawn
// person with a frame counter and beeps, or a viewer that tells what it sees and hears. Started by `startPeer`.
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '@livekit/rtc-node';
import { drain } from '../media/sources/livekit/drain.js';
import { BEEP_EVERY, COUNTER_BITS, drawPerson, FPS, type Look, readCounter, sampleAt } from './person.testing.js';

const RATE_HZ = 48_000;
const CHUNK = RATE_HZ / 100;
const BEEP_CHUNKS = 3;

/** What a peer is asked. */
export type PeerCommand =
  | { readonly type: 'size'; readonly width: number; readonly height: number }
  | { readonly type: 'publish' }
  | { readonly type: 'unpublish' }
  | { readonly type: 'report' }
  | { readonly type: 'leave' };

/** A picture that a viewer has seen. Colours are Y, U, V codes; the corner shows the background, the middle the person. */
export interface SeenPicture {
  readonly identity: string;
  readonly counter: number;
  readonly atMs: number;
  readonly width: number;
  readonly height: number;
  readonly corner: Look;
  readonly person: Look;
}

/** The start of a beep. */
export interface HeardBeep {
  readonly identity: string;
  readonly atMs: number;
}

/** What a viewer has seen and heard since it was asked last. */
export interface ViewerReport {
  readonly pictures: readonly SeenPicture[];
  readonly beeps: readonly HeardBeep[];
}

const [, , role, url = '', token = '', firstWidth = '1280', firstHeight = '720'] = process.argv;
const room = new Room();
/** Milliseconds of a clock that all processes of a machine share. */
const now = (): number => performance.timeOrigin + performance.now();
const say = (message: unknown): void => void process.send?.(message);
const leave = async (): Promise<never> => {
  await room.disconnect();
  await dispose();
  process.exit(0);
};
process.on('disconnect', () => process.exit(0));

const beAvatar = async (): Promise<void> => {
  let [width, height] = [Number(firstWidth), Number(firstHeight)];
  let picture = drawPerson(width, height);
  const video = new VideoSource(width, height);
  const audio = new AudioSource(RATE_HZ, 1, 100);
  const originMs = performance.now();
  let counter = 0;
  const show = (): void => {
    counter++;
    picture.count(counter % 2 ** COUNTER_BITS);
    video.captureFrame(new VideoFrame(picture.data, width, height, VideoBufferType.I420));
    setTimeout(show, Math.max(0, originMs + ((counter + 1) * 1000) / FPS - performance.now()));
  };
  const publish = async (): Promise<void> => {
    const videoTrack = LocalVideoTrack.createVideoTrack('avatar', video);
    const audioTrack = LocalAudioTrack.createAudioTrack('avatar-audio', audio);
    const camera = new TrackPublishOptions({
      source: TrackSource.SOURCE_CAMERA,
      simulcast: false,
      videoEncoding: { maxBitrate: 3_000_000n, maxFramerate: FPS },
    });
    await room.localParticipant?.publishTrack(videoTrack, camera);
    await room.localParticipant?.publishTrack(audioTrack, new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }));
  };
  process.on('message', (command: PeerCommand) => {
    if (command.type === 'leave') void leave();
    if (command.type === 'publish') void publish().then(() => say('published'));
    if (command.type === 'unpublish') {
      const sids = [...(room.localParticipant?.trackPublications.keys() ?? [])];
      void Promise.all(sids.map(async (sid) => room.localParticipant?.unpublishTrack(sid))).then(() => say('unpublished'));
    }
    if (command.type === 'size') {
      ({ width, height } = command);
      picture = drawPerson(width, height);
    }
  });
  show();
  await publish();
  say('published');
  let lastBeep = 0;
  for (let chunk = 0; ; chunk++) {
    const samples = new Int16Array(CHUNK);
    const beep = Math.floor(counter / BEEP_EVERY);
    if (beep > lastBeep) {
      // Whole beeps only: their starts are what is measured.
      lastBeep = beep;
      for (let part = 0; part < BEEP_CHUNKS; part++) {
        for (let index = 0; index < CHUNK; index++) samples[index] = 12_000 * Math.sin((2 * Math.PI * 1000 * (index + part * CHUNK)) / RATE_HZ);
        await audio.captureFrame(new AudioFrame(samples.slice(), RATE_HZ, 1, CHUNK));
      }
      continue;
    }
    await audio.captureFrame(new AudioFrame(samples, RATE_HZ, 1, CHUNK));
  }
};

const beViewer = (identities: readonly string[]): void => {
  let pictures: SeenPicture[] = [];
  let beeps: HeardBeep[] = [];
  room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack, publication, participant) => {
    const { identity } = participant;
    if (publication.kind === TrackKind.KIND_VIDEO) {
      drain(new VideoStream(track).getReader(), ({ frame: { data, width, height } }) => {
        const [corner, person] = [sampleAt(data, width, height, 0.06, 0.1), sampleAt(data, width, height, 0.5, 0.9)];
        pictures.push({ identity, counter: readCounter(data, width, height), atMs: now(), width, height, corner, person });
        // One that nobody asks keeps the newest.
        if (pictures.length > 20_000) pictures.shift();
      });
    } else {
      let isQuiet = true;
      drain(new AudioStream(track, RATE_HZ, 1).getReader(), ({ data }) => {
        const isLoud = data.some((sample) => Math.abs(sample) > 3000);
        if (isLoud && isQuiet) beeps.push({ identity, atMs: now() });
        isQuiet = !isLoud;
      });
    }
  });
  const subscribe = (): void => {
    for (const participant of room.remoteParticipants.values()) {
      if (!identities.includes(participant.identity)) continue;
      for (const publication of participant.trackPublications.values()) if (!publication.subscribed) publication.setSubscribed(true);
    }
  };
  for (const event of [RoomEvent.TrackPublished, RoomEvent.ParticipantConnected] as const) room.on(event, subscribe);
  process.on('message', (command: PeerCommand) => {
    if (command.type === 'leave') void leave();
    if (command.type !== 'report') return;
    say({ pictures, beeps } satisfies ViewerReport);
    pictures = [];
    beeps = [];
  });
  subscribe();
};

await room.connect(url, token, { autoSubscribe: false, dynacast: false });
if (role === 'avatar') await beAvatar();
else {
  beViewer((firstWidth === '1280' ? '' : firstWidth).split(','));
  say('joined');
}

import { LocalVideoTrack, Room, TrackPublishOptions, TrackSource, VideoBufferType, VideoFrame, VideoSource } from '@livekit/rtc-node';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WIDTH = 480;
const HEIGHT = 720;
const FPS = 25;
const SECONDS = 3;
const FRAME_BYTES = (WIDTH * HEIGHT * 3) / 2;

/** Joins a LiveKit room and publishes a clip as its camera, over and over, until it is disposed. */
export const publishClip = async (url: string, token: string, path: string): Promise<AsyncDisposable> => {
  const args = ['-nostdin', '-v', 'error', '-i', path, '-t', `${SECONDS}`, '-an', '-r', `${FPS}`, '-vf', `scale=${WIDTH}:${HEIGHT}`];
  const { stdout } = await run('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'], { encoding: 'buffer', maxBuffer: 2 ** 28 });
  // A frame is sent with the whole buffer that it is in.
  const frames = Array.from(
    { length: Math.floor(stdout.length / FRAME_BYTES) },
    (_, index) => new VideoFrame(Uint8Array.from(stdout.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES)), WIDTH, HEIGHT, VideoBufferType.I420),
  );
  const room = new Room();
  await room.connect(url, token, { autoSubscribe: false, dynacast: false });
  const source = new VideoSource(WIDTH, HEIGHT);
  const track = LocalVideoTrack.createVideoTrack('camera', source);
  let count = 0;
  const timer = setInterval(() => {
    const frame = frames[count++ % frames.length];
    if (frame !== undefined) source.captureFrame(frame);
  }, 1000 / FPS);
  await room.localParticipant?.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, simulcast: false }));
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await room.disconnect();
      await track.close();
    },
  };
};

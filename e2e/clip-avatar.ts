import type { LivekitServer } from '@backlot/testing';
import { LocalVideoTrack, Room, TrackPublishOptions, TrackSource, VideoBufferType, VideoFrame, VideoSource } from '@livekit/rtc-node';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AccessToken } from 'livekit-server-sdk';

const FPS = 25;
const FRAMES = 75;

/** An avatar as a vendor's worker publishes it: a participant of the room whose video is a real clip, over and over. */
export const publishClip = async (
  { url, apiKey, apiSecret }: Pick<LivekitServer, 'url' | 'apiKey' | 'apiSecret'>,
  roomName: string,
  identity: string,
  clip: { readonly path: string; readonly width: number; readonly height: number },
): Promise<AsyncDisposable> => {
  const { path, width, height } = clip;
  const frameBytes = (width * height * 3) / 2;
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    [
      '-nostdin',
      '-v',
      'error',
      '-i',
      path,
      '-frames:v',
      String(FRAMES),
      '-vf',
      `fps=${FPS},scale=${width}:${height},format=yuv420p`,
      '-f',
      'rawvideo',
      'pipe:1',
    ],
    { encoding: 'buffer', maxBuffer: FRAMES * frameBytes },
  );
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.addGrant({ roomJoin: true, room: roomName, canPublish: true });
  const room = new Room();
  await room.connect(url, await token.toJwt(), { autoSubscribe: false, dynacast: false });
  const source = new VideoSource(width, height);
  const options = new TrackPublishOptions({
    source: TrackSource.SOURCE_CAMERA,
    simulcast: false,
    videoEncoding: { maxBitrate: 3_000_000n, maxFramerate: FPS },
  });
  await room.localParticipant?.publishTrack(LocalVideoTrack.createVideoTrack('presenter', source), options);
  let index = 0;
  const timer = setInterval(() => {
    const start = (index++ % (stdout.length / frameBytes)) * frameBytes;
    source.captureFrame(new VideoFrame(new Uint8Array(stdout.subarray(start, start + frameBytes)), width, height, VideoBufferType.I420));
  }, 1000 / FPS);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await room.disconnect();
    },
  };
};

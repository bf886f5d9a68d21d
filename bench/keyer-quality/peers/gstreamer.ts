import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clip } from '../clip.js';
import { splitFrames } from '../encode.js';
import type { Keyed } from '../metrics.js';
import { keyColorOf } from './key-color.js';
import { combine, type Peer, type Setting } from './peer.js';

const TIMEOUT_MS = 60_000;
/** A, Y, U, V. */
const AYUV_BYTES = 4;

/** Whether GStreamer's `alpha` and `compositor` are installed. */
export const hasGstreamer = (): boolean =>
  ['alpha', 'compositor'].every((element) => spawnSync('gst-inspect-1.0', ['--exists', element], { stdio: 'ignore' }).status === 0);

/**
 * GStreamer's own elements, `alpha method=custom ! compositor`, as the installed program runs them; the compositor works
 * in AYUV, in which alone it has both alpha and the matrix. Parameters: angle in degrees, noise level.
 */
export const gstreamer: Peer = {
  name: 'GStreamer alpha',
  defaults: [20, 2],
  grid: combine([10, 20, 30, 45], [2, 5, 10]),
  key: (clip, setting) => keyClip(clip, setting),
};

const keyClip = (clip: Clip, [angle = 20, noise = 2]: Setting): readonly Keyed[] => {
  const { layout, behindFrame } = clip;
  const frames = clip.frames.slice(clip.first);
  const { width, height } = behindFrame;
  const folder = mkdtempSync(join(tmpdir(), 'keyer-quality-'));
  try {
    const path = (name: string) => join(folder, name);
    writeFileSync(path('behind'), Buffer.concat(frames.map(() => behindFrame.bytes)));
    writeFileSync(path('front'), Buffer.concat(frames.map((frame) => frame.bytes)));
    const colorimetry = layout.matrix === 'bt601' ? 'bt601' : 'bt709';
    const coding = `format=I420,width=${width},height=${height},framerate=25/1,colorimetry=${colorimetry},chroma-site=${layout.siting === 'left' ? 'mpeg2' : 'jpeg'}`;
    // The parser puts defaults of its own into the caps; they are replaced behind it.
    const source = (name: string) =>
      `filesrc location=${path(name)} ! rawvideoparse format=i420 width=${width} height=${height} framerate=25/1 ! capssetter caps=video/x-raw,${coding}`;
    const [r, g, b] = keyColorOf(clip);
    const key = `alpha method=custom target-r=${r} target-g=${g} target-b=${b} angle=${angle} noise-level=${noise} ! video/x-raw,format=AYUV,colorimetry=${colorimetry}`;
    // AYUV of 720 lines would be taken for BT.709, and converted, if its matrix weren't said.
    const pipeline = [
      `compositor name=over background=black sink_0::zorder=0 sink_1::zorder=1 ! video/x-raw,format=AYUV,colorimetry=${colorimetry} ! videoconvert ! video/x-raw,${coding}`,
      `! filesink location=${path('over')}`,
      `${source('behind')} ! over.sink_0`,
      `${source('front')} ! ${key} ! tee name=keyed`,
      `keyed. ! queue ! over.sink_1`,
      `keyed. ! queue ! filesink location=${path('alpha')}`,
    ].join(' ');
    execFileSync('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { timeout: TIMEOUT_MS });
    const ayuv = readFileSync(path('alpha'));
    const size = width * height;
    return splitFrames(readFileSync(path('over')), width, height)
      .slice(0, frames.length)
      .map((composite, frame) => {
        const alpha = new Uint8Array(size);
        for (let i = 0; i < size; i++) alpha[i] = ayuv[AYUV_BYTES * (frame * size + i)] ?? 0;
        return { alpha, composite };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

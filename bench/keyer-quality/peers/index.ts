import { azure } from './azure.js';
import { ffmpegPeers } from './ffmpeg.js';
import { glChromakey } from './gl-chromakey.js';
import { gstreamer, hasGstreamer } from './gstreamer.js';
import { heygen } from './heygen.js';
import type { Peer } from './peer.js';
import { tavus } from './tavus.js';

/** Everyone whom we are measured against, and who is installed. Says so when GStreamer isn't. */
export const findPeers = (): readonly Peer[] => {
  const isInstalled = hasGstreamer();
  if (!isInstalled) process.stderr.write("MISSING: GStreamer's alpha (`apt-get install gstreamer1.0-tools gstreamer1.0-plugins-good`).\n");
  return [...ffmpegPeers, ...(isInstalled ? [gstreamer] : []), heygen, azure, tavus, glChromakey];
};

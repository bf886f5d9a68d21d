/** What viewers of LiveKit load besides `backlot-player.js`. */
export { LivekitSource } from './livekit-source.js';

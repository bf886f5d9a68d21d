export { BacklotPlayer } from './backlot-player.js';
export { defineBacklotPlayer } from './define.js';
export type { PlayerEvents, PlayerStats, PlayerStatus } from './player.js';
export type { BackgroundState, SessionState, SpeechState } from './session-events.js';

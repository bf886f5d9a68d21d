export * from './backlot.js';
export * from './chromium.js';
export * from './livekit-server.js';
export * from './programs.js';
export * from './shared-data.js';
export { OLDEST_REACT } from './oldest-react.js';

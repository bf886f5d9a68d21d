export { findEspeak, listVoices } from './speech/espeak.js';
export { createStandIn, type StandIn, type StandInOptions } from './stand-in.js';

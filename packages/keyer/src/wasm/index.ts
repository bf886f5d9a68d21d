export { type CopyableFrame, PlaneKeyer, type PlaneKeyerOptions } from './plane-keyer.js';

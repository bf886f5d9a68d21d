export { NotReadyError } from './not-ready-error.js';
export { type CopyableFrame, type PlanarPicture, PlaneKeyer, type PlaneKeyerOptions } from './plane-keyer.js';

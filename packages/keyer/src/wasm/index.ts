export { NotReadyError } from './not-ready-error.js';
export { type Alpha, type CopyableFrame, type InterleavedPicture, type PlanarPicture, PlaneKeyer, type PlaneKeyerOptions } from './plane-keyer.js';

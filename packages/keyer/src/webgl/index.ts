export type { Verdict } from '../screen-model.js';
export type { KeyingParameters } from '../parameters.js';
export { Backdrop, type Background } from './backdrop.js';
export { type Fit, fitRectangle, frameAvatar, type Rectangle } from './framing.js';
export { KeyRenderer, type KeyRendererOptions } from './key-renderer.js';
